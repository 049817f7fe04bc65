using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>The BSD client, by a script on its standard input, as thirty years of cron jobs do it.</summary>
public sealed class TnftpTests
{
    [Theory]
    [InlineData("127.0.0.1", "-p")]
    [InlineData("127.0.0.1", "-A")]
    [InlineData("::1", "-p")]
    public async Task A_file_goes_up_and_comes_back(string address, string mode)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(address);
        File.Copy(TestTree.LargeFile, server.Local["big.bin"]);

        ProcessResult ended = await TnftpAsync(server, mode, "binary", "cd /box", "put big.bin", "get big.bin back.bin", "size big.bin", "modtime big.bin");

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.GetServerPath("big.bin"));
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["back.bin"]);
        Assert.Contains("52428800", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_files_move_by_pattern()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        foreach (int number in Enumerable.Range(0, 20))
        {
            server.Local.Write($"file {number:00}.txt", new string('x', number * 1000));
        }

        server.Local.CreateFolder("back");
        await TnftpAsync(server, "-p", "binary", "cd /box", "mput file*.txt", "lcd back", "mget file*");

        Assert.Equal(20, Directory.GetFiles(server.WritableFolder).Length);
        TreeSnapshot.AssertEqual(server.WritableFolder, server.Local["back"]);
    }

    [Fact]
    public async Task Folders_are_made_entered_and_removed_and_files_renamed_and_deleted()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        server.Local.Write("a.txt", "a");
        server.Local.Write("b.txt", "b");

        ProcessResult ended = await TnftpAsync(
            server, "-p", "cd /box", "mkdir \"new folder\"", "cd \"new folder\"", "pwd", "put a.txt", "put b.txt", "rename a.txt c.txt", "delete b.txt", "ls", "cdup", "mkdir x", "rmdir x");

        Assert.Equal(["new folder/", "new folder/c.txt 1"], TreeSnapshot.Create(server.WritableFolder).Select(line => line.Length > 18 ? line[..18] : line));
        Assert.Contains("/box/new folder", ended.Output, StringComparison.Ordinal);
        Assert.Contains("c.txt", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_arrives_with_this_systems_line_ends_in_ascii_mode()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        string text = string.Concat(Enumerable.Range(1, 3000).Select(number => $"line {number}\n"));
        server.Local.Write("lines.txt", text);

        await TnftpAsync(server, "-p", "ascii", "cd /box", "put lines.txt", "get lines.txt back.txt");

        Assert.Equal(text, File.ReadAllText(server.GetServerPath("lines.txt")));
        Assert.Equal(text, File.ReadAllText(server.Local["back.txt"]));
    }

    [Fact]
    public async Task A_broken_download_is_continued()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.Copy(TestTree.LargeFile, server.GetServerPath("big.bin"));
        File.WriteAllBytes(server.Local["big.bin"], File.ReadAllBytes(TestTree.LargeFile)[..40_000_000]);

        await TnftpAsync(server, "-p", "binary", "cd /box", "reget big.bin");

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["big.bin"]);
    }

    [Fact]
    public async Task Machine_listings_are_understood()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.WriteAllText(server.GetServerPath("ten.txt"), "0123456789");

        ProcessResult ended = await TnftpAsync(server, "-p", "cd /box", "mlsd", "mlst ten.txt", "features", "rstatus", "help");

        Assert.Contains("size=10", ended.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("REST STREAM", ended.Output, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The program says 0 whatever happened, so a refusal in its output fails the test here.</summary>
    private static async Task<ProcessResult> TnftpAsync(ServerUnderTest server, string mode, params IEnumerable<string> commands)
    {
        string[] signIn = [$"open {server.Host} {server.Port}", $"user {server.User} {server.Password}"];
        string script = string.Join('\n', [.. signIn, .. commands, "bye", ""]);
        ProcessResult ended = (await ProcessRunner.RunAsync(Tool.Require("tnftp"), server.Local, script, ["-n", "-i", "-v", mode])).AssertSuccess();
        Assert.DoesNotMatch("(?m)^[45][0-9][0-9] ", ended.Output);
        return ended;
    }
}
