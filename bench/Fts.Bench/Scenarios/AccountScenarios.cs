using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>The cost of accounts in our server: their password hashes beside transfers, and the memory of their sessions.</summary>
internal static class AccountScenarios
{
    private const string Alone = "downloads alone", BesideLogins = "beside logins", Anonymous = "anonymous", WithAccount = "account";

    public static IReadOnlyList<string> Loads => [Alone, BesideLogins];

    public static IReadOnlyList<string> Sessions => [Anonymous, WithAccount];

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("login-pbkdf2-16", "16 threads log in to accounts beside 8 downloads, half of them with wrong passwords",
            [new("downloads MiB/s", MoreIsBetter: true), new("NOOP p50 us"), new("NOOP p99 us"), new("logins/s", MoreIsBetter: null),
                new("refused logins/s", MoreIsBetter: null)],
            (load, testbed) => AccountLoginLoad.Run(testbed, hasLogins: load == BesideLogins))
        {
            Comparison = Comparison.AccountLogins, ClosesManyConnections = true, IsWarmedUp = false,
        },
        CreateIdle(1000),
        CreateIdle(10_000),
    ];

    private static Scenario CreateIdle(int sessions) =>
        new($"idle-accounts-{sessions}", $"{sessions:N0} idle sessions of the anonymous account, and of 100 accounts with passwords",
            [new("KiB/session"), new("NOOP p50 us"), new("NOOP p99 us")], (account, testbed) => RunIdle(account, testbed, sessions))
        {
            Comparison = Comparison.AccountSessions, ClosesManyConnections = true, IsWarmedUp = false,
        };

    private static double[] RunIdle(string account, Testbed testbed, int sessions)
    {
        FileLimit.Require(sessions + 200);
        using ServerProcess server = testbed.Servers.StartNew(account == WithAccount ? Options.OursWithAccounts : Options.Ours);
        double[] idle = IdleLoad.Measure(server, sessions);
        return [idle[0], idle[2], idle[3]];
    }
}
