using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Processes;
using Fts.Server;

namespace Fts.Interop.Tests.ServerInterop;

public sealed class RcloneTests
{
    [Theory]
    [InlineData("127.0.0.1", "")]
    [InlineData("127.0.0.1", "disable_mlsd = true")]
    [InlineData("127.0.0.1", "disable_epsv = true")]
    [InlineData("::1", "")]
    public async Task A_tree_is_copied_in_both_directions_and_checked(string address, string setting)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(address);
        string tree = TestTree.Create(server.Local.CreateFolder("tree"));
        File.Copy(TestTree.LargeFile, Path.Combine(tree, "big.bin"));

        (await RcloneAsync(server, setting, "copy", "--create-empty-src-dirs", "tree", "peer:box")).AssertSuccess();
        (await RcloneAsync(server, setting, "check", "--download", "tree", "peer:box")).AssertSuccess();
        (await RcloneAsync(server, setting, "copy", "--create-empty-src-dirs", "peer:box", "back")).AssertSuccess();

        TreeSnapshot.AssertEqual(tree, server.WritableFolder);
        TreeSnapshot.AssertEqual(tree, server.Local["back"]);
    }

    /// <summary>Go's TLS closes an upload without reading from it. The large file does not fit into all socket buffers together.</summary>
    /// <remarks>
    /// All sessions of rclone share their TLS session tickets, so that a data connection may present the ticket of another session. A
    /// server that requires resumption refuses it. With one session at a time, rclone has only tickets of that session.
    /// </remarks>
    [Theory]
    [InlineData("disable_tls13 = true", FtpDataBinding.Observe)]
    [InlineData("disable_tls13 = false", FtpDataBinding.Observe)]
    [InlineData("disable_tls13 = true\nconcurrency = 1", FtpDataBinding.Require)]
    [InlineData("disable_tls13 = false\nconcurrency = 1", FtpDataBinding.Require)]
    public async Task Over_TLS_files_of_all_sizes_are_copied_in_both_directions(string setting, FtpDataBinding binding)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(
            "127.0.0.1", encrypted: true, options => options with { Tls = options.Tls! with { DataBinding = binding } });
        string files = server.Local.CreateFolder("files");
        File.Copy(TestTree.LargeFile, Path.Combine(files, "large.bin"));
        foreach (int size in (int[])[0, 1, 64 * 1024])
        {
            await File.WriteAllBytesAsync(Path.Combine(files, $"{size}.bin"), new byte[size], TestContext.Current.CancellationToken);
        }

        setting += "\nexplicit_tls = true\nno_check_certificate = true";
        for (int i = 0; i < 3; i++)
        {
            (await RcloneAsync(server, setting, "copy", "files", $"peer:box/{i}")).AssertSuccess();
            (await RcloneAsync(server, setting, "copy", $"peer:box/{i}", $"back{i}")).AssertSuccess();
            TreeSnapshot.AssertEqual(files, server.GetServerPath($"{i}"));
            TreeSnapshot.AssertEqual(files, server.Local[$"back{i}"]);
        }
    }

    [Fact]
    public async Task A_second_copy_transfers_nothing_because_the_last_modified_times_are_equal()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        string tree = TestTree.Create(server.Local.CreateFolder("tree"));
        foreach (string file in Directory.EnumerateFiles(tree, "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        }

        (await RcloneAsync(server, "", "copy", "tree", "peer:box")).AssertSuccess();
        ProcessResult second = (await RcloneAsync(server, "", "copy", "-v", "tree", "peer:box")).AssertSuccess();

        Assert.DoesNotContain("Copied", second.Error, StringComparison.Ordinal);
        Assert.Equal(new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc), File.GetLastWriteTimeUtc(server.GetServerPath("sizes/4096.bin")));
    }

    [Fact]
    public async Task A_tree_is_listed_moved_and_purged()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        string tree = TestTree.Create(server.Local.CreateFolder("tree"));
        (await RcloneAsync(server, "", "copy", "tree", "peer:box/tree")).AssertSuccess();

        ProcessResult listed = (await RcloneAsync(server, "", "lsf", "-R", "--files-only", "peer:box/tree")).AssertSuccess();
        (await RcloneAsync(server, "", "moveto", "peer:box/tree", "peer:box/moved")).AssertSuccess();
        int moved = Directory.EnumerateFiles(server.GetServerPath("moved"), "*", SearchOption.AllDirectories).Count();
        (await RcloneAsync(server, "", "purge", "peer:box/moved")).AssertSuccess();

        string[] paths = Directory.GetFiles(tree, "*", SearchOption.AllDirectories);
        string[] listedNames = listed.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            paths.Select(path => Path.GetRelativePath(tree, path)).Order(StringComparer.Ordinal),
            listedNames.Order(StringComparer.Ordinal));
        Assert.Equal(paths.Length, moved);
        Assert.Empty(Directory.EnumerateFileSystemEntries(server.WritableFolder));
    }

    private static async Task<ProcessResult> RcloneAsync(ServerUnderTest server, string setting, params IEnumerable<string> arguments)
    {
        Tool rclone = Tool.Require("rclone");
        string password = (await ProcessRunner.RunAsync(rclone, server.Local, "obscure", server.Password)).AssertSuccess().Output.Trim();
        string host = server.Host.Contains(':', StringComparison.Ordinal) ? $"[{server.Host}]" : server.Host;
        string configuration = server.Local.Write(
            "rclone.conf",
            $"[peer]\ntype = ftp\nhost = {host}\nport = {server.Port}\nuser = {server.User}\npass = {password}\n{setting}\n");
        string[] options = ["--config", configuration, "--retries", "1", "--low-level-retries", "2"];
        return await ProcessRunner.RunAsync(rclone, server.Local, [.. options, .. arguments]);
    }
}
