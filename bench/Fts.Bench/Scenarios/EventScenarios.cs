namespace Fts.Bench.Scenarios;

/// <summary>Small uploads to our server without and with recorded events. An event for each upload should cost little.</summary>
internal static class EventScenarios
{
    public static IReadOnlyList<string> Servers => [Options.Ours, Options.OursWithEvents];

    public static IReadOnlyList<Scenario> All { get; } =
    [
        Create("small-put-events", sessions: 1),
        Create("small-put-8-events", sessions: 8),
    ];

    private static Scenario Create(string name, int sessions) => new(
        name, $"5,000 files of 4 KiB by EPSV and STOR over {sessions} session(s), without and with --events", Rate.Operations.Figures,
        (server, testbed) => Rate.Operations.GetValues(SmallFileLoad.Put(testbed.Servers.Get(server), testbed, sessions)))
    {
        Comparison = Comparison.Events, ClosesManyConnections = true,
    };
}
