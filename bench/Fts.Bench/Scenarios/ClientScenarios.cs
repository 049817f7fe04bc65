using Fts.Bench.Clients;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>
/// The scenarios for clients, measured as whole programs from start to exit. Each uses the fastest of the other servers for its work.
/// </summary>
internal static class ClientScenarios
{
    private const double MiB = 1 << 20;

    private static readonly Figure[] s_bytes = [new("MiB/s", MoreIsBetter: true), new("client's CPU s/GiB")];

    private static readonly Figure[] s_files = [new("files/s", MoreIsBetter: true), new("client's CPU ms/file")];

    private static readonly Figure[] s_runs = [new("ms"), new("client's CPU ms")];

    public static IReadOnlyList<Scenario> All { get; } =
    [
        Of("client-get", "1 GiB from vsftpd", s_bytes, (client, testbed) => Get(client, testbed, "vsftpd", overTls: false)),
        Of("client-get-tls", "1 GiB over TLS from Pure-FTPd", s_bytes, (client, testbed) =>
            Get(client, testbed, "pure-ftpd", overTls: true)) with { OverTls = true },
        Of("client-start", "one file of 4 KiB from Pure-FTPd", s_runs, (client, testbed) => Start(client, testbed, overTls: false)),
        Of("client-start-tls", "the same over TLS", s_runs, (client, testbed) => Start(client, testbed, overTls: true))
            with { OverTls = true },
        Of("tree-get", "10,000 files of 4 KiB: fts from our server, the others 8 at once from Pure-FTPd", s_files, (client, testbed) =>
            GetTree(client, testbed, ServedDirectory.Tree, overTls: false)) with { ClosesManyConnections = true, IsWarmedUp = false },
        Of("tree-put", "upload of the same tree", s_files, (client, testbed) =>
            PutTree(client, testbed, ServedDirectory.Tree, overTls: false)) with { ClosesManyConnections = true, IsWarmedUp = false },
        Of("tree-get-tls", "as tree-get, over TLS", s_files, (client, testbed) =>
            GetTree(client, testbed, ServedDirectory.Tree, overTls: true))
                with { OverTls = true, ClosesManyConnections = true, IsWarmedUp = false },
        Of("tree-put-tls", "as tree-put, over TLS", s_files, (client, testbed) =>
            PutTree(client, testbed, ServedDirectory.Tree, overTls: true))
                with { OverTls = true, ClosesManyConnections = true, IsWarmedUp = false },
        OverLink("client-start-50ms", "one file of 4 KiB from Pure-FTPd over a round trip of 50 ms", s_runs,
            (client, testbed) => Start(client, testbed, overTls: false)),
        OverLink("client-start-tls-50ms", "the same over TLS", s_runs, (client, testbed) => Start(client, testbed, overTls: true))
            with { OverTls = true },
        OverLink("client-get-50ms", "256 MiB from vsftpd over a round trip of 50 ms, in segments if supported", s_bytes,
            (client, testbed) => GetQuarter(testbed, commands => commands.GetInSegments(client, ServedDirectory.QuarterFile))),
        OverLink("client-get-50ms-1", "the same over one connection", s_bytes, (client, testbed) =>
            GetQuarter(testbed, commands => commands.GetOverOneConnection(client, ServedDirectory.QuarterFile))),
        OverLink("client-put-50ms", "256 MiB uploaded to our server over a round trip of 50 ms, in segments if supported", s_bytes,
            (client, testbed) =>
                PutQuarter(testbed, (commands, remote) => commands.Put(client, testbed.Served[ServedDirectory.QuarterFile], remote))),
        OverLink("client-put-50ms-1", "the same over one connection", s_bytes,
            (client, testbed) =>
                PutQuarter(testbed, (commands, remote) =>
                    commands.PutOverOneConnection(client, testbed.Served[ServedDirectory.QuarterFile], remote))),
        OverLink("tree-get-50ms", "as tree-get, 2,000 files over a round trip of 50 ms", s_files, (client, testbed) =>
            GetTree(client, testbed, ServedDirectory.SmallTree, overTls: false)) with { IsWarmedUp = false },
        OverLink("tree-put-50ms", "upload of the same tree", s_files, (client, testbed) =>
            PutTree(client, testbed, ServedDirectory.SmallTree, overTls: false)) with { IsWarmedUp = false },
        OverLink("dirs-get-50ms", "as tree-get-50ms, 200 directories of 10 files", s_files, (client, testbed) =>
            GetTree(client, testbed, ServedDirectory.WideTree, overTls: false)) with { IsWarmedUp = false },
        OverLink("dirs-put-50ms", "upload of the same tree", s_files, (client, testbed) =>
            PutTree(client, testbed, ServedDirectory.WideTree, overTls: false)) with { IsWarmedUp = false },
    ];

    private static Scenario Of(string name, string what, IReadOnlyList<Figure> figures, Func<string, Testbed, double[]> run) =>
        new(name, what, figures, run) { Comparison = Comparison.Clients };

    /// <summary>Creates a scenario with clients and servers at the two ends of the long link.</summary>
    private static Scenario OverLink(string name, string what, IReadOnlyList<Figure> figures, Func<string, Testbed, double[]> run) =>
        Of(name, what, figures, (client, testbed) => testbed.Link.Value.WithoutLoss(link => link.AtClients(() => run(client, testbed
            with { Servers = testbed.RemoteServers }))));

    private static double[] Get(string client, Testbed testbed, string server, bool overTls)
    {
        using var directory = new ClientDirectory(testbed);
        (double seconds,
            double spent) = directory.Run(directory.CreateCommands(testbed.Servers.Get(server, overTls)).Get(client,
                ServedDirectory.BigFile));
        directory.RequireFiles(1, ServedDirectory.BigLength);
        return Bytes(ServedDirectory.BigLength, seconds, spent);
    }

    private static double[] GetQuarter(Testbed testbed, Func<ClientCommands, ClientRun> get)
    {
        using var directory = new ClientDirectory(testbed);
        (double seconds, double spent) = directory.Run(get(directory.CreateCommands(testbed.Servers.Get("vsftpd"))));
        directory.RequireFiles(1, ServedDirectory.QuarterLength);
        return Bytes(ServedDirectory.QuarterLength, seconds, spent);
    }

    private static double[] PutQuarter(Testbed testbed, Func<ClientCommands, string, ClientRun> put)
    {
        using var directory = new ClientDirectory(testbed);
        string remote = ServedDirectory.Uploads(Options.Ours);
        testbed.Served.EmptyUploads(Options.Ours);
        (double seconds, double spent) = directory.Run(put(directory.CreateCommands(testbed.Servers.Get(Options.Ours)), remote));
        ClientDirectory.RequireFiles(testbed.Served[remote], 1, ServedDirectory.QuarterLength);
        return Bytes(ServedDirectory.QuarterLength, seconds, spent);
    }

    private static double[] Bytes(long length, double seconds, double spent) => [length / MiB / seconds, spent * 1024 * MiB / length];

    private static double[] Start(string client, Testbed testbed, bool overTls)
    {
        using var directory = new ClientDirectory(testbed);
        (double seconds,
            double spent) = directory.Run(directory.CreateCommands(testbed.Servers.Get("pure-ftpd", overTls)).Get(client,
                ServedDirectory.OneSmallFile));
        directory.RequireFiles(1, ServedDirectory.SmallLength);
        return [seconds * 1000, spent * 1000];
    }

    private static double[] GetTree(string client, Testbed testbed, FileTree tree, bool overTls)
    {
        using var directory = new ClientDirectory(testbed);
        (double seconds,
            double spent) = directory.Run(directory.CreateCommands(testbed.Servers.Get(TreeServer(client), overTls)).GetTree(client, tree));
        directory.RequireFiles(tree.Files, ServedDirectory.SmallLength);
        return [tree.Files / seconds, spent * 1000 / tree.Files];
    }

    private static double[] PutTree(string client, Testbed testbed, FileTree tree, bool overTls)
    {
        using var directory = new ClientDirectory(testbed);
        string server = TreeServer(client), remote = ServedDirectory.Uploads(server);
        testbed.Served.EmptyUploads(server);
        (double seconds,
            double spent) = directory.Run(directory.CreateCommands(testbed.Servers.Get(server, overTls)).PutTree(client, tree,
                testbed.Served[tree.Name], remote));
        ClientDirectory.RequireFiles(testbed.Served[remote], tree.Files, ServedDirectory.SmallLength);
        return [tree.Files / seconds, spent * 1000 / tree.Files];
    }

    private static string TreeServer(string client) => client == Options.Ours ? Options.Ours : "pure-ftpd";
}
