using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Shell;

/// <summary>The second argument of <c>put</c> and <c>get</c>, and folders with <c>-r</c>.</summary>
public sealed class TargetTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_second_argument_of_put_is_the_new_name_or_the_folder()
    {
        _folder.Write("a.txt", "abc");
        Directory.CreateDirectory(_server.Folder["there"]);
        (int code, _, string messages) =
            await _server.RunClientAsync(
                _folder, "put a.txt b.txt", "put a.txt there", "put a.txt there/c.txt", "cd there", "put a.txt ../d");
        Assert.True(code == 0, messages);
        Assert.Equal(["b.txt", "d", "there"], _server.Folder.Names);
        Assert.Equal(["there/a.txt", "there/c.txt"], GetNames(_server.Folder, "there"));
        Assert.Equal("abc", _server.Folder.Read("there/c.txt"));
        Assert.Contains("uploaded b.txt (3 bytes", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_second_argument_of_get_is_the_new_name_or_the_folder()
    {
        _server.Folder.Write("a.txt", "abc");
        Directory.CreateDirectory(_folder["here"]);
        (int code, _, string messages) =
            await _server.RunClientAsync(_folder, "get a.txt b.txt", "get a.txt here", "get a.txt here/c.txt", "get a.* here --skip");
        Assert.True(code == 0, messages);
        Assert.Equal(["b.txt", "here"], _folder.Names);
        Assert.Equal(["here/a.txt", "here/c.txt"], GetNames(_folder, "here"));
        Assert.Equal("abc", _folder.Read("b.txt"));
    }

    [Theory]
    [InlineData("put a.txt b.txt c.txt", "usage: put LOCAL [REMOTE]\n  try: mput FILE…, to upload several files")]
    [InlineData("get a.txt b.txt c.txt", "usage: get REMOTE [LOCAL]\n  try: mget FILE…, to download several files")]
    [InlineData("put a.txt *.txt", "put: the second name is the target, which cannot be the pattern *.txt\n  try: mput a.txt *.txt")]
    [InlineData("get a.txt *.txt", "get: the second name is the target, which cannot be the pattern *.txt\n  try: mget a.txt *.txt")]
    public async Task Several_files_need_the_other_verb(string line, string answer)
    {
        (int code, _, string messages) = await _server.RunClientAsync(_folder, line);
        Assert.Equal(2, code);
        Assert.Contains(answer, messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pattern_with_a_target_needs_a_folder()
    {
        _server.Folder.Write("a.txt", "abc");
        (int code, _, string messages) = await _server.RunClientAsync(_folder, "get *.txt missing");
        Assert.Equal(6, code);
        Assert.Contains("get: missing is not a folder in ", messages, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task Folders_are_transferred_with_everything_in_them_and_only_once()
    {
        Directory.CreateDirectory(_folder["tree/deep/empty"]);
        _folder.Write("tree/a", "a");
        _folder.Write("tree/deep/b", "bb");
        (int code, _, string messages) = await _server.RunClientAsync(_folder, "put -r tree", "put -r tree", "put -r tree copy");
        Assert.True(code == 0, messages);
        Assert.Contains("nothing to transfer, 2 files unchanged", messages, StringComparison.Ordinal);
        Assert.Equal(["copy", "tree"], _server.Folder.Names);
        Assert.Equal("bb", _server.Folder.Read("copy/deep/b"));
        Assert.True(Directory.Exists(_server.Folder["copy/deep/empty"]));

        using var back = new TestFolder();
        (code, _, messages) = await _server.RunClientAsync(back, "get -r tree", "get -r tree other", "get -r * other");
        Assert.True(code == 0, messages);
        Assert.Equal(["other", "tree"], back.Names);
        Assert.Equal("bb", back.Read("tree/deep/b"));
        Assert.Equal("a", back.Read("other/a"));
        Assert.Equal("a", back.Read("other/copy/a"));
    }

    [Fact]
    public async Task A_recursive_get_keeps_existing_files_in_a_script_and_replaces_them_with_the_option()
    {
        Directory.CreateDirectory(_server.Folder["tree"]);
        _server.Folder.Write("tree/a", "theirs");
        _server.Folder.Write("tree/b", "new");
        Directory.CreateDirectory(_folder["tree"]);
        _folder.Write("tree/a", "mine");
        (int code, _, string messages) = await _server.RunClientAsync(_folder, "get -r tree");
        Assert.Equal(9, code);
        Assert.Contains("tree/a already exists and was not changed", messages, StringComparison.Ordinal);
        Assert.Equal(("mine", "new"), (_folder.Read("tree/a"), _folder.Read("tree/b")));
        Assert.Equal(0, (await _server.RunClientAsync(_folder, "get -r --overwrite tree")).Code);
        Assert.Equal("theirs", _folder.Read("tree/a"));
    }

    [Fact]
    public async Task Update_replaces_only_older_files()
    {
        foreach ((string name, int localYear, int remoteYear) in ((string, int, int)[])[("old", 2020, 2021), ("new", 2022, 2021)])
        {
            _folder.Write(name, "local");
            _server.Folder.Write(name, "remote!");
            File.SetLastWriteTimeUtc(_folder[name], new DateTime(localYear, 5, 1, 0, 0, 0, DateTimeKind.Utc));
            File.SetLastWriteTimeUtc(_server.Folder[name], new DateTime(remoteYear, 5, 1, 0, 0, 0, DateTimeKind.Utc));
        }

        (int code, _, string messages) = await _server.RunClientAsync(_folder, "mget --update old new");
        Assert.True(code == 0, messages);
        Assert.Equal(("remote!", "local"), (_folder.Read("old"), _folder.Read("new")));
        Assert.Contains("skipped new: the file on the server is not newer", messages, StringComparison.Ordinal);
        (code, _, messages) = await _server.RunClientAsync(_folder, "put --update new", "put --update old");
        Assert.True(code == 0, messages);
        Assert.Equal(("remote!", "local"), (_server.Folder.Read("old"), _server.Folder.Read("new")));
        Assert.Contains("skipped old: the local file is not newer", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mirror_removes_extra_entries_only_with_delete_and_force()
    {
        Directory.CreateDirectory(_folder["www/kept"]);
        _folder.Write("www/kept/a", "a");
        Directory.CreateDirectory(_server.Folder["www/gone/deep"]);
        _server.Folder.Write("www/gone/deep/x", "x");
        _server.Folder.Write("www/y", "y");
        (int code, string data, string messages) = await _server.RunClientAsync(_folder, "mirror -R www --delete --dry-run");
        Assert.True(code == 0, messages);
        Assert.Contains("remove    www/gone/deep/x\n", data, StringComparison.Ordinal);
        Assert.Contains("would remove 2 files and 2 folders", messages, StringComparison.Ordinal);
        (code, _, messages) = await _server.RunClientAsync(_folder, "mirror -R www --delete");
        Assert.Equal(2, code);
        Assert.Contains("2 files and 2 folders on the server are missing in the source", messages, StringComparison.Ordinal);
        Assert.Contains("try: --force", messages, StringComparison.Ordinal);
        Assert.Equal(["gone", "y"], GetEntryNames(_server.Folder["www"]));
        (code, _, messages) = await _server.RunClientAsync(_folder, "mirror -R www --delete --force");
        Assert.True(code == 0, messages);
        Assert.Equal(["kept"], GetEntryNames(_server.Folder["www"]));
        Assert.Equal("a", _server.Folder.Read("www/kept/a"));

        _folder.Write("www/z", "local only");
        (code, _, messages) = await _server.RunClientAsync(_folder, "mirror www --delete -f");
        Assert.True(code == 0, messages);
        Assert.Equal(["kept"], GetEntryNames(_folder["www"]));
        Assert.Equal("a", _folder.Read("www/kept/a"));
    }

    [Fact]
    public async Task Mirror_removes_nothing_if_the_source_has_no_files()
    {
        Directory.CreateDirectory(_folder["www"]);
        Directory.CreateDirectory(_server.Folder["www"]);
        _server.Folder.Write("www/a", "a");
        (int code, _, string messages) = await _server.RunClientAsync(_folder, "mirror -R www --delete --force");
        Assert.Equal(9, code);
        Assert.Contains("nothing was removed, because the source has no files", messages, StringComparison.Ordinal);
        Assert.Equal("a", _server.Folder.Read("www/a"));
    }

    [Fact]
    public async Task Rm_of_patterns_and_folders_needs_force_in_a_script()
    {
        Directory.CreateDirectory(_server.Folder["dir/deep"]);
        foreach (string name in (string[])["a.jpg", "b.jpg", "c.txt", "dir/deep/d"])
        {
            _server.Folder.Write(name, "x");
        }

        (int code, _, string messages) = await _server.RunClientAsync(_folder, "rm *.jpg");
        Assert.Equal(2, code);
        Assert.Contains("rm: this removes 2 files, and fts cannot ask without a terminal", messages, StringComparison.Ordinal);
        Assert.Contains("try: rm --force", messages, StringComparison.Ordinal);
        (code, _, messages) = await _server.RunClientAsync(_folder, "rm -r dir");
        Assert.Equal(2, code);
        Assert.Contains("rm: this removes 1 file and 2 folders", messages, StringComparison.Ordinal);
        Assert.Equal(["a.jpg", "b.jpg", "c.txt", "dir"], _server.Folder.Names);
        (code, _, messages) = await _server.RunClientAsync(_folder, "rm --force *.jpg", "rm -rf dir");
        Assert.True(code == 0, messages);
        Assert.Equal(["c.txt"], _server.Folder.Names);
        Assert.Equal(2, (await _server.RunClientAsync(_folder, "rm -rf ..")).Code);
    }

    [Fact]
    public async Task Rm_of_several_shows_the_count_and_asks_on_a_terminal()
    {
        foreach (string name in (string[])["a.jpg", "b.jpg"])
        {
            _server.Folder.Write(name, "x");
        }

        await using RunningProgram client = RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText]);
        await client.WaitForOutputAsync("fts> ");
        client.WriteInput("rm *.jpg\r");
        await client.WaitForOutputAsync("Remove 2 files from the server? [y/N] ");
        client.WriteInput("\r");
        await client.WaitForOutputAsync("nothing was removed");
        Assert.Equal(["a.jpg", "b.jpg"], _server.Folder.Names);
        client.WriteInput("rm a.jpg b.jpg\r");
        await client.WaitForOutputAsync("Remove 2 files from the server? [y/N] ", times: 2);
        client.WriteInput("y\r");
        await client.WaitForOutputAsync("removed 2 of 2");
        Assert.Empty(_server.Folder.Names);
    }

    [Fact]
    public async Task Cd_minus_returns_to_the_previous_folder()
    {
        Directory.CreateDirectory(_server.Folder["one"]);
        (int code, string data, string messages) = await _server.RunClientAsync(_folder, "cd one", "cd -", "pwd", "cd -", "pwd");
        Assert.True(code == 0, messages);
        Assert.Equal("/\n/one\n", data);
        Assert.Equal(2, (await _server.RunClientAsync(_folder, "cd -")).Code);
    }

    [Fact]
    public async Task Chmod_changes_the_mode_of_files()
    {
        _server.Folder.Write("a", "x");
        (int code, _, string messages) = await _server.RunClientAsync(_folder, "chmod 640 a");
        Assert.True(code == 0, messages);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(_server.Folder["a"]));
        Assert.Equal(2, (await _server.RunClientAsync(_folder, "chmod u+x a")).Code);
    }

    private static string[] GetNames(TestFolder folder, string name) => [.. GetEntryNames(folder[name]).Select(entry => $"{name}/{entry}")];

    private static string[] GetEntryNames(string folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder).Select(entry => Path.GetFileName(entry)!).Order(StringComparer.Ordinal)];
}
