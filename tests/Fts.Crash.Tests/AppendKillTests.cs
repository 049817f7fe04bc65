using System.Globalization;
using System.Security.Cryptography;
using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests;

/// <summary>
/// A server that is killed at each system call of the commit of an append. strace sends the signal, so that the moment does not depend on
/// timing. After the next start the file has its old or its whole new content.
/// </summary>
public sealed class AppendKillTests
{
    /// <summary>Two calls of copy_file_range(2) append this number of bytes.</summary>
    private const int AppendedBytes = 20 * 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>
    /// The system call at which the server is killed, its number, and the command that is sent before the upload.
    /// </summary>
    public static TheoryData<string, int, string> Kills
    {
        get
        {
            var data = new TheoryData<string, int, string>();
            foreach (string rest in (string[])["", "REST 1000"])
            {
                data.Add("fremovexattr", 1, rest); // the record is written
                data.Add("copy_file_range", 1, rest); // nothing is appended
                data.Add("copy_file_range", 2, rest); // a part is appended
                data.Add("unlinkat", 1, rest); // everything is appended, before the staging file is deleted
                data.Add("unlinkat", 2, rest); // before the record is deleted
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Kills))]
    public async Task A_killed_append_is_completed_at_the_next_start(string call, int number, string rest)
    {
        using var folder = new TestFolder();
        byte[] old = RandomNumberGenerator.GetBytes(1000), added = RandomNumberGenerator.GetBytes(AppendedBytes);
        await KillAsync(folder, old, added, rest, $"--inject={call}:signal=KILL:when={number}");
        await AssertContentAsync(folder, [.. old, .. added]);
    }

    /// <summary>The calls of fsync flush the record, the directory, the file, and the directory again.</summary>
    [Theory]
    [InlineData("fsync", 1)]
    [InlineData("fsync", 2)]
    [InlineData("fsync", 3)]
    [InlineData("fsync", 4)]
    [InlineData("copy_file_range", 2)]
    [InlineData("unlinkat", 1)]
    [InlineData("unlinkat", 2)]
    public async Task A_killed_durable_append_is_completed_at_the_next_start(string call, int number)
    {
        using var folder = new TestFolder();
        byte[] old = RandomNumberGenerator.GetBytes(1000), added = RandomNumberGenerator.GetBytes(AppendedBytes);
        await KillAsync(folder, old, added, "", $"--inject={call}:signal=KILL:when={number}", "--durable");
        await AssertContentAsync(folder, [.. old, .. added]);
    }

    [Fact]
    public async Task A_durable_append_that_is_killed_before_its_record_is_written_can_be_resumed()
    {
        using var folder = new TestFolder();
        byte[] old = RandomNumberGenerator.GetBytes(1000), added = RandomNumberGenerator.GetBytes(2000);
        await KillAsync(folder, old, added, "", "--inject=fdatasync:signal=KILL:when=1", "--durable");
        await using RunningServer server = await RunningServer.StartOnFolderAsync(folder, [], []);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        Assert.Equal(old, (await client.DownloadAsync("RETR file")).Content);
        string size = (await client.ExecuteAsync("SIZE file", "213"))[4..];
        Assert.Equal("3000", size);
        await client.ExecuteAsync("REST " + size, "350");
        client.AssertReply(await client.UploadAsync("STOR file", ReadOnlyMemory<byte>.Empty), "226");
        byte[] content = await File.ReadAllBytesAsync(folder["file"], Token);
        Assert.Equal([.. old, .. added], content);
        Assert.Equal(["file"], folder.Names);
    }

    /// <summary>Appends to the file with a server that strace kills during the commit.</summary>
    private static async Task KillAsync(
        TestFolder folder, byte[] old, byte[] added, string rest, string injection, params string[] options)
    {
        await SkipWithoutInjectionAsync();
        await File.WriteAllBytesAsync(folder["file"], old, Token);
        using var log = new TestFolder();
        string[] tracer =
        [
            "/usr/bin/strace", "-f", "-qq", "-e", "trace=copy_file_range,unlinkat,fsync,fdatasync,fremovexattr", injection,
            "-o", log["calls"],
        ];
        await using RunningServer server = await RunningServer.StartOnFolderAsync(folder, tracer, options);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        if (rest.Length > 0)
        {
            await client.ExecuteAsync(rest, "350");
        }

        await client.ExecuteAsync($"ALLO {added.Length.ToString(CultureInfo.InvariantCulture)}", "200");
        await Assert.ThrowsAsync<ConnectionLostException>(() => client.UploadAsync(rest.Length > 0 ? "STOR file" : "APPE file", added));
        await server.Program.WaitForExitAsync();
    }

    /// <summary>Reads the file through a new server. Only the file remains in the folder.</summary>
    private static async Task AssertContentAsync(TestFolder folder, byte[] expected)
    {
        await using RunningServer server = await RunningServer.StartOnFolderAsync(folder, [], []);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        await client.ExecuteAsync("SIZE file", "213 " + expected.Length.ToString(CultureInfo.InvariantCulture));
        (byte[]? content, string reply) = await client.DownloadAsync("RETR file");
        client.AssertReply(reply, "226");
        Assert.True(content.AsSpan().SequenceEqual(expected));
        Assert.Equal(["file"], folder.Names);
    }

    private static async Task SkipWithoutInjectionAsync()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed.");
        await using RunningProgram probe = RunningProgram.StartFile(
            "/usr/bin/strace", "/", ["-f", "-o", "/dev/null", "--inject=fsync:signal=KILL:when=1000", "true"]);
        Assert.SkipUnless(await probe.WaitForExitAsync() == 0, $"Tracing is not allowed here: {probe.Messages}");
    }
}
