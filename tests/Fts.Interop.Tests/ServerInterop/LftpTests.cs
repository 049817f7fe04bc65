using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

public sealed class LftpTests
{
    [Theory]
    [InlineData("127.0.0.1", 1)]
    [InlineData("127.0.0.1", 4)]
    [InlineData("::1", 2)]
    public async Task A_mirror_in_both_directions_preserves_every_name_and_byte(string address, int parallel)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(address);
        string tree = TestTree.Create(server.Local.CreateFolder("tree"));
        File.Copy(TestTree.LargeFile, Path.Combine(tree, "big.bin"));

        (await LftpAsync(server, $"mirror -R --parallel={parallel} tree /box", $"mirror --parallel={parallel} /box back")).AssertSuccess();

        TreeSnapshot.AssertEqual(tree, server.WritableFolder);
        TreeSnapshot.AssertEqual(tree, server.Local["back"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_mirror_uses_compression(bool encrypted)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted);
        string tree = TestTree.Create(server.Local.CreateFolder("tree"));
        File.WriteAllBytes(Path.Combine(tree, "zeros.bin"), new byte[10_000_000]);
        IEnumerable<string> lines = Enumerable.Range(0, 300_000).Select(i => $"line {i}\n");
        File.WriteAllText(Path.Combine(tree, "lines.txt"), string.Concat(lines));
        string[] compression = ["set ftp:use-mode-z yes", "set ftp:compressed-re \"^$\""];
        string[] encryption = encrypted ? ["set ftp:ssl-force yes", "set ftp:ssl-protect-data yes"] : [];
        string[] mirrors = ["mirror -R tree /box", "mirror /box back"];

        ProcessResult result = (await LftpAsync(server, ["debug 5", .. compression, .. encryption, .. mirrors])).AssertSuccess();

        TreeSnapshot.AssertEqual(tree, server.WritableFolder);
        TreeSnapshot.AssertEqual(tree, server.Local["back"]);
        Assert.Contains("MODE Z", result.Error + result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_mirror_transfers_nothing_and_a_mirror_with_delete_removes_extra_files()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        TestTree.Create(server.Local.CreateFolder("tree"));
        (await LftpAsync(server, "mirror -R tree /box")).AssertSuccess();

        ProcessResult second = (await LftpAsync(server, "mirror -R -v tree /box")).AssertSuccess();
        Directory.Delete(server.Local["tree/sizes"], recursive: true);
        (await LftpAsync(server, "mirror -R --delete tree /box")).AssertSuccess();

        Assert.DoesNotContain("Transferring", second.Output + second.Error, StringComparison.Ordinal);
        TreeSnapshot.AssertEqual(server.Local["tree"], server.WritableFolder);
    }

    [Fact]
    public async Task Files_are_transferred_in_active_mode()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        TestTree.Create(server.Local.CreateFolder("tree"));

        (await LftpAsync(server, "set ftp:passive-mode off", "mirror -R tree /box", "mirror /box back")).AssertSuccess();

        TreeSnapshot.AssertEqual(server.Local["tree"], server.Local["back"]);
    }

    [Fact]
    public async Task Put_get_mv_rm_and_patterns_work()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        server.Local.Write("one.txt", "1");
        server.Local.Write("two.txt", "22");
        server.Local.Write("three.dat", "333");
        server.Local.CreateFolder("back");

        (await LftpAsync(
            server, "cd /box", "put one.txt", "mput two.txt three.dat", "mkdir -p deep/er", "mv one.txt deep/er/uno.txt",
            "get deep/er/uno.txt -o back/uno.txt", "mget -O back *.txt", "rm three.dat", "rm -r deep")).AssertSuccess();

        Assert.Equal(["two.txt 2"], TreeSnapshot.Create(server.WritableFolder).Select(line => line[..9]));
        IEnumerable<string?> downloaded = Directory.EnumerateFiles(server.Local["back"]).Select(Path.GetFileName);
        Assert.Equal(["two.txt", "uno.txt"], downloaded.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("yes")]
    [InlineData("no")]
    public async Task Listings_contain_every_name_with_MLSD_and_with_LIST(string mlsd)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        TestTree.Create(server.WritableFolder, name => name.StartsWith('.'));
        IEnumerable<string> paths = Directory.EnumerateFileSystemEntries(server.WritableFolder);
        string[] names = [.. paths.Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

        ProcessResult classified = (await LftpAsync(server, $"set ftp:use-mlsd {mlsd}", "cls -1 --sort=name /box")).AssertSuccess();
        ProcessResult plain = (await LftpAsync(server, "ls /box")).AssertSuccess();

        IEnumerable<string> listed = classified.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(name => name.Replace("/box/", "", StringComparison.Ordinal).TrimEnd('/'));
        Assert.Equal(names, listed.Order(StringComparer.Ordinal));
        Assert.All(names, name => Assert.Contains(name, plain.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_interrupted_upload_and_an_interrupted_download_are_resumed()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.Copy(TestTree.LargeFile, server.GetServerPath("down.bin"));
        File.WriteAllBytes(server.Local["down.bin"], File.ReadAllBytes(TestTree.LargeFile)[..7_654_321]);
        File.Copy(TestTree.LargeFile, server.Local["up.bin"]);
        string[] login = ["-q", "-sS", "-u", $"{server.User}:{server.Password}"];
        string[] interruptedUpload = ["--limit-rate", "8M", "--max-time", "1", "-T", "up.bin", server.GetUrl("up.bin")];
        (await ProcessRunner.RunAsync(Tool.Require("curl"), server.Local, [.. login, .. interruptedUpload])).AssertFailure();

        (await LftpAsync(server, "get -c /box/down.bin", "put -c up.bin -o /box/up.bin")).AssertSuccess();

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["down.bin"]);
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.GetServerPath("up.bin"));
    }

    [Fact]
    public async Task A_file_is_downloaded_in_four_segments()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.Copy(TestTree.LargeFile, server.GetServerPath("big.bin"));

        (await LftpAsync(server, "pget -n 4 /box/big.bin -o back.bin")).AssertSuccess();

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["back.bin"]);
    }

    /// <summary>Runs the commands. By default lftp continues after a failed command, so fail-exit is set.</summary>
    private static Task<ProcessResult> LftpAsync(ServerUnderTest server, params IEnumerable<string> commands)
    {
        string[] settings =
        [
            "set cmd:fail-exit yes", "set ssl:verify-certificate no", "set net:max-retries 2", "set net:timeout 10",
            "set net:reconnect-interval-base 1", "set ftp:charset UTF-8",
        ];
        string open = $"open -u {server.User},{server.Password} ftp://{server.Authority}";
        string script = string.Join("; ", [.. settings, open, .. commands]);
        return ProcessRunner.RunAsync(Tool.Require("lftp"), server.Local, "--norc", "-c", script);
    }
}
