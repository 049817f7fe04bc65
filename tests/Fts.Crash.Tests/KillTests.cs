using System.Globalization;
using System.Net.Sockets;
using Fts.CrashTests.KillRestart;
using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests;

/// <summary>
/// Killed without a warning, at any moment, the server keeps its word: what it acknowledged is there and whole, what it did not is all or
/// nothing, and broken uploads go on. <c>FTS_KILLS</c> sets how often, <c>FTS_KILL_SEED</c> what is done meanwhile.
/// </summary>
public sealed class KillTests
{
    private const int DefaultKills = 40;

    private static readonly int Kills = ReadSetting("FTS_KILLS") ?? DefaultKills;
    private static readonly int Seed = ReadSetting("FTS_KILL_SEED") ?? Environment.TickCount;

    [Fact]
    public Task Acknowledged_files_are_whole_and_broken_uploads_go_on_after_each_kill() => KillAsync(Kills);

    /// <summary>A kill does not show whether anything was flushed; it shows that flushing, and doing it for several at once, changes
    /// nothing else.</summary>
    [Fact]
    public Task So_they_are_when_every_commit_is_flushed() => KillAsync((Kills + 3) / 4, "--durable");

    /// <summary>Such an upload begins with a copy of the old file, whose length must not be taken for what has come.</summary>
    [Fact]
    public async Task What_SIZE_tells_after_a_kill_has_come_also_of_an_upload_that_replaces_only_a_part()
    {
        const int Start = 1_000, Come = 11_000;
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
            await RawFtpClient.SendAsync(data, changed.AsMemory(Start, Come - Start));
            string pending = Assert.Single(folder.Names, name => name != "file");
            using var deadline = new CancellationTokenSource(Deadline.Default);
            while (!(await File.ReadAllBytesAsync(folder[pending], deadline.Token)).AsSpan().StartsWith(changed.AsSpan(0, Come)))
            {
                // Nobody tells what another process has written: look again until the deadline.
                await Task.Delay(10, deadline.Token);
            }

            killed.Program.SendSignal(9);
            await killed.Program.WaitForExitAsync();
        }

        await using RunningServer server = await RunningServer.StartOnFolderAsync(folder, [], []);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        int size = int.Parse((await client.ExecuteAsync("SIZE file", "213"))[4..], CultureInfo.InvariantCulture);
        Assert.InRange(size, 0, Come);
        await client.ExecuteAsync($"REST {size}", "350");
        client.AssertReply(await client.UploadAsync("STOR file", changed.AsMemory(size)), "226");
        Assert.Equal(changed, await File.ReadAllBytesAsync(folder["file"], TestContext.Current.CancellationToken));
    }

    private static async Task KillAsync(int kills, params string[] options)
    {
        using var run = new KillRestartRun(Seed, options);
        await run.RunAsync(kills);
        TestContext.Current.TestOutputHelper?.WriteLine($"FTS_KILL_SEED={Seed}: {kills} kills, {run.ResumedUploads} uploads continued");
        Assert.True(run.ResumedUploads > 0 || kills < DefaultKills / 4,
            $"FTS_KILL_SEED={Seed}: no upload was continued in {kills} kills, which leaves untested whether any could be.");
    }

    private static int? ReadSetting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? int.Parse(value, CultureInfo.InvariantCulture) : null;
}
