using System.Globalization;
using Fts.CrashTests.Kills;

namespace Fts.CrashTests;

/// <summary>
/// Killed without a warning, at any moment, the server keeps its word: what it acknowledged is there and whole, what it did not is all or nothing, and
/// broken uploads go on. <c>FTS_KILLS</c> sets how often, <c>FTS_KILL_SEED</c> what is done meanwhile.
/// </summary>
public sealed class KillTests
{
    private const int EverydayKills = 40;

    private static readonly int Kills = Setting("FTS_KILLS") ?? EverydayKills;
    private static readonly int Seed = Setting("FTS_KILL_SEED") ?? Environment.TickCount;

    [Fact]
    public Task Acknowledged_files_are_whole_and_broken_uploads_go_on_after_each_kill() => KillAsync(Kills);

    /// <summary>A kill does not show whether anything was flushed; it shows that flushing, and doing it for several at once, changes nothing else.</summary>
    [Fact]
    public Task So_they_are_when_every_commit_is_flushed() => KillAsync((Kills + 3) / 4, "--durable");

    private static async Task KillAsync(int kills, params string[] options)
    {
        using var run = new KillRun(Seed, options);
        await run.RunAsync(kills);
        TestContext.Current.TestOutputHelper?.WriteLine($"FTS_KILL_SEED={Seed}: {kills} kills, {run.Continued} uploads continued");
        Assert.True(run.Continued > 0 || kills < EverydayKills / 4, $"FTS_KILL_SEED={Seed}: no upload was continued in {kills} kills, which leaves untested whether any could be.");
    }

    private static int? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } told ? int.Parse(told, CultureInfo.InvariantCulture) : null;
}
