using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>
/// The scenarios for growth: for ten times the bytes, files, names or sessions, our server should need ten times the time and the same
/// memory.
/// </summary>
internal static class GrowthScenarios
{
    private const string Tenth = "1x", Whole = "10x";

    public static IReadOnlyList<string> Amounts => [Tenth, Whole];

    public static IReadOnlyList<Scenario> All { get; } =
    [
        CreateScenario("growth-get", "download of 102.4 MiB, and of 1 GiB", (server, _, isWhole) =>
            isWhole ? BulkLoad.Get(server) : BulkLoad.Get(server, file: ServedDirectory.TenthFile, length: ServedDirectory.BigLength / 10)),
        CreateScenario("growth-put", "upload of 51.2 MiB, and of 512 MiB", (server, testbed, isWhole) =>
            BulkLoad.Put(server, testbed.Payload, isWhole ? BulkLoad.PlainUpload : BulkLoad.PlainUpload / 10)),
        CreateScenario("growth-small-get", "1,000 downloads of 4 KiB in one session, and 10,000", (server, _, isWhole) =>
            SmallFileLoad.Get(server, 1, isWhole ? 10_000 : 1000).Sample),
        CreateScenario("growth-small-put", "1,000 uploads of 4 KiB in one session, and 10,000", (server, testbed, isWhole) =>
            SmallFileLoad.Put(server, testbed, 1, isWhole ? 10_000 : 1000)) with { ClosesManyConnections = true },
        CreateScenario("growth-list", "a directory of 10,000 names, and of 100,000", (server, _, isWhole) =>
            isWhole ? ListLoad.Mlsd(server) : ListLoad.Mlsd(server, ServedDirectory.ListedTenth, ServedDirectory.ListedFiles / 10)),
        new("growth-sessions", "1,000 idle sessions, and 10,000: login and memory of each",
            [new("ms/login"), new("KiB/session"), new("NOOP p99 us")], Sessions)
        {
            Comparison = Comparison.Growth, ClosesManyConnections = true, IsWarmedUp = false,
        },
    ];

    private static Scenario CreateScenario(string name, string what, Func<ServerProcess, Testbed, bool, Sample> run) =>
        new(name, what, [new("s"), new("CPU s"), new("peak growth MiB")], (amount, testbed) =>
        {
            ServerProcess server = testbed.Servers.Get(Options.Ours);
            double resident = server.Tree.ResetPeak();
            Sample sample = run(server, testbed, amount == Whole);
            return [sample.Seconds, sample.ServerSeconds, (server.Tree.ReadPeak() - resident) / 1024];
        })
        {
            Comparison = Comparison.Growth,
        };

    private static double[] Sessions(string amount, Testbed testbed)
    {
        double[] idle = IdleLoad.Run(Options.Ours, testbed, amount == Whole ? 10_000 : 1000);
        return [1000 / idle[1], idle[0], idle[3]];
    }
}
