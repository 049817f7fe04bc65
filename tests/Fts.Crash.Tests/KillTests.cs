using System.Globalization;
using System.Net.Sockets;
using Fts.CrashTests.KillRestart;
using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests;

/// <summary>
/// A server killed with SIGKILL keeps every acknowledged change, makes other changes completely or not at all, and lets clients resume
/// interrupted uploads. <c>FTS_KILLS</c> sets the number of kills, <c>FTS_KILL_SEED</c> the seed of the workers' choices.
/// </summary>
public sealed class KillTests
{
    private const int DefaultKills = 40;

    private static readonly int Kills = ReadSetting("FTS_KILLS") ?? DefaultKills;
    private static readonly int Seed = ReadSetting("FTS_KILL_SEED") ?? Environment.TickCount;

    [Fact]
    public Task After_each_kill_acknowledged_files_are_complete_and_interrupted_uploads_can_be_resumed() => KillAsync(Kills);

    /// <summary>
    /// A kill cannot show whether data was flushed. This test shows that flushing, also as a group commit, breaks nothing.
    /// </summary>
    [Fact]
    public Task After_each_kill_a_durable_server_keeps_the_same_guarantees() => KillAsync((Kills + 3) / 4, "--durable");

    /// <summary>Such an upload begins with a copy of the old file, whose length must not be counted as received bytes.</summary>
    [Fact]
    public async Task After_a_kill_SIZE_reports_only_received_bytes_of_an_upload_that_replaces_a_part()
    {
        const int Start = 1_000, ReceivedEnd = 11_000;
        using var folder = new TestFolder();
        byte[] old = new byte[100_000], changed = new byte[200_000];
        Random.Shared.NextBytes(old);
        Random.Shared.NextBytes(changed);
        old.AsSpan(0, Start).CopyTo(changed);
        await File.WriteAllBytesAsync(folder["file"], old, TestContext.Current.CancellationToken);
        await using (RunningServer killed = await RunningServer.StartOnFolderAsync(folder, [], []))
        {
            using RawFtpClient interruptedClient = await RawFtpClient.LogInAsync(killed.Port);
            using Socket data = await interruptedClient.OpenDataConnectionAsync();
            await interruptedClient.ExecuteAsync($"ALLO {changed.Length}", "200");
            await interruptedClient.ExecuteAsync($"REST {Start}", "350");
            await interruptedClient.ExecuteAsync("STOR file", "150");
            await RawFtpClient.SendAsync(data, changed.AsMemory(Start, ReceivedEnd - Start));
            string stagingFile = Assert.Single(folder.Names, name => name != "file");
            using var deadline = new CancellationTokenSource(Deadline.Default);
            while (!(await File.ReadAllBytesAsync(folder[stagingFile], deadline.Token)).AsSpan().StartsWith(changed.AsSpan(0, ReceivedEnd)))
            {
                // No event reports the writes of another process: poll until the deadline.
                await Task.Delay(10, deadline.Token);
            }

            killed.Program.SendSignal(9);
            await killed.Program.WaitForExitAsync();
        }

        await using RunningServer server = await RunningServer.StartOnFolderAsync(folder, [], []);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        int size = int.Parse((await client.ExecuteAsync("SIZE file", "213"))[4..], CultureInfo.InvariantCulture);
        Assert.InRange(size, 0, ReceivedEnd);
        await client.ExecuteAsync($"REST {size}", "350");
        client.AssertReply(await client.UploadAsync("STOR file", changed.AsMemory(size)), "226");
        Assert.Equal(changed, await File.ReadAllBytesAsync(folder["file"], TestContext.Current.CancellationToken));
    }

    private static async Task KillAsync(int kills, params string[] options)
    {
        using var run = new KillRestartRun(Seed, options);
        await run.RunAsync(kills);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"FTS_KILL_SEED={Seed}: {kills} kills, {run.ResumedUploads} uploads resumed, {run.UnfinishedAppends} appends interrupted");
        Assert.True(run.ResumedUploads > 0 || kills < DefaultKills / 4,
            $"FTS_KILL_SEED={Seed}: no upload was resumed in {kills} kills, so resumption was not tested.");
    }

    private static int? ReadSetting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? int.Parse(value, CultureInfo.InvariantCulture) : null;
}
