using System.Globalization;
using System.Runtime.CompilerServices;
using Fts.Accounts.Events;
using Fts.Accounts.Sql.Records;
using Fts.Accounts.Sql.Sqlite;
using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests.Quota;

/// <summary>
/// Eight sessions change the files of two directories with quotas while the server is killed at random moments. After each kill, the
/// recovered usage equals the files on disk, and each acknowledged upload has exactly one event. <c>FTS_KILLS</c> and
/// <c>FTS_KILL_SEED</c> are as in <see cref="KillTests"/>.
/// </summary>
public sealed class QuotaKillTests
{
    private const int Sessions = 8, DefaultKills = 12, MaxDelayMilliseconds = 700, KillSignal = 9;
    private const long Limit = 150_000, InnerLimit = 60_000;

    private readonly int _kills = ReadSetting("FTS_KILLS") ?? DefaultKills;
    private readonly int _seed = ReadSetting("FTS_KILL_SEED") ?? Environment.TickCount;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_each_kill_usage_and_events_equal_the_files()
    {
        using var folder = new TestFolder();
        using var state = new TestFolder();
        Directory.CreateDirectory(folder["inner"]);
        QuotaWorker[] workers = [.. Enumerable.Range(0, Sessions).Select(number => new QuotaWorker(number, unchecked((_seed * 31) + number)))];
        var random = new Random(_seed);
        try
        {
            for (int round = 0; round <= _kills; round++)
            {
                await RunRoundAsync(folder, state, workers, round, random.Next(MaxDelayMilliseconds));
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new Xunit.Sdk.XunitException($"FTS_KILL_SEED={_seed}: {e}", e);
        }

        int uploads = workers.Sum(worker => worker.AcknowledgedUploads.Count);
        int refused = workers.Sum(worker => worker.RefusedByQuota);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"FTS_KILL_SEED={_seed}: {_kills} kills, {uploads} uploads acknowledged, {refused} changes refused by the quota");
        Assert.True(uploads > 0 && refused > 0, $"FTS_KILL_SEED={_seed}: the quota was not tested.");
    }

    private static async Task RunRoundAsync(TestFolder folder, TestFolder state, QuotaWorker[] workers, int round, int delay)
    {
        await using RunningProgram host = RunningProgram.StartFile(
            HostPath, folder.Path, [folder.Path, state.Path, Text(Limit), Text(InnerLimit)]);
        await host.WaitForOutputAsync("recovered");
        if (round > 0)
        {
            Assert.Equal(
                [$"usage {CountFiles(folder.Path)} True", $"usage {CountFiles(folder["inner"])} True"],
                host.Data.Split('\n').Where(line => line.StartsWith("usage", StringComparison.Ordinal)));
            await CheckEventsAsync(folder, state, workers);
        }

        host.WriteInput("\n");
        await host.WaitUntilAsync(() => host.Data.Contains("\nport ", StringComparison.Ordinal), "port");
        int port = int.Parse(host.Data.Split("\nport ")[1].Split('\n')[0], CultureInfo.InvariantCulture);
        Task[] running = [.. workers.Select(worker => Task.Run(() => worker.RunAsync(port), Token)), Task.Run(() => ObserveAsync(port), Token)];
        await Task.WhenAll(workers.Select(worker => worker.Started));
        await Task.Delay(delay, Token); // the moment of the kill is random
        host.SendSignal(KillSignal);
        await host.WaitForExitAsync();
        await Task.WhenAll(running);
    }

    /// <summary>Reads the usage repeatedly. It never exceeds the limit, also together with the running uploads.</summary>
    private static async Task ObserveAsync(int port)
    {
        try
        {
            using RawFtpClient client = await RawFtpClient.LogInAsync(port);
            while (true)
            {
                string[] words = (await client.ExecuteAsync("SITE QUOTA", "200")).Split(' ');
                long used = long.Parse(words[2], CultureInfo.InvariantCulture);
                int running = Array.IndexOf(words, "uploads:");
                long reserved = running < 0 ? 0 : long.Parse(words[running + 1], CultureInfo.InvariantCulture);
                Assert.InRange(used + reserved, 0, Limit);
            }
        }
        catch (ConnectionLostException)
        {
            // The server was killed.
        }
    }

    private static async Task CheckEventsAsync(TestFolder folder, TestFolder state, QuotaWorker[] workers)
    {
        using var database = SqliteDatabase.Open(state["fts.db"]);
        var events = new SqlRecordDatabase(database);
        Assert.Null(await EventChain.VerifyAsync(events.ReadEventsAsync(0, Token), await events.ReadHeadAsync(Token), Token));
        var uploads = new Dictionary<string, int>();
        var removals = new HashSet<string>();
        await foreach (StoredEvent stored in events.ReadEventsAsync(0, Token))
        {
            AccountEvent happened = stored.Event;
            if (happened.Type == EventType.Uploaded)
            {
                uploads[happened.Path!] = uploads.GetValueOrDefault(happened.Path!) + 1;
            }
            else if (happened.Type is EventType.Deleted or EventType.Renamed)
            {
                removals.Add(happened.Path!);
            }
        }

        foreach (QuotaWorker worker in workers)
        {
            foreach (string path in worker.AcknowledgedUploads)
            {
                Assert.True(uploads.GetValueOrDefault(path) == 1, $"{path}: {uploads.GetValueOrDefault(path)} events");
            }

            foreach (string path in worker.UnacknowledgedUploads)
            {
                bool wasPublished = File.Exists(folder.Path + path) || removals.Contains(path);
                Assert.True(uploads.GetValueOrDefault(path) == (wasPublished ? 1 : 0), $"{path}: published {wasPublished}, but no such event");
            }
        }
    }

    private static string CountFiles(string folder)
    {
        FileInfo[] files = [.. new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => !file.Name.StartsWith(".fts-", StringComparison.Ordinal))];
        return $"{Text(files.Sum(file => file.Length))} {Text(files.Length)}";
    }

    private static string HostPath => Path.Combine(
        Path.GetDirectoryName(GetSourcePath())!, "../../../artifacts/bin/Fts.Crash.Host/release/Fts.Crash.Host");

    private static string GetSourcePath([CallerFilePath] string path = "") => path;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static int? ReadSetting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? int.Parse(value, CultureInfo.InvariantCulture) : null;
}
