using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>The BSD client, controlled by a script on standard input, as in many cron jobs.</summary>
public sealed class TnftpTests
{
    [Theory]
    [InlineData("127.0.0.1", "-p")]
    [InlineData("127.0.0.1", "-A")]
    [InlineData("::1", "-p")]
    public async Task A_file_is_uploaded_and_downloaded(string address, string mode)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(address);
        File.Copy(TestTree.LargeFile, server.Local["big.bin"]);

        ProcessResult result = await TnftpAsync(
            server, mode, "binary", "cd /box", "put big.bin", "get big.bin back.bin", "size big.bin", "modtime big.bin");

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.GetServerPath("big.bin"));
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["back.bin"]);
        Assert.Contains("52428800", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_files_are_transferred_by_pattern()
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
    public async Task Folders_are_created_entered_and_removed_and_files_are_renamed_and_deleted()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        server.Local.Write("a.txt", "a");
        server.Local.Write("b.txt", "b");

        ProcessResult result = await TnftpAsync(
            server, "-p", "cd /box", "mkdir \"new folder\"", "cd \"new folder\"", "pwd", "put a.txt", "put b.txt", "rename a.txt c.txt",
            "delete b.txt", "ls", "cdup", "mkdir x", "rmdir x");

        Assert.Equal(
            ["new folder/", "new folder/c.txt 1"],
            TreeSnapshot.Create(server.WritableFolder).Select(line => line.Length > 18 ? line[..18] : line));
        Assert.Contains("/box/new folder", result.Output, StringComparison.Ordinal);
        Assert.Contains("c.txt", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASCII_mode_stores_and_returns_text_with_the_line_endings_of_this_system()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        string text = string.Concat(Enumerable.Range(1, 3000).Select(number => $"line {number}\n"));
        server.Local.Write("lines.txt", text);

        await TnftpAsync(server, "-p", "ascii", "cd /box", "put lines.txt", "get lines.txt back.txt");

        Assert.Equal(text, File.ReadAllText(server.GetServerPath("lines.txt")));
        Assert.Equal(text, File.ReadAllText(server.Local["back.txt"]));
    }

    [Fact]
    public async Task An_interrupted_download_is_resumed()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.Copy(TestTree.LargeFile, server.GetServerPath("big.bin"));
        File.WriteAllBytes(server.Local["big.bin"], File.ReadAllBytes(TestTree.LargeFile)[..40_000_000]);

        await TnftpAsync(server, "-p", "binary", "cd /box", "reget big.bin");

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["big.bin"]);
    }

    [Fact]
    public async Task MLSD_and_MLST_listings_are_displayed()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.WriteAllText(server.GetServerPath("ten.txt"), "0123456789");

        ProcessResult result = await TnftpAsync(server, "-p", "cd /box", "mlsd", "mlst ten.txt", "features", "rstatus", "help");

        Assert.Contains("size=10", result.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("REST STREAM", result.Output, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Runs the commands. A negative reply in the output fails the test, because tnftp always exits with 0.</summary>
    private static async Task<ProcessResult> TnftpAsync(ServerUnderTest server, string mode, params IEnumerable<string> commands)
    {
        string[] login = [$"open {server.Host} {server.Port}", $"user {server.User} {server.Password}"];
        string script = string.Join('\n', [.. login, .. commands, "bye", ""]);
        ProcessResult result = await ProcessRunner.RunAsync(Tool.Require("tnftp"), server.Local, script, ["-n", "-i", "-v", mode]);
        result.AssertSuccess();
        Assert.DoesNotMatch("(?m)^[45][0-9][0-9] ", result.Output);
        return result;
    }
}
