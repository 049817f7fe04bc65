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
        Of("tree-get", "10,000 files of 4 KiB: ours from our server, the others 8 at once from Pure-FTPd", s_files, (client, site) => GetTree(client, site, overTls: false)) with { ClosesManyConnections = true, IsWarmedUp = false },
        Of("tree-put", "the same tree stored", s_files, (client, site) => PutTree(client, site, overTls: false)) with { ClosesManyConnections = true, IsWarmedUp = false },
        Of("tree-get-tls", "as tree-get, over TLS", s_files, (client, site) => GetTree(client, site, overTls: true)) with { OverTls = true, ClosesManyConnections = true, IsWarmedUp = false },
        Of("tree-put-tls", "as tree-put, over TLS", s_files, (client, site) => PutTree(client, site, overTls: true)) with { OverTls = true, ClosesManyConnections = true, IsWarmedUp = false },
    ];

    private static Scenario Of(string name, string what, IReadOnlyList<Figure> figures, Func<string, Site, double[]> run) =>
        new(name, what, figures, run) { Contest = Contest.Clients };

    private static double[] Get(string client, Site site, string server, bool overTls)
    {
        using var place = new ClientPlace(site);
        (double seconds, double spent) = place.Run(place.Of(site.Servers.Get(server, overTls)).Get(client, ServedFolder.BigFile));
        place.Demand(1, ServedFolder.BigLength);
        return [ServedFolder.BigLength / MiB / seconds, spent * 1024 * MiB / ServedFolder.BigLength];
    }

    private static double[] Start(string client, Site site, bool overTls)
    {
        using var place = new ClientPlace(site);
        (double seconds, double spent) = place.Run(place.Of(site.Servers.Get("pure-ftpd", overTls)).Get(client, ServedFolder.OneSmallFile));
        place.Demand(1, ServedFolder.SmallLength);
        return [seconds * 1000, spent * 1000];
    }

    private static double[] GetTree(string client, Site site, bool overTls)
    {
        using var place = new ClientPlace(site);
        (double seconds, double spent) = place.Run(place.Of(site.Servers.Get(TreeServer(client), overTls)).GetTree(client));
        place.Demand(ServedFolder.TreeFiles, ServedFolder.SmallLength);
        return [ServedFolder.TreeFiles / seconds, spent * 1000 / ServedFolder.TreeFiles];
    }

    private static double[] PutTree(string client, Site site, bool overTls)
    {
        using var place = new ClientPlace(site);
        string server = TreeServer(client), remote = ServedFolder.Uploads(server);
        site.Folder.EmptyUploads(server);
        (double seconds, double spent) = place.Run(place.Of(site.Servers.Get(server, overTls)).PutTree(client, site.Folder[ServedFolder.Tree], remote));
        ClientPlace.Demand(site.Folder[remote], ServedFolder.TreeFiles, ServedFolder.SmallLength);
        return [ServedFolder.TreeFiles / seconds, spent * 1000 / ServedFolder.TreeFiles];
    }

    private static string TreeServer(string client) => client == Options.Ours ? Options.Ours : "pure-ftpd";
}
