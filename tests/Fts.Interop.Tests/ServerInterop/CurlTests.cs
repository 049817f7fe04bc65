using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

public sealed class CurlTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task A_large_file_is_uploaded_and_downloaded_unchanged(string address)
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
    public async Task Every_way_to_open_a_data_connection_works(string address, params string[] options)
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
    public async Task A_tree_of_unusual_names_is_uploaded_with_its_folders_and_downloaded()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        string tree = TestTree.Create(server.Local.CreateFolder("tree"));
        IEnumerable<string> paths = Directory.EnumerateFiles(tree, "*", SearchOption.AllDirectories);
        string[] names = [.. paths.Select(path => Path.GetRelativePath(tree, path))];

        IEnumerable<string> uploads = names.Select(
            name => $"upload-file = {Quote($"{tree}/{name}")}\nurl = {Quote(server.GetUrl(name))}\n");
        string uploadConfig = server.Local.Write("up.cfg", string.Concat(uploads));
        (await CurlAsync(server, "-g", "--ftp-create-dirs", "-K", uploadConfig)).AssertSuccess();
        string back = server.Local.CreateFolder("back");
        IEnumerable<string> downloads = names.Select(
            name => $"url = {Quote(server.GetUrl(name))}\noutput = {Quote($"{back}/{name}")}\n");
        string downloadConfig = server.Local.Write("down.cfg", string.Concat(downloads));
        (await CurlAsync(server, "-g", "--create-dirs", "-K", downloadConfig)).AssertSuccess();

        Directory.Delete(Path.Combine(tree, "empty folder"), recursive: true);
        TreeSnapshot.AssertEqual(tree, server.WritableFolder);
        // curl creates no file for an empty download.
        Assert.Equal(WithoutEmptyFile(TreeSnapshot.Create(tree)), WithoutEmptyFile(TreeSnapshot.Create(back)));

        static IEnumerable<string> WithoutEmptyFile(IEnumerable<string> lines) =>
            lines.Where(line => !line.StartsWith("sizes/0.bin", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0-0", 0, 1)]
    [InlineData("100-199", 100, 100)]
    [InlineData("65000-", 65_000, 537)]
    [InlineData("-37", 65_500, 37)]
    public async Task A_range_of_a_file_has_exactly_the_requested_bytes(string range, int start, int length)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        TestTree.Create(server.WritableFolder);

        (await CurlAsync(server, "-r", range, "-o", server.Local["range"], server.GetUrl("sizes/65537.bin"))).AssertSuccess();

        byte[] content = File.ReadAllBytes(server.GetServerPath("sizes/65537.bin"));
        Assert.Equal(content[start..(start + length)], File.ReadAllBytes(server.Local["range"]));
    }

    [Fact]
    public async Task An_interrupted_download_is_resumed()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.Copy(TestTree.LargeFile, server.GetServerPath("big.bin"));
        byte[] all = File.ReadAllBytes(TestTree.LargeFile);
        File.WriteAllBytes(server.Local["big.bin"], all[..12_345_678]);

        (await CurlAsync(server, "-C", "-", "-o", server.Local["big.bin"], server.GetUrl("big.bin"))).AssertSuccess();

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["big.bin"]);
    }

    [Fact]
    public async Task An_interrupted_upload_is_resumed()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");

        string[] interrupt = ["--limit-rate", "8M", "--max-time", "1"];
        (await CurlAsync(server, [.. interrupt, "-T", TestTree.LargeFile, server.GetUrl("big.bin")])).AssertFailure();
        (await CurlAsync(server, "-C", "-", "-T", TestTree.LargeFile, server.GetUrl("big.bin"))).AssertSuccess();

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.GetServerPath("big.bin"));
        Assert.Single(TreeSnapshot.Create(server.WritableFolder));
    }

    [Fact]
    public async Task APPE_appends_to_a_file()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.WriteAllText(server.GetServerPath("log.txt"), "first\n");
        AllowWriteByOthers(server.GetServerPath("log.txt"));

        (await CurlAsync(server, "-a", "-T", server.Local.Write("more", "second\n"), server.GetUrl("log.txt"))).AssertSuccess();

        Assert.Equal("first\nsecond\n", File.ReadAllText(server.GetServerPath("log.txt")));
    }

    [Fact]
    public async Task Raw_commands_create_rename_and_delete()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.WriteAllText(server.GetServerPath("old name.txt"), "kept");
        File.WriteAllText(server.GetServerPath("gone.txt"), "gone");

        string[] commands =
        [
            "RNFR /box/old name.txt", "RNTO /box/new name.txt", "DELE /box/gone.txt", "MKD /box/created", "MKD /box/removed",
            "RMD /box/removed",
        ];
        (await CurlAsync(server, [.. commands.SelectMany(command => new[] { "-Q", command }), "-l", server.GetUrl("")])).AssertSuccess();

        Assert.Equal(["created", "new name.txt"], GetServerNames(server));
    }

    [Fact]
    public async Task A_listing_of_names_has_each_name_once()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        TestTree.Create(server.WritableFolder);

        ProcessResult names = (await CurlAsync(server, "-l", server.GetUrl(""))).AssertSuccess();

        IEnumerable<string> lines = names.Output.Split("\n", StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd('\r'));
        Assert.Equal(GetServerNames(server), lines.Where(name => name is not ("." or "..")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Many_files_are_downloaded_in_parallel()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        for (int i = 0; i < 60; i++)
        {
            File.WriteAllText(server.GetServerPath($"f{i:00}"), new string((char)('a' + (i % 26)), 1 + (i * 1000)));
        }

        string[] options = ["-Z", "--parallel-max", "8", "--create-dirs", "-o", server.Local["back/f#1"]];
        (await CurlAsync(server, [.. options, $"ftp://{server.Authority}/box/f[00-59]"])).AssertSuccess();

        TreeSnapshot.AssertEqual(server.WritableFolder, server.Local["back"]);
    }

    [Fact]
    public async Task A_missing_file_is_reported_as_missing()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");

        ProcessResult result = await CurlAsync(server, server.GetUrl("no such file"));

        // 78: "the resource referenced in the URL does not exist".
        Assert.Equal(78, result.ExitCode);
    }

    /// <summary>Lets every user write to a file, because the control peers run as another user than the tests.</summary>
    private static void AllowWriteByOthers(string path) => File.SetUnixFileMode(path, (UnixFileMode)0b110_110_110);

    private static IEnumerable<string?> GetServerNames(ServerUnderTest server) =>
        Directory.EnumerateFileSystemEntries(server.WritableFolder).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private static string Quote(string text)
    {
        string escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        return $"\"{escaped}\"";
    }

    private static Task<ProcessResult> CurlAsync(ServerUnderTest server, params IEnumerable<string> arguments) =>
        ProcessRunner.RunAsync(Tool.Require("curl"), server.Local, ["-q", "-sS", "-u", $"{server.User}:{server.Password}", .. arguments]);
}
