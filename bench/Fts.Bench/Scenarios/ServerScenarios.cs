using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>What is done to every server.</summary>
internal static class ServerScenarios
{
    private const string SmallGet = "5,000 files of 4 KiB by EPSV and RETR over ", SmallPut = "the same with STOR, over ";

    public static IReadOnlyList<Scenario> All { get; } =
    [
        Plain("get", "one download of 1 GiB, dropped in the kernel by the client", Rate.Bytes, (server, _) => BulkLoad.Get(server)),
        Plain("get-copy", "the same with a client that reads what it gets", Rate.Bytes, (server, _) => BulkLoad.Get(server, copy: true)),
        Plain("put", "one upload of 512 MiB", Rate.Bytes, (server, site) => BulkLoad.Put(server, site.Payload, BulkLoad.PlainUpload)),
        Plain("par-16", "16 downloads of 64 MiB at once", Rate.Bytes, (server, _) => BulkLoad.GetMany(server, ServedFolder.ParallelFiles)),
        Plain("small-get", SmallGet + "1 session", Rate.Operations, (server, _) => SmallFileLoad.Get(server, 1).Sample),
        Plain("small-get-8", SmallGet + "8", Rate.Operations, (server, _) => SmallFileLoad.Get(server, 8).Sample),
        Plain("small-put", SmallPut + "1 session", Rate.Operations, (server, site) => SmallFileLoad.Put(server, site, 1)) with { ClosesManyConnections = true },
        Plain("small-put-8", SmallPut + "8", Rate.Operations, (server, site) => SmallFileLoad.Put(server, site, 8)) with { ClosesManyConnections = true },
        Listing("list-mlsd", "a folder of 100,000 files by MLSD", ListLoad.Mlsd),
        Listing("list-list", "the same by LIST", ListLoad.List),
        Plain("login", "connect, USER, PASS, QUIT, by 1 thread", Rate.Operations, (server, _) => SignInLoad.Run(server, 1)) with { ClosesManyConnections = true },
        Plain("login-16", "the same by 16 threads", Rate.Operations, (server, _) => SignInLoad.Run(server, 16)) with { ClosesManyConnections = true },
        Latency("latency", "NOOP, nothing else going on", 0),
        Latency("latency-8", "NOOP beside 8 bulk downloads", 8),
        Tls("get-tls", "one download of 1 GiB over TLS 1.3", (server, _) => BulkLoad.Get(server)),
        Tls("put-tls", "one upload of 256 MiB over TLS 1.3", (server, site) => BulkLoad.Put(server, site.Payload, BulkLoad.TlsUpload)),
        new("small-get-tls", "1,000 files of 4 KiB over TLS 1.3, data connections resumed where the server lets them", [.. Rate.Operations.Figures, new("resumed %", MoreIsBetter: null)], SmallTls)
        {
            OverTls = true, ClosesManyConnections = true,
        },
        Idle(1000),
        Idle(10_000),
        Idle(50_000),
        new("start", "from the start of the process until it listens", [new("ms"), new("CPU ms")], MeasureStart),
    ];

    private static Scenario Plain(string name, string what, Rate rate, Func<ServerProcess, Site, Sample> run) =>
        new(name, what, rate.Figures, (server, site) => rate.Of(run(site.Servers.Get(server), site)));

    /// <summary>The load generator encrypts and decrypts on the same processors; what that costs stands beside what the server's costs.</summary>
    private static Scenario Tls(string name, string what, Func<ServerProcess, Site, Sample> run) =>
        new(name, what, [.. Rate.Bytes.Figures, new("load's CPU s/GiB", MoreIsBetter: null)], (name, site) =>
        {
            ServerProcess server = site.Servers.Get(name, overTls: true);
            double before = OwnProcessor.OfLoad();
            Sample sample = run(server, site);
            return [.. Rate.Bytes.Of(sample), (OwnProcessor.OfLoad() - before) / sample.Work];
        })
        {
            OverTls = true,
        };

    private static Scenario Listing(string name, string what, Func<ServerProcess, Sample> list) =>
        new(name, what, [.. Rate.Names.Figures, new("growth MiB")], (name, site) =>
        {
            Sample sample = list(site.Servers.Get(name));
            return [.. Rate.Names.Of(sample), sample.Growth / 1024];
        });

    private static Scenario Latency(string name, string what, int downloads) =>
        new(name, what, [new("p50 us"), new("p99 us"), new("p99.9 us")], (server, site) => LatencyLoad.Run(site.Servers.Get(server), downloads));

    private static Scenario Idle(int sessions) =>
        new($"idle-{sessions}", $"{sessions:N0} signed-in sessions that do nothing", [new("KiB/session"), new("sign-ins/s", MoreIsBetter: true), new("NOOP p50 us"), new("NOOP p99 us")],
            (server, site) => IdleLoad.Run(server, site, sessions))
        {
            ClosesManyConnections = true, IsWarmedUp = false,
        };

    private static double[] SmallTls(string name, Site site)
    {
        (Sample sample, double resumed) = SmallFileLoad.Get(site.Servers.Get(name, overTls: true), 1, SmallFileLoad.TlsFiles);
        return [.. Rate.Operations.Of(sample), resumed * 100];
    }
    private static double[] MeasureStart(string name, Site site)
    {
        using ServerProcess server = site.Servers.StartAnother(name);
        return [server.Start.Elapsed.TotalMilliseconds, server.Start.Processor * 1000];
    }
}
