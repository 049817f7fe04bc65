using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Transfers;

/// <summary><c>mirror</c> in the shell and <c>fts mirror</c>: what differs is transferred, and nothing else is touched.</summary>
public sealed class MirrorTests : IAsyncLifetime
{
    private const int Interrupt = 2;

    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync("1");

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_tree_goes_both_ways_with_its_empty_folders_and_a_second_run_transfers_nothing(bool inShell)
    {
        CreateFiles(_folder["src"]);
        Task<(int Code, string Data, string Messages)> UpAsync() => inShell ? _server.RunClientAsync(_folder, "mirror -R src up/tree")
            : FtsAsync("src", Url("up/tree"));
        Task<(int Code, string Data, string Messages)> DownAsync() => inShell ? _server.RunClientAsync(_folder, "cd up", "mirror tree back")
            : FtsAsync(Url("up/tree"), "back");
        (int code, string data, string messages) = await UpAsync();
        Assert.True(code == 0, messages);
        Assert.Empty(data);
        Assert.Contains("uploaded 33 files (", messages, StringComparison.Ordinal);
        Assert.Contains(", 6 folders created, 1 link or device skipped", messages, StringComparison.Ordinal);
        Assert.Contains(
            "nothing to transfer, 33 files unchanged, 1 link or device skipped", (await UpAsync()).Messages, StringComparison.Ordinal);

        (code, _, messages) = await DownAsync();
        Assert.True(code == 0, messages);
        Assert.Contains("downloaded 33 files (", messages, StringComparison.Ordinal);
        Assert.Contains("nothing to transfer, 33 files unchanged", (await DownAsync()).Messages, StringComparison.Ordinal);
        Assert.Equal(ListTree("src").Where(line => !line.Contains("link", StringComparison.Ordinal)), ListTree("back"));
        Assert.DoesNotContain("> DELE", _server.Program.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_changed_is_transferred_and_what_is_only_there_stays()
    {
        CreateFiles(_folder["src"]);
        await FtsAsync("src", Url("t"));
        _folder.Write("src/a/f1", "another size");
        File.SetLastWriteTimeUtc(_folder["src/a/f2"], new DateTime(2021, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        _server.Folder.Write("t/theirs", "only there");
        (int code, _, string messages) = await FtsAsync("src", Url("t"));
        Assert.True(code == 0, messages);
        Assert.Contains("uploaded src/a/f1 (12 bytes", messages, StringComparison.Ordinal);
        Assert.Contains("uploaded src/a/f2 (2 bytes", messages, StringComparison.Ordinal);
        Assert.Contains("uploaded 2 files (14 B), 31 files unchanged", messages, StringComparison.Ordinal);
        Assert.Equal("another size", _server.Folder.Read("t/a/f1"));
        Assert.Equal("only there", _server.Folder.Read("t/theirs"));

        _folder.Write("src/mine", "only here");
        (code, _, messages) = await FtsAsync(Url("t"), "src");
        Assert.True(code == 0, messages);
        Assert.Contains("downloaded src/theirs (10 bytes", messages, StringComparison.Ordinal);
        Assert.Equal("only here", _folder.Read("src/mine"));
    }

    [Fact]
    public async Task A_dry_run_says_what_would_be_done_on_stdout_and_does_nothing()
    {
        CreateFiles(_folder["src"]);
        (int code, string data, string messages) = await FtsAsync("src", Url("t"), "--dry-run");
        Assert.Equal(0, code);
        Assert.Contains("create    t/a/b/empty/\n", data, StringComparison.Ordinal);
        Assert.Contains("upload    src/a/f2\n", data, StringComparison.Ordinal);
        Assert.Contains("dry run, nothing was changed: would upload 33 files (", messages, StringComparison.Ordinal);
        Assert.Empty(_server.Folder.Names);
        foreach (string verb in (string[])["MKD", "STOR", "MFMT", "DELE", "RMD"])
        {
            Assert.DoesNotContain($"> {verb}", _server.Program.Messages, StringComparison.Ordinal);
        }

        _server.Folder.Write("x", "x");
        (code, data, _) = await FtsAsync(Url(""), "back", "--dry-run");
        Assert.Equal((0, "create    back/\ndownload  back/x\n"), (code, data));
        Assert.Equal(["src"], _folder.Names);
    }

    [Fact]
    public async Task Links_are_not_followed_and_a_circle_ends()
    {
        Directory.CreateDirectory(_server.Folder["t/inner"]);
        _server.Folder.Write("t/inner/x", "x");
        File.CreateSymbolicLink(_server.Folder["t/inner/up"], "..");
        (int code, _, string messages) = await FtsAsync(Url("t"), "back");
        Assert.True(code == 0, messages);
        Assert.Contains(", 1 link or device skipped", messages, StringComparison.Ordinal);
        Assert.Equal(["inner", "inner/x=x"], ListTree("back"));

        // A link here in a folder's place leads where nothing was to be written.
        Directory.CreateDirectory(_folder["outside"]);
        Directory.CreateDirectory(_folder["other"]);
        File.CreateSymbolicLink(_folder["other/inner"], "../outside");
        (code, _, messages) = await FtsAsync(Url("t"), "other");
        Assert.Equal(9, code);
        Assert.Contains("other/inner is a link and is not replaced", messages, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder["outside"]));
    }

    [Fact]
    public async Task A_fifo_is_not_opened()
    {
        Directory.CreateDirectory(_folder["src"]);
        _folder.Write("src/x", "x");
        await using (RunningProgram maker = RunningProgram.StartFile("mkfifo", _folder.Path, ["src/fifo"]))
        {
            Assert.Equal(0, await maker.WaitForExitAsync());
        }

        (int code, _, string messages) = await FtsAsync("src", Url("t"));
        Assert.True(code == 0, messages);
        Assert.Equal(["x"], Directory.EnumerateFileSystemEntries(_server.Folder["t"]).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public async Task What_stands_in_the_way_is_named_and_the_rest_arrives()
    {
        CreateFiles(_folder["src"]);
        Directory.CreateDirectory(_server.Folder["t/a/f1"]);
        _server.Folder.Write("t/c", "a file where a folder is to be");
        (int code, _, string messages) = await FtsAsync("src", Url("t"));
        Assert.Equal(9, code);
        Assert.Contains("t/a/f1 is a folder on the server and is not replaced", messages, StringComparison.Ordinal);
        Assert.Contains("t/c is a file on the server and is not replaced", messages, StringComparison.Ordinal);
        Assert.Contains("uploaded 31 files (", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_that_lead_elsewhere_are_refused_and_count_as_failures()
    {
        const string Row = "-rw-r--r-- 1 o g 7 Jan  2  2020 ";
        Directory.CreateDirectory(_folder["in"]);
        string[] names = ["../evil", "..", "sub/x", _folder["absolute"], "back\\slash", "esc\e[2J", ".good.fts-part", "good", "good"];
        using ScriptedServer server = ScriptedServer.Start(
            new() { ["PWD"] = "257 \"/\"" },
            new() { ["LIST"] = ScriptedServer.CreatePayload(string.Concat(names.Select(name => $"{Row}{name}\r\n"))
                + "lrwxrwxrwx 1 o g 7 Jan  2  2020 link -> /etc\r\n"), ["RETR"] = ScriptedServer.CreatePayload("content") });
        (int code, _, string messages) =
            await RunningProgram.RunAsync(_folder["in"], ["mirror", $"ftp://127.0.0.1:{server.Port}/", "here"]);
        Assert.Equal(9, code);
        Assert.Contains("'../evil' cannot be a local file name", messages, StringComparison.Ordinal);
        Assert.Contains("1 link or device skipped", messages, StringComparison.Ordinal);
        Assert.DoesNotContain(messages, c => char.IsControl(c) && c != '\n');
        Assert.Equal(["good=content"], ListTree("in/here"));
        Assert.Equal(["in"], _folder.Names);
        Assert.Equal(["here"], Directory.EnumerateFileSystemEntries(_folder["in"]).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public async Task What_is_not_there_ends_with_6_and_a_file_is_no_tree()
    {
        _server.Folder.Write("x", "x");
        Assert.Equal(6, (await FtsAsync(Url("nowhere"), "back")).Code);
        Assert.Equal(6, (await FtsAsync("nowhere", Url("t"))).Code);
        Assert.Equal(1, (await FtsAsync(Url("x"), "back")).Code);
        Assert.Equal(2, (await _server.RunClientAsync(_folder, "mirror .")).Code);
        Assert.Empty(_folder.Names);
        Assert.Equal(["x"], _server.Folder.Names);
    }

    [Fact]
    public async Task Ctrl_c_stops_it_and_says_what_goes_on()
    {
        var never = new TaskCompletionSource();
        using ScriptedServer server = ScriptedServer.Start(
            new() { ["PWD"] = "257 \"/\"" },
            new() { ["LIST"] = ScriptedServer.CreatePayload("-rw-r--r-- 1 o g 7 Jan  2  2020 a\r\n-rw-r--r-- 1 o g 7 Jan  2  2020 b\r\n"),
                ["RETR"] = _ => never.Task });
        await using RunningProgram client =
            RunningProgram.Start(_folder.Path, ["mirror", $"ftp://127.0.0.1:{server.Port}/", "here", "--progress", "always"]);
        await client.WaitForOutputAsync("downloading 0 of 2 files");
        client.SendSignal(Interrupt);
        Assert.Equal(130, await client.WaitForExitAsync());
        Assert.Contains("stopped; downloaded 0 of 2 files", client.Messages, StringComparison.Ordinal);
        Assert.Contains($"try: fts mirror ftp://127.0.0.1:{server.Port}/ {Path.Combine(_folder.Path, "here")} --progress always",
            client.Messages, StringComparison.Ordinal);
    }

    private string Url(string path) => $"ftp://127.0.0.1:{_server.PortText}/{path}";

    private Task<(int Code, string Data, string Messages)> FtsAsync(params string[] arguments) =>
        RunningProgram.RunAsync(_folder.Path, ["mirror", .. arguments]);

    /// <summary>33 files in three folders, one folder that is empty, and a link.</summary>
    private static void CreateFiles(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "a", "b", "empty"));
        Directory.CreateDirectory(Path.Combine(folder, "c"));
        for (int i = 0; i < 30; i++)
        {
            File.WriteAllText(Path.Combine(folder, "a", $"f{i}"), new string('x', i));
        }

        File.WriteAllText(Path.Combine(folder, "a", "b", "deep"), "deep");
        File.WriteAllText(Path.Combine(folder, "c", "in c"), "c");
        File.WriteAllText(Path.Combine(folder, "top"), new string('t', 300_000));
        File.CreateSymbolicLink(Path.Combine(folder, "link"), "top");
    }

    private string[] ListTree(string name) =>
        [.. Directory.EnumerateFileSystemEntries(
            _folder[name], "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(path => Path.GetRelativePath(_folder[name], path) + (File.Exists(path) ? "=" + File.ReadAllText(path) : ""))
                .Order(StringComparer.Ordinal)];
}
