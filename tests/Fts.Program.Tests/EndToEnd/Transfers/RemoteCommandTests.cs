using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Transfers;

/// <summary><c>fts ls</c>, <c>cat</c>, <c>stat</c>, <c>rm</c>, <c>mv</c>, <c>mkdir</c>, <c>rmdir</c> and <c>open</c>.</summary>
public sealed partial class RemoteCommandTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync("1");
        Directory.CreateDirectory(_server.Folder["pub/old"]);
        Directory.CreateDirectory(_server.Folder["pub/empty"]);
        _server.Folder.Write("pub/b.txt", "two, b");
        _server.Folder.Write("pub/a b.txt", "a");
        _server.Folder.Write("pub/c.bin", "ccc");
        _server.Folder.Write("pub/old/x.txt", "xx");
        foreach (string name in (string[])["pub/b.txt", "pub/a b.txt", "pub/c.bin", "pub/old/x.txt", "pub/old", "pub/empty", "pub"])
        {
            DateTime time = new(2020, 1, 2, 3, 4, name.Length, DateTimeKind.Utc);
            Directory.SetLastWriteTimeUtc(_server.Folder[name], time);
        }

        // The first connection reports that it remembers the key of the server.
        Assert.Equal(0, (await FtsAsync("ls", Url(""))).Code);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Ls_prints_one_name_per_line()
    {
        Assert.Equal((0, "a b.txt\nb.txt\nc.bin\nempty/\nold/\n"), Result(await FtsAsync("ls", Url("pub"))));
        Assert.Equal((0, "a b.txt\nb.txt\n"), Result(await FtsAsync("ls", Url("pub/*.txt"))));
        Assert.Equal((0, "b.txt\n"), Result(await FtsAsync("ls", Url("pub/b.txt"))));
        Assert.Equal((0, "pub/b.txt\npub/old/x.txt\n"), Result(await FtsAsync("ls", Url("pub/b.txt"), Url("pub/old"))));
    }

    [Fact]
    public async Task Ls_long_and_recursive_is_separated_by_tabs_in_a_pipe()
    {
        const string expected = """
            -	1	2020-01-02T03:04:11Z	a b.txt
            -	6	2020-01-02T03:04:09Z	b.txt
            -	3	2020-01-02T03:04:09Z	c.bin
            d		2020-01-02T03:04:09Z	empty/
            d		2020-01-02T03:04:07Z	old/
            -	2	2020-01-02T03:04:13Z	old/x.txt

            """;
        Assert.Equal((0, expected), Result(await FtsAsync("ls", "-lR", Url("pub"))));
        Assert.Equal((0, expected), Result(await FtsAsync("ls", "-l", "--recursive", Url("pub/"))));
    }

    [Fact]
    public async Task Ls_sorts_by_size_by_time_and_in_reverse()
    {
        Assert.Equal((0, "b.txt\nc.bin\na b.txt\nempty/\nold/\n"), Result(await FtsAsync("ls", "-S", Url("pub"))));
        Assert.Equal((0, "a b.txt\nb.txt\nc.bin\nempty/\nold/\n"), Result(await FtsAsync("ls", "-t", Url("pub"))));
        Assert.Equal((0, "old/\nempty/\nc.bin\nb.txt\na b.txt\n"), Result(await FtsAsync("ls", "-r", Url("pub"))));
    }

    [Fact]
    public async Task A_closed_pipe_ends_a_listing_quietly()
    {
        for (int i = 0; i < 3000; i++)
        {
            _server.Folder.Write($"pub/old/{new string('n', 60)}{i}", "");
        }

        await using RunningProgram shell = RunningProgram.StartFile(
            "bash", _folder.Path, ["-c", $"'{PublishedProgram.Path}' ls {Url("pub/old")} | head -1; echo ${{PIPESTATUS[0]}}"]);
        Assert.Equal(0, await shell.WaitForExitAsync());
        Assert.Equal((new string('n', 60) + "0\n0\n", ""), (shell.Data, shell.Messages));
    }

    [Fact]
    public async Task Cat_writes_exactly_the_bytes()
    {
        byte[] content = RandomNumberGenerator.GetBytes(3_000_000);
        await File.WriteAllBytesAsync(_server.Folder["pub/random"], content, TestContext.Current.CancellationToken);
        string hash = Convert.ToHexStringLower(SHA256.HashData(content));
        await using RunningProgram shell = RunningProgram.StartFile(
            "bash", _folder.Path, ["-c", $"'{PublishedProgram.Path}' cat --progress always {Url("pub/random")} | sha256sum"]);
        Assert.Equal(0, await shell.WaitForExitAsync());
        Assert.Equal($"{hash}  -\n", shell.Data);
        Assert.Equal((0, "atwo, b"), Result(await FtsAsync("cat", Url("pub/*.txt"))));
    }

    [Fact]
    public async Task Stat_prints_the_metadata()
    {
        (int code, string data, _) = await FtsAsync("stat", Url("pub/b.txt"), Url("pub/old"));
        Assert.Equal(0, code);
        Assert.Contains(
            "path      pub/b.txt\nkind      file\nsize      6\nmodified  2020-01-02T03:04:09Z\n", data, StringComparison.Ordinal);
        Assert.Contains("\n\npath      pub/old\nkind      folder\nmodified  2020-01-02T03:04:07Z\n", data, StringComparison.Ordinal);
        Assert.Equal((6, ""), Result(await FtsAsync("stat", Url("pub/none"))));
    }

    [Fact]
    public async Task Rm_removes_a_file_without_a_question()
    {
        (int code, string data, string messages) = await FtsAsync("rm", Url("pub/b.txt"));
        Assert.Equal((0, "", "removed pub/b.txt\n"), (code, data, messages));
        Assert.False(File.Exists(_server.Folder["pub/b.txt"]));
        (code, _, messages) = await FtsAsync("rm", Url("pub/old"));
        Assert.Equal(1, code);
        Assert.Contains("it is a folder\n  try: rm -r", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rm_of_patterns_and_folders_needs_force_without_a_terminal()
    {
        (int code, _, string messages) = await FtsAsync("rm", Url("pub/*.txt"));
        Assert.Equal(2, code);
        Assert.Contains("removes 2 files, and fts cannot ask without a terminal", messages, StringComparison.Ordinal);
        Assert.Contains("try: --force", messages, StringComparison.Ordinal);
        (code, _, messages) = await FtsAsync("rm", "-r", Url("pub"));
        Assert.Equal(2, code);
        Assert.Contains("removes 4 files and 3 folders", messages, StringComparison.Ordinal);
        Assert.True(File.Exists(_server.Folder["pub/b.txt"]));
        Assert.Equal(0, (await FtsAsync("rm", "--force", Url("pub/*.txt"))).Code);
        Assert.Equal(["c.bin", "empty", "old"], Directory.EnumerateFileSystemEntries(_server.Folder["pub"])
            .Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        (code, _, messages) = await FtsAsync("rm", "-r", "-f", Url("pub"));
        Assert.Equal((0, "removed 5 of 5\n"), (code, messages));
        Assert.Empty(_server.Folder.Names);
    }

    [Fact]
    public async Task Rm_asks_on_a_terminal_and_keeps_everything_unless_the_answer_is_yes()
    {
        await using (RunningProgram no = RunningProgram.StartOnTerminal(_folder.Path, ["rm", "-r", Url("pub")]))
        {
            await no.WaitForOutputAsync("[y/N] ");
            Assert.Contains($"Remove 4 files and 3 folders from 127.0.0.1:{_server.PortText}?", no.Data, StringComparison.Ordinal);
            no.WriteInput("\r");
            Assert.Equal(130, await no.WaitForExitAsync());
        }

        Assert.True(File.Exists(_server.Folder["pub/old/x.txt"]));
        await using RunningProgram yes = RunningProgram.StartOnTerminal(_folder.Path, ["rm", Url("pub/*.txt")]);
        await yes.WaitForOutputAsync("[y/N] ");
        yes.WriteInput("y\r");
        Assert.Equal(0, await yes.WaitForExitAsync());
        Assert.False(File.Exists(_server.Folder["pub/b.txt"]));
    }

    [Theory]
    [InlineData("remove    pub/old/x.txt\nremove    pub/old/\n", "rm", "-r", "{url}pub/old", "--dry-run")]
    [InlineData("remove    pub/a b.txt\nremove    pub/b.txt\n", "rm", "{url}pub/*.txt", "-n")]
    [InlineData("rename    pub/b.txt -> pub/old/b.txt\n", "mv", "{url}pub/b.txt", "{url}pub/old", "--dry-run")]
    [InlineData("mkdir     new\n", "mkdir", "{url}new", "--dry-run")]
    [InlineData("rmdir     pub/empty\n", "rmdir", "{url}pub/empty", "--dry-run")]
    public async Task A_dry_run_sends_no_command_that_writes(string expected, params string[] arguments)
    {
        (int code, string data, string messages) = await FtsAsync([.. Expand(arguments), "--debug"]);
        Assert.True(code == 0, messages);
        Assert.Equal(expected, data);
        Assert.DoesNotMatch(WriteCommandPattern(), messages);
        Assert.True(File.Exists(_server.Folder["pub/old/x.txt"]));
    }

    [Fact]
    public async Task Mv_renames_and_moves_and_does_not_replace()
    {
        Assert.Equal(0, (await FtsAsync("mv", Url("pub/b.txt"), Url("pub/new.txt"))).Code);
        Assert.Equal(0, (await FtsAsync("mv", Url("pub/new.txt"), Url("pub/c.bin"), Url("pub/old/"))).Code);
        Assert.Equal("two, b", _server.Folder.Read("pub/old/new.txt"));
        Assert.Equal("ccc", _server.Folder.Read("pub/old/c.bin"));
        Assert.Equal(1, (await FtsAsync("mv", Url("pub/a%20b.txt"), Url("pub/old/x.txt"))).Code);
        Assert.Equal("xx", _server.Folder.Read("pub/old/x.txt"));
        Assert.Equal(0, (await FtsAsync("mv", "--overwrite", Url("pub/a%20b.txt"), Url("pub/old/x.txt"))).Code);
        Assert.Equal("a", _server.Folder.Read("pub/old/x.txt"));
    }

    [Fact]
    public async Task Mkdir_and_rmdir_change_folders()
    {
        Assert.Equal(0, (await FtsAsync("mkdir", Url("one"))).Code);
        Assert.Equal(1, (await FtsAsync("mkdir", Url("one"))).Code);
        Assert.Equal(0, (await FtsAsync("mkdir", "-p", Url("one"), Url("one/two/three"))).Code);
        Assert.True(Directory.Exists(_server.Folder["one/two/three"]));
        (int code, _, string messages) = await FtsAsync("rmdir", Url("one"));
        Assert.Equal(1, code);
        Assert.Contains("the folder is not empty", messages, StringComparison.Ordinal);
        Assert.Equal(0, (await FtsAsync("rmdir", Url("one/two/three"))).Code);
        Assert.False(Directory.Exists(_server.Folder["one/two/three"]));
    }

    [Fact]
    public async Task Open_starts_a_session_in_the_folder_of_the_url()
    {
        (int code, string data, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["open", Url("pub/old")], "nlist\n");
        Assert.True(code == 0, messages);
        Assert.Equal("x.txt\n", data);
        Assert.Equal(2, (await FtsAsync("open")).Code);
    }

    [Fact]
    public async Task A_bookmark_replaces_the_beginning_of_a_url()
    {
        Directory.CreateDirectory(_folder["config/fts"]);
        _folder.Write("config/fts/bookmarks", $"other ftp://127.0.0.1:1/\nsite {Url("pub")}\n");
        _folder.Write("local", "local");
        Assert.Equal("a b.txt\nb.txt\nc.bin\nempty/\nold/\n", await RunWithBookmarksAsync("ls", "site:"));
        Assert.Equal("x.txt\n", await RunWithBookmarksAsync("ls", "site:old"));
        Assert.Equal("pub/\n", await RunWithBookmarksAsync("ls", "site:/"));
        Assert.Equal("a", await RunWithBookmarksAsync("cat", "site:a b*"));
        await RunWithBookmarksAsync("put", "local", "site:old/");
        Assert.Equal("local", _server.Folder.Read("pub/old/local"));
        await RunWithBookmarksAsync("get", "site:/pub/c.bin");
        Assert.Equal("ccc", _folder.Read("c.bin"));

        async Task<string> RunWithBookmarksAsync(params string[] arguments)
        {
            (int code, string data, string messages) =
                await RunningProgram.RunAsync(_folder.Path, arguments, "", ("XDG_CONFIG_HOME", _folder["config"]));
            Assert.True(code == 0, messages);
            return data;
        }
    }

    [Theory]
    [InlineData(6, "ls", "{url}none")]
    [InlineData(6, "cat", "{url}none")]
    [InlineData(6, "rm", "{url}none")]
    [InlineData(6, "rm", "{url}none*", "--force")]
    [InlineData(6, "mv", "{url}none", "{url}other")]
    [InlineData(9, "cat", "{url}none", "{url}none2")]
    [InlineData(2, "ls")]
    [InlineData(2, "ls", "name")]
    [InlineData(2, "rm", "-r", "{url}")]
    [InlineData(2, "mv", "{url}a")]
    [InlineData(2, "mv", "{url}a", "ftp://127.0.0.1:1/b")]
    [InlineData(2, "mkdir", "{url}a*")]
    [InlineData(3, "ls", "ftp://127.0.0.1:1/")]
    public async Task The_exit_code_has_the_reason(int expected, params string[] arguments)
    {
        (int code, _, string messages) = await FtsAsync(Expand(arguments));
        Assert.True(code == expected, $"{code}: {messages}");
        Assert.Contains("error: ", messages, StringComparison.Ordinal);
    }

    [GeneratedRegex("> (DELE|RMD|MKD|RNFR|RNTO|STOR|APPE|SITE)")]
    private static partial Regex WriteCommandPattern();

    private static (int Code, string Data) Result((int Code, string Data, string Messages) run) => (run.Code, run.Data);

    private string[] Expand(string[] arguments) =>
        [.. arguments.Select(argument => argument.Replace("{url}", Url(""), StringComparison.Ordinal))];

    private string Url(string path) => $"ftp://127.0.0.1:{_server.PortText}/{path}";

    private Task<(int Code, string Data, string Messages)> FtsAsync(params string[] arguments) =>
        RunningProgram.RunAsync(_folder.Path, arguments);
}
