using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>Costs must grow with the work alone: ten times the bytes, files, names or sessions take our server ten times as long, in the same memory.</summary>
internal static class GrowthScenarios
{
    private const string Tenth = "1x", Whole = "10x";

    public static IReadOnlyList<string> Amounts => [Tenth, Whole];

    public static IReadOnlyList<Scenario> All { get; } =
    [
        Grow("growth-get", "download of 102.4 MiB, and of 1 GiB", (server, _, isWhole) =>
            isWhole ? BulkLoad.Get(server) : BulkLoad.Get(server, file: ServedFolder.TenthFile, length: ServedFolder.BigLength / 10)),
        Grow("growth-put", "upload of 51.2 MiB, and of 512 MiB", (server, site, isWhole) => BulkLoad.Put(server, site.Payload, isWhole ? BulkLoad.PlainUpload : BulkLoad.PlainUpload / 10)),
        Grow("growth-small-get", "1,000 downloads of 4 KiB in one session, and 10,000", (server, _, isWhole) => SmallFileLoad.Get(server, 1, isWhole ? 10_000 : 1000).Sample),
        Grow("growth-small-put", "1,000 uploads of 4 KiB in one session, and 10,000", (server, site, isWhole) => SmallFileLoad.Put(server, site, 1, isWhole ? 10_000 : 1000)) with { ClosesManyConnections = true },
        Grow("growth-list", "a folder of 10,000 names, and of 100,000", (server, _, isWhole) =>
            isWhole ? ListLoad.Mlsd(server) : ListLoad.Mlsd(server, ServedFolder.ListedTenth, ServedFolder.ListedFiles / 10)),
        new("growth-sessions", "1,000 idle sessions, and 10,000: each one's sign-in and memory", [new("ms/sign-in"), new("KiB/session"), new("NOOP p99 us")], Sessions)
        {
            Contest = Contest.Growth, ClosesManyConnections = true, IsWarmedUp = false,
        },
    ];

    private static Scenario Grow(string name, string what, Func<ServerProcess, Site, bool, Sample> run) =>
        new(name, what, [new("s"), new("CPU s"), new("peak growth MiB")], (amount, site) =>
        {
            ServerProcess server = site.Servers.Get(Options.Ours);
            double resident = server.Tree.ResetPeak();
            Sample sample = run(server, site, amount == Whole);
            return [sample.Seconds, sample.ServerSeconds, (server.Tree.ReadPeak() - resident) / 1024];
        })
        {
            Contest = Contest.Growth,
        };

    private static double[] Sessions(string amount, Site site)
    {
        double[] idle = IdleLoad.Run(Options.Ours, site, amount == Whole ? 10_000 : 1000);
        return [1000 / idle[1], idle[0], idle[3]];
    }
}
