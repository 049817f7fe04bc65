using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>The scenarios for servers.</summary>
internal static class ServerScenarios
{
    private const string SmallGet = "5,000 files of 4 KiB by EPSV and RETR over ", SmallPut = "the same with STOR, over ";

    private static readonly Figure[] LatencyFigures = [new("p50 us"), new("p99 us"), new("p99.9 us")];

    public static IReadOnlyList<Scenario> All { get; } =
    [
        Plain("get", "one download of 1 GiB, discarded in the kernel by the client", Rate.Bytes, (server, _) => BulkLoad.Get(server)),
        Plain("get-copy", "the same with a client that reads the bytes", Rate.Bytes, (server, _) => BulkLoad.Get(server, copy: true)),
        Plain("put", "one upload of 512 MiB", Rate.Bytes, (server, testbed) => BulkLoad.Put(server, testbed.Payload, BulkLoad.PlainUpload)),
        Plain("par-16", "16 downloads of 64 MiB at once", Rate.Bytes, (server, _) =>
            BulkLoad.GetMany(server, ServedDirectory.ParallelFiles)),
        Plain("small-get", SmallGet + "1 session", Rate.Operations, (server, _) => SmallFileLoad.Get(server, 1).Sample),
        Plain("small-get-8", SmallGet + "8 sessions", Rate.Operations, (server, _) => SmallFileLoad.Get(server, 8).Sample),
        Plain("small-put", SmallPut + "1 session", Rate.Operations, (server, testbed) => SmallFileLoad.Put(server, testbed, 1))
            with { ClosesManyConnections = true },
        Plain("small-put-8", SmallPut + "8 sessions", Rate.Operations, (server, testbed) => SmallFileLoad.Put(server, testbed, 8))
            with { ClosesManyConnections = true },
        Listing("list-mlsd", "a directory of 100,000 files by MLSD", ListLoad.Mlsd),
        Listing("list-list", "the same by LIST", ListLoad.List),
        Plain("login", "connect, USER, PASS, QUIT, by 1 thread", Rate.Operations, (server, _) => LoginLoad.Run(server, 1))
            with { ClosesManyConnections = true },
        Plain("login-16", "the same by 16 threads", Rate.Operations, (server, _) => LoginLoad.Run(server, 16))
            with { ClosesManyConnections = true },
        LoginTls("login-tls", "the same over TLS 1.3 by 1 thread", threads: 1),
        LoginTls("login-tls-16", "the same over TLS 1.3 by 16 threads", threads: 16),
        Latency("latency", "NOOP in an otherwise idle server", 0),
        Latency("latency-8", "NOOP beside 8 bulk downloads", 8),
        new("latency-stalled", "NOOP of 8 sessions while the disk of another one hangs", LatencyFigures, HangingDiskLoad.Run)
        {
            IsWarmedUp = false,
        },
        Tls("get-tls", "one download of 1 GiB over TLS 1.3", (server, _) => BulkLoad.Get(server)),
        Tls("put-tls", "one upload of 256 MiB over TLS 1.3", (server, testbed) =>
            BulkLoad.Put(server, testbed.Payload, BulkLoad.TlsUpload)),
        new("small-get-tls", "1,000 files of 4 KiB over TLS 1.3, data connections resume TLS sessions if the server allows it",
            [.. Rate.Operations.Figures, new("resumed %", MoreIsBetter: null)], SmallTls)
        {
            OverTls = true, ClosesManyConnections = true,
        },
        Idle(1000),
        Idle(10_000),
        Idle(50_000),
        new("start", "from the start of the process until it accepts a connection", [new("ms"), new("CPU ms")], MeasureStart),
    ];

    private static Scenario LoginTls(string name, string what, int threads) =>
        new(name, what, Rate.Operations.Figures, (name, testbed) =>
            Rate.Operations.GetValues(LoginLoad.Run(testbed.Servers.Get(name, overTls: true), threads, overTls: true)))
        {
            OverTls = true, ClosesManyConnections = true,
        };

    private static Scenario Plain(string name, string what, Rate rate, Func<ServerProcess, Testbed, Sample> run) =>
        new(name, what, rate.Figures, (server, testbed) => rate.GetValues(run(testbed.Servers.Get(server), testbed)));

    /// <summary>
    /// Creates a scenario over TLS. The load generator encrypts and decrypts on the same processors, so its processor time is another
    /// figure.
    /// </summary>
    private static Scenario Tls(string name, string what, Func<ServerProcess, Testbed, Sample> run) =>
        new(name, what, [.. Rate.Bytes.Figures, new("load's CPU s/GiB", MoreIsBetter: null)], (name, testbed) =>
        {
            ServerProcess server = testbed.Servers.Get(name, overTls: true);
            double before = ProcessorTime.GetOwnSeconds();
            Sample sample = run(server, testbed);
            return [.. Rate.Bytes.GetValues(sample), (ProcessorTime.GetOwnSeconds() - before) / sample.Work];
        })
        {
            OverTls = true,
        };

    private static Scenario Listing(string name, string what, Func<ServerProcess, Sample> list) =>
        new(name, what, [.. Rate.Names.Figures, new("growth MiB")], (name, testbed) =>
        {
            Sample sample = list(testbed.Servers.Get(name));
            return [.. Rate.Names.GetValues(sample), sample.Growth / 1024];
        });

    private static Scenario Latency(string name, string what, int downloads) =>
        new(name, what, LatencyFigures, (server, testbed) =>
            LatencyLoad.Run(testbed.Servers.Get(server), downloads));

    private static Scenario Idle(int sessions) =>
        new($"idle-{sessions}", $"{sessions:N0} idle sessions",
            [new("KiB/session"), new("logins/s", MoreIsBetter: true), new("NOOP p50 us"), new("NOOP p99 us")],
            (server, testbed) => IdleLoad.Run(server, testbed, sessions))
        {
            ClosesManyConnections = true, IsWarmedUp = false,
        };

    private static double[] SmallTls(string name, Testbed testbed)
    {
        (Sample sample, double resumed) = SmallFileLoad.Get(testbed.Servers.Get(name, overTls: true), 1, SmallFileLoad.TlsFiles);
        return [.. Rate.Operations.GetValues(sample), resumed * 100];
    }
    /// <summary>
    /// Returns the time from the start of the process until it accepts a connection, and its processor time, both in milliseconds.
    /// </summary>
    private static double[] MeasureStart(string name, Testbed testbed)
    {
        using ServerProcess server = testbed.Servers.StartNew(name);
        return [server.Start.Elapsed.TotalMilliseconds, server.Start.Processor * 1000];
    }
}
