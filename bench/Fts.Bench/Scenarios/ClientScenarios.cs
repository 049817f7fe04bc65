using Fts.Bench.Clients;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>What every client does, as a whole program from its start to its end, against a server named here: the fastest of the others at it.</summary>
internal static class ClientScenarios
{
    private const double MiB = 1 << 20;

    private static readonly Figure[] s_bytes = [new("MiB/s", MoreIsBetter: true), new("client's CPU s/GiB")];

    private static readonly Figure[] s_files = [new("files/s", MoreIsBetter: true), new("client's CPU ms/file")];

    private static readonly Figure[] s_runs = [new("ms"), new("client's CPU ms")];

    public static IReadOnlyList<Scenario> All { get; } =
    [
        Of("client-get", "1 GiB from vsftpd", s_bytes, (client, site) => Get(client, site, "vsftpd", overTls: false)),
        Of("client-get-tls", "1 GiB over TLS from Pure-FTPd", s_bytes, (client, site) => Get(client, site, "pure-ftpd", overTls: true)) with { OverTls = true },
        Of("client-start", "one file of 4 KiB from Pure-FTPd", s_runs, (client, site) => Start(client, site, overTls: false)),
        Of("client-start-tls", "the same over TLS", s_runs, (client, site) => Start(client, site, overTls: true)) with { OverTls = true },
        Of("tree-get", "10,000 files of 4 KiB: ours from our server, the others 8 at once from Pure-FTPd", s_files, (client, site) => GetTree(client, site, ServedFolder.Tree, overTls: false)) with { ClosesManyConnections = true, IsWarmedUp = false },
        Of("tree-put", "the same tree stored", s_files, (client, site) => PutTree(client, site, ServedFolder.Tree, overTls: false)) with { ClosesManyConnections = true, IsWarmedUp = false },
        Of("tree-get-tls", "as tree-get, over TLS", s_files, (client, site) => GetTree(client, site, ServedFolder.Tree, overTls: true)) with { OverTls = true, ClosesManyConnections = true, IsWarmedUp = false },
        Of("tree-put-tls", "as tree-put, over TLS", s_files, (client, site) => PutTree(client, site, ServedFolder.Tree, overTls: true)) with { OverTls = true, ClosesManyConnections = true, IsWarmedUp = false },
        OverLink("client-get-50ms", "256 MiB from vsftpd over a round trip of 50 ms, in segments by who can", s_bytes,
            (client, site) => GetQuarter(site, commands => commands.GetInSegments(client, ServedFolder.QuarterFile))),
        OverLink("client-get-50ms-1", "the same over one connection", s_bytes, (client, site) => GetQuarter(site, commands => commands.GetAtOnce(client, ServedFolder.QuarterFile))),
        OverLink("client-put-50ms", "256 MiB stored on our server over a round trip of 50 ms, in segments by who can", s_bytes,
            (client, site) => PutQuarter(site, (commands, remote) => commands.Put(client, site.Folder[ServedFolder.QuarterFile], remote))),
        OverLink("client-put-50ms-1", "the same over one connection", s_bytes,
            (client, site) => PutQuarter(site, (commands, remote) => commands.PutAtOnce(client, site.Folder[ServedFolder.QuarterFile], remote))),
        OverLink("tree-get-50ms", "as tree-get, 2,000 files over a round trip of 50 ms", s_files, (client, site) => GetTree(client, site, ServedFolder.SmallTree, overTls: false)) with { IsWarmedUp = false },
        OverLink("tree-put-50ms", "the same tree stored", s_files, (client, site) => PutTree(client, site, ServedFolder.SmallTree, overTls: false)) with { IsWarmedUp = false },
    ];

    private static Scenario Of(string name, string what, IReadOnlyList<Figure> figures, Func<string, Site, double[]> run) =>
        new(name, what, figures, run) { Contest = Contest.Clients };

    /// <summary>Clients and servers are at the two ends of the long link.</summary>
    private static Scenario OverLink(string name, string what, IReadOnlyList<Figure> figures, Func<string, Site, double[]> run) =>
        Of(name, what, figures, (client, site) => site.Link.Value.WithoutLoss(link => link.AtClients(() => run(client, site with { Servers = site.ServersAfar }))));

    private static double[] Get(string client, Site site, string server, bool overTls)
    {
        using var place = new ClientPlace(site);
        (double seconds, double spent) = place.Run(place.Of(site.Servers.Get(server, overTls)).Get(client, ServedFolder.BigFile));
        place.Demand(1, ServedFolder.BigLength);
        return Bytes(ServedFolder.BigLength, seconds, spent);
    }

    private static double[] GetQuarter(Site site, Func<ClientCommands, ClientRun> get)
    {
        using var place = new ClientPlace(site);
        (double seconds, double spent) = place.Run(get(place.Of(site.Servers.Get("vsftpd"))));
        place.Demand(1, ServedFolder.QuarterLength);
        return Bytes(ServedFolder.QuarterLength, seconds, spent);
    }

    private static double[] PutQuarter(Site site, Func<ClientCommands, string, ClientRun> put)
    {
        using var place = new ClientPlace(site);
        string remote = ServedFolder.Uploads(Options.Ours);
        site.Folder.EmptyUploads(Options.Ours);
        (double seconds, double spent) = place.Run(put(place.Of(site.Servers.Get(Options.Ours)), remote));
        ClientPlace.Demand(site.Folder[remote], 1, ServedFolder.QuarterLength);
        return Bytes(ServedFolder.QuarterLength, seconds, spent);
    }

    private static double[] Bytes(long length, double seconds, double spent) => [length / MiB / seconds, spent * 1024 * MiB / length];

    private static double[] Start(string client, Site site, bool overTls)
    {
        using var place = new ClientPlace(site);
        (double seconds, double spent) = place.Run(place.Of(site.Servers.Get("pure-ftpd", overTls)).Get(client, ServedFolder.OneSmallFile));
        place.Demand(1, ServedFolder.SmallLength);
        return [seconds * 1000, spent * 1000];
    }

    private static double[] GetTree(string client, Site site, FileTree tree, bool overTls)
    {
        using var place = new ClientPlace(site);
        (double seconds, double spent) = place.Run(place.Of(site.Servers.Get(TreeServer(client), overTls)).GetTree(client, tree));
        place.Demand(tree.Files, ServedFolder.SmallLength);
        return [tree.Files / seconds, spent * 1000 / tree.Files];
    }

    private static double[] PutTree(string client, Site site, FileTree tree, bool overTls)
    {
        using var place = new ClientPlace(site);
        string server = TreeServer(client), remote = ServedFolder.Uploads(server);
        site.Folder.EmptyUploads(server);
        (double seconds, double spent) = place.Run(place.Of(site.Servers.Get(server, overTls)).PutTree(client, tree, site.Folder[tree.Name], remote));
        ClientPlace.Demand(site.Folder[remote], tree.Files, ServedFolder.SmallLength);
        return [tree.Files / seconds, spent * 1000 / tree.Files];
    }

    private static string TreeServer(string client) => client == Options.Ours ? Options.Ours : "pure-ftpd";
}
