using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests;

/// <summary>
/// The order of flushes, changes and replies, traced with strace. Killing a process cannot show what a power failure would lose.
/// </summary>
public sealed class FlushTests
{
    private static readonly string[] s_flushes = ["fsync", "fdatasync", "syncfs"];

    /// <summary>A size copied by the portable engine, and one copied by the kernel, in bytes.</summary>
    public static TheoryData<int> Sizes => [1_000, 3_000_000];

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Durable_flushes_the_file_renames_it_flushes_the_folder_and_then_sends_226(int size)
    {
        using var folder = new TestFolder();
        using var log = new TestFolder();
        string[] calls = await TraceAsync(folder, log, client => StoreAsync(client, size), "--durable");

        int rename = Array.FindLastIndex(calls, call => call.Contains("renameat2(", StringComparison.Ordinal));
        int done = Array.FindLastIndex(calls, call => call.Contains("\"226 ", StringComparison.Ordinal));
        Assert.True(calls.Take(rename).Any(IsFlush), string.Join('\n', calls));
        Assert.True(calls.Take(done).Skip(rename).Any(IsFlush), string.Join('\n', calls));
    }

    [Fact]
    public async Task Without_durable_nothing_is_flushed()
    {
        using var folder = new TestFolder();
        using var log = new TestFolder();
        Assert.DoesNotContain(await TraceAsync(folder, log, client => StoreAsync(client, 1_000)), IsFlush);
    }

    [Theory]
    [InlineData("MKD new", "mkdirat(", "257 ")]
    [InlineData("RMD folder", "unlinkat(", "250 ")]
    [InlineData("DELE old", "unlinkat(", "250 ")]
    [InlineData("RNTO new", "renameat2(", "250 ")]
    public async Task Durable_flushes_the_folder_before_it_acknowledges_other_changes(string command, string call, string reply)
    {
        using var folder = new TestFolder();
        using var log = new TestFolder();
        folder.Write("old", "old");
        Directory.CreateDirectory(folder["folder"]);
        string[] calls = await TraceAsync(
            folder,
            log,
            async client =>
            {
                await client.ExecuteAsync("RNFR old", "350");
                await client.ExecuteAsync(command, reply);
            },
            "--durable");

        int change = Array.FindLastIndex(calls, line => line.Contains(call, StringComparison.Ordinal));
        int done = Array.FindLastIndex(calls, line => line.Contains('"' + reply, StringComparison.Ordinal));
        Assert.True(calls.Take(done).Skip(change).Any(IsFlush), string.Join('\n', calls));
    }

    private static async Task StoreAsync(RawFtpClient client, int size) =>
        client.AssertReply(await client.UploadAsync("STOR file", new byte[size]), "226");

    /// <summary>
    /// Returns true for a flush that succeeded. strace splits a call into two lines if it traced another thread in between.
    /// </summary>
    private static bool IsFlush(string call) =>
        call.EndsWith(" = 0", StringComparison.Ordinal) && s_flushes.Any(
            flush => call.Contains(flush + "(", StringComparison.Ordinal) || call.Contains(flush + " resumed", StringComparison.Ordinal));

    /// <summary>
    /// Runs <paramref name="act"/> and QUIT against a traced server. Returns its system calls that flush, change or send, in their order.
    /// </summary>
    private static async Task<string[]> TraceAsync(TestFolder folder, TestFolder log, Func<RawFtpClient, Task> act, params string[] options)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed.");
        await using (RunningProgram probe = RunningProgram.StartFile("/usr/bin/strace", "/", ["-f", "-o", "/dev/null", "true"]))
        {
            Assert.SkipUnless(await probe.WaitForExitAsync() == 0, $"Tracing is not allowed here: {probe.Messages}");
        }

        string[] tracer = ["/usr/bin/strace", "-f", "-qq", "-s", "16", "-e",
            "trace=fsync,fdatasync,syncfs,renameat2,unlinkat,mkdirat,sendmsg,sendto,write", "-o", log["calls"]];
        await using RunningServer server = await RunningServer.StartOnFolderAsync(folder, tracer, options);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        await act(client);
        await client.ExecuteAsync("QUIT", "221");
        using var deadline = new CancellationTokenSource(Deadline.Default);
        while (true)
        {
            string[] calls = await File.ReadAllLinesAsync(log["calls"], deadline.Token);
            if (calls.Any(call => call.Contains("\"221 ", StringComparison.Ordinal)))
            {
                return calls;
            }

            // No event reports the writes of strace: poll until the deadline.
            await Task.Delay(10, deadline.Token);
        }
    }
}
