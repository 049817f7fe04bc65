using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

public sealed class LftpTests
{
    [Theory]
    [InlineData("127.0.0.1", 1)]
    [InlineData("127.0.0.1", 4)]
    [InlineData("::1", 2)]
    public async Task A_mirror_up_and_a_mirror_down_keep_every_name_and_byte(string address, int parallel)
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
    public async Task Mirrors_go_compressed(bool encrypted)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted);
        string tree = TestTree.Create(server.Local.CreateFolder("tree"));
        File.WriteAllBytes(Path.Combine(tree, "zeros.bin"), new byte[10_000_000]);
        File.WriteAllText(Path.Combine(tree, "lines.txt"), string.Concat(Enumerable.Range(0, 300_000).Select(i => $"line {i}\n")));
        string[] settings = ["set ftp:use-mode-z yes", "set ftp:compressed-re \"^$\"", .. encrypted ? new[] { "set ftp:ssl-force yes", "set ftp:ssl-protect-data yes" } : []];

        ProcessResult ended = (await LftpAsync(server, ["debug 5", .. settings, "mirror -R tree /box", "mirror /box back"])).AssertSuccess();

        TreeSnapshot.AssertEqual(tree, server.WritableFolder);
        TreeSnapshot.AssertEqual(tree, server.Local["back"]);
        Assert.Contains("MODE Z", ended.Error + ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_mirror_transfers_nothing_and_one_that_deletes_removes_the_rest()
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
    public async Task Files_move_in_active_mode()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        TestTree.Create(server.Local.CreateFolder("tree"));

        (await LftpAsync(server, "set ftp:passive-mode off", "mirror -R tree /box", "mirror /box back")).AssertSuccess();

        TreeSnapshot.AssertEqual(server.Local["tree"], server.Local["back"]);
    }

    [Fact]
    public async Task Put_get_move_remove_and_glob_do_what_they_say()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        server.Local.Write("one.txt", "1");
        server.Local.Write("two.txt", "22");
        server.Local.Write("three.dat", "333");
        server.Local.CreateFolder("back");

        (await LftpAsync(
            server, "cd /box", "put one.txt", "mput two.txt three.dat", "mkdir -p deep/er", "mv one.txt deep/er/uno.txt", "get deep/er/uno.txt -o back/uno.txt",
            "mget -O back *.txt", "rm three.dat", "rm -r deep")).AssertSuccess();

        Assert.Equal(["two.txt 2"], TreeSnapshot.Create(server.WritableFolder).Select(line => line[..9]));
        Assert.Equal(["two.txt", "uno.txt"], Directory.EnumerateFiles(server.Local["back"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("yes")]
    [InlineData("no")]
    public async Task Listings_show_the_names_with_MLSD_and_with_LIST(string mlsd)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        TestTree.Create(server.WritableFolder, name => name.StartsWith('.'));
        string[] names = [.. Directory.EnumerateFileSystemEntries(server.WritableFolder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

        ProcessResult classified = (await LftpAsync(server, $"set ftp:use-mlsd {mlsd}", "cls -1 --sort=name /box")).AssertSuccess();
        ProcessResult plain = (await LftpAsync(server, "ls /box")).AssertSuccess();

        Assert.Equal(names, Lines(classified).Select(name => name.Replace("/box/", "", StringComparison.Ordinal).TrimEnd('/')).Order(StringComparer.Ordinal));
        Assert.All(names, name => Assert.Contains(name, plain.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_broken_upload_and_a_broken_download_are_continued()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.Copy(TestTree.LargeFile, server.GetServerPath("down.bin"));
        File.WriteAllBytes(server.Local["down.bin"], File.ReadAllBytes(TestTree.LargeFile)[..7_654_321]);
        File.Copy(TestTree.LargeFile, server.Local["up.bin"]);
        (await ProcessRunner.RunAsync(Tool.Require("curl"), server.Local, "-q", "-sS", "-u", $"{server.User}:{server.Password}", "--limit-rate", "8M", "--max-time", "1", "-T", "up.bin", server.GetUrl("up.bin"))).AssertFailure();

        (await LftpAsync(server, "get -c /box/down.bin", "put -c up.bin -o /box/up.bin")).AssertSuccess();

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["down.bin"]);
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.GetServerPath("up.bin"));
    }

    [Fact]
    public async Task One_file_comes_in_several_pieces_at_once()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.Copy(TestTree.LargeFile, server.GetServerPath("big.bin"));

        (await LftpAsync(server, "pget -n 4 /box/big.bin -o back.bin")).AssertSuccess();

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["back.bin"]);
    }

    private static string[] Lines(ProcessResult ended) => ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Every command must succeed: lftp would go on after a failed one.</summary>
    private static Task<ProcessResult> LftpAsync(ServerUnderTest server, params IEnumerable<string> commands)
    {
        string[] settings = ["set cmd:fail-exit yes", "set ssl:verify-certificate no", "set net:max-retries 2", "set net:timeout 10", "set net:reconnect-interval-base 1", "set ftp:charset UTF-8"];
        string open = $"open -u {server.User},{server.Password} ftp://{server.Authority}";
        return ProcessRunner.RunAsync(Tool.Require("lftp"), server.Local, "--norc", "-c", string.Join("; ", [.. settings, open, .. commands]));
    }
}
