using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

public sealed class CurlTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task A_big_file_goes_up_and_comes_back_unchanged(string address)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(address);

        (await CurlAsync(server, "-T", TestTree.LargeFile, server.GetUrl("big.bin"))).AssertSuccess();
        (await CurlAsync(server, "-o", server.Local["back.bin"], server.GetUrl("big.bin"))).AssertSuccess();

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.GetServerPath("big.bin"));
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["back.bin"]);
    }

    [Theory]
    [InlineData("127.0.0.1", "--ftp-pasv")]
    [InlineData("127.0.0.1", "--disable-epsv")]
    [InlineData("127.0.0.1", "-P-")]
    [InlineData("127.0.0.1", "-P-", "--disable-eprt")]
    [InlineData("::1", "--ftp-pasv")]
    [InlineData("::1", "-P-")]
    public async Task Every_way_to_make_a_data_connection_works(string address, params string[] options)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(address);
        string file = server.Local.Write("note.txt", "one line\n");

        (await CurlAsync(server, [.. options, "-T", file, server.GetUrl("note.txt")])).AssertSuccess();
        ProcessResult back = (await CurlAsync(server, [.. options, server.GetUrl("note.txt")])).AssertSuccess();
        ProcessResult list = (await CurlAsync(server, [.. options, server.GetUrl("")])).AssertSuccess();

        Assert.Equal("one line\n", back.Output);
        Assert.Contains("note.txt", list.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tree_of_awkward_names_goes_up_making_its_folders_and_comes_back()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        string tree = TestTree.Create(server.Local.CreateFolder("tree"));
        string[] names = [.. Directory.EnumerateFiles(tree, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(tree, path))];

        string ups = server.Local.Write("up.cfg", string.Concat(names.Select(name => $"upload-file = {Quote($"{tree}/{name}")}\nurl = {Quote(server.GetUrl(name))}\n")));
        (await CurlAsync(server, "-g", "--ftp-create-dirs", "-K", ups)).AssertSuccess();
        string back = server.Local.CreateFolder("back");
        string downs = server.Local.Write("down.cfg", string.Concat(names.Select(name => $"url = {Quote(server.GetUrl(name))}\noutput = {Quote($"{back}/{name}")}\n")));
        (await CurlAsync(server, "-g", "--create-dirs", "-K", downs)).AssertSuccess();

        Directory.Delete(Path.Combine(tree, "empty folder"), recursive: true);
        TreeSnapshot.AssertEqual(tree, server.WritableFolder);
        // curl makes no file for an empty download.
        Assert.Equal(TreeSnapshot.Create(tree).Where(line => !line.StartsWith("sizes/0.bin", StringComparison.Ordinal)), TreeSnapshot.Create(back).Where(line => !line.StartsWith("sizes/0.bin", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("0-0", 0, 1)]
    [InlineData("100-199", 100, 100)]
    [InlineData("65000-", 65_000, 537)]
    [InlineData("-37", 65_500, 37)]
    public async Task A_range_of_a_file_is_exactly_those_bytes(string range, int start, int length)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        TestTree.Create(server.WritableFolder);

        (await CurlAsync(server, "-r", range, "-o", server.Local["part"], server.GetUrl("sizes/65537.bin"))).AssertSuccess();

        Assert.Equal(File.ReadAllBytes(server.GetServerPath("sizes/65537.bin"))[start..(start + length)], File.ReadAllBytes(server.Local["part"]));
    }

    [Fact]
    public async Task A_broken_download_is_resumed()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.Copy(TestTree.LargeFile, server.GetServerPath("big.bin"));
        byte[] all = File.ReadAllBytes(TestTree.LargeFile);
        File.WriteAllBytes(server.Local["big.bin"], all[..12_345_678]);

        (await CurlAsync(server, "-C", "-", "-o", server.Local["big.bin"], server.GetUrl("big.bin"))).AssertSuccess();

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["big.bin"]);
    }

    [Fact]
    public async Task A_broken_upload_is_resumed()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");

        (await CurlAsync(server, "--limit-rate", "8M", "--max-time", "1", "-T", TestTree.LargeFile, server.GetUrl("big.bin"))).AssertFailure();
        (await CurlAsync(server, "-C", "-", "-T", TestTree.LargeFile, server.GetUrl("big.bin"))).AssertSuccess();

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.GetServerPath("big.bin"));
        Assert.Single(TreeSnapshot.Create(server.WritableFolder));
    }

    [Fact]
    public async Task A_file_is_appended_to()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.WriteAllText(server.GetServerPath("log.txt"), "first\n");
        LetOthersWrite(server.GetServerPath("log.txt"));

        (await CurlAsync(server, "-a", "-T", server.Local.Write("more", "second\n"), server.GetUrl("log.txt"))).AssertSuccess();

        Assert.Equal("first\nsecond\n", File.ReadAllText(server.GetServerPath("log.txt")));
    }

    [Fact]
    public async Task Quoted_commands_make_rename_and_remove()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.WriteAllText(server.GetServerPath("old name.txt"), "kept");
        File.WriteAllText(server.GetServerPath("gone.txt"), "gone");

        string[] commands = ["RNFR /box/old name.txt", "RNTO /box/new name.txt", "DELE /box/gone.txt", "MKD /box/made", "MKD /box/unmade", "RMD /box/unmade"];
        (await CurlAsync(server, [.. commands.SelectMany(command => new[] { "-Q", command }), "-l", server.GetUrl("")])).AssertSuccess();

        Assert.Equal(["made", "new name.txt"], Directory.EnumerateFileSystemEntries(server.WritableFolder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_listing_of_names_has_each_name_once()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        TestTree.Create(server.WritableFolder);

        ProcessResult names = (await CurlAsync(server, "-l", server.GetUrl(""))).AssertSuccess();

        Assert.Equal(
            Directory.EnumerateFileSystemEntries(server.WritableFolder).Select(Path.GetFileName).Order(StringComparer.Ordinal),
            names.Output.Split("\n", StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd('\r')).Where(name => name is not ("." or "..")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Many_files_come_in_parallel()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        for (int i = 0; i < 60; i++)
        {
            File.WriteAllText(server.GetServerPath($"f{i:00}"), new string((char)('a' + (i % 26)), 1 + (i * 1000)));
        }

        string[] options = ["-Z", "--parallel-max", "8", "--create-dirs", "-o", server.Local["back/f#1"], $"ftp://{server.Authority}/box/f[00-59]"];
        (await CurlAsync(server, options)).AssertSuccess();

        TreeSnapshot.AssertEqual(server.WritableFolder, server.Local["back"]);
    }

    [Fact]
    public async Task A_missing_file_is_said_to_be_missing()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");

        ProcessResult ended = await CurlAsync(server, server.GetUrl("no such file"));

        // 78: "the resource referenced in the URL does not exist".
        Assert.Equal(78, ended.ExitCode);
    }

    /// <summary>The control peers serve as another user than the one the tests run as.</summary>
    private static void LetOthersWrite(string path) => File.SetUnixFileMode(path, (UnixFileMode)0b110_110_110);

    private static string Quote(string text) => "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";

    private static Task<ProcessResult> CurlAsync(ServerUnderTest server, params IEnumerable<string> arguments) =>
        ProcessRunner.RunAsync(Tool.Require("curl"), server.Local, ["-q", "-sS", "-u", $"{server.User}:{server.Password}", .. arguments]);
}
