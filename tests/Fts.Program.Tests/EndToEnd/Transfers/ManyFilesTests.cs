using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Transfers;

/// <summary><c>put</c> and <c>get</c> with several files: one batch, and each file still for itself.</summary>
public sealed class ManyFilesTests : IAsyncLifetime
{
    private const int Stop = 19, Interrupt = 2, Many = 30;

    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync("1");

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Many_go_both_ways_in_block_mode_and_a_log_gets_one_line_for_them()
    {
        CreateFiles(_folder);
        (int code, _, string messages) = await _server.RunClientAsync(_folder, "put *", "mkdir back", "!mkdir back", "lcd back", "get *");
        Assert.True(code == 0, messages);
        Assert.Contains($"uploaded {Many} files (", messages, StringComparison.Ordinal);
        Assert.Contains($"downloaded {Many} files (", messages, StringComparison.Ordinal);
        Assert.DoesNotContain("loaded f", messages, StringComparison.Ordinal);
        await _server.Program.WaitForOutputAsync("> MODE B", times: 2);
        for (int i = 0; i < Many; i++)
        {
            Assert.Equal(_folder.Read($"f{i}"), File.ReadAllText(Path.Combine(_folder.Path, "back", $"f{i}")));
        }
    }

    [Fact]
    public async Task A_few_have_a_line_each_and_one_that_fails_is_named_and_fails_alone()
    {
        _folder.Write("a", "one");
        _folder.Write("c", "three");
        (int code, _, string messages) = await _server.RunClientAsync(_folder, "mput a missing c");
        Assert.Equal(9, code);
        Assert.Contains("uploaded a (3 bytes", messages, StringComparison.Ordinal);
        Assert.Contains("uploaded c (5 bytes", messages, StringComparison.Ordinal);
        Assert.Contains("error: put missing: no such local file in ", messages, StringComparison.Ordinal);
        Assert.Equal(["a", "c"], _server.Folder.Names);

        using var back = new TestFolder();
        (code, _, messages) = await _server.RunClientAsync(back, "mget a missing c");
        Assert.Equal(9, code);
        Assert.Contains("error: get missing: no such file or folder on the server", messages, StringComparison.Ordinal);
        Assert.Equal(["a", "c"], back.Names);
    }

    [Fact]
    public async Task A_pattern_that_matches_only_folders_is_an_error()
    {
        Directory.CreateDirectory(_server.Folder["pub"]);
        (int code, _, string messages) = await _server.RunClientAsync(_folder, "get p*");
        Assert.Equal(6, code);
        Assert.Contains(
            "error: no remote file matches p*, only folders\n  try: ls, to list the folder\n", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pipe_among_many_files_does_not_stop_the_others()
    {
        _folder.Write("a", "one");
        _folder.Write("c", "three");
        await using (RunningProgram maker = RunningProgram.StartFile("mkfifo", _folder.Path, ["b"]))
        {
            await maker.WaitForExitAsync();
        }

        await using RunningProgram client = RunningProgram.Start(_folder.Path, ["client", "127.0.0.1", _server.PortText]);
        client.WriteInput("mput a b c\n");
        await client.WaitForOutputAsync("uploaded c (5 bytes");
    }

    [Fact]
    public async Task One_of_many_that_fails_is_named_in_a_log_without_the_others()
    {
        CreateFiles(_folder);
        Directory.CreateDirectory(_server.Folder["f7"]);
        (int code, _, string messages) = await _server.RunClientAsync(_folder, "put *");
        Assert.Equal(9, code);
        Assert.Contains("error: put f7: ", messages, StringComparison.Ordinal);
        Assert.Contains($"uploaded {Many - 1} of {Many} files (", messages, StringComparison.Ordinal);
        Assert.DoesNotContain("uploaded f", messages, StringComparison.Ordinal);
        Assert.Equal(Many, _server.Folder.Names.Length);
    }

    [Fact]
    public async Task What_is_there_is_left_replaced_or_gone_on_with_as_was_said()
    {
        _folder.Write("a", "one, ");
        _folder.Write("b", "mine");
        _server.Folder.Write("a", "one, two");
        _server.Folder.Write("b", "mine, and theirs");
        _server.Folder.Write("c", "new");
        (int code, _, string messages) = await _server.RunClientAsync(_folder, "mget a b c");
        Assert.Equal(9, code);
        Assert.Contains("get b: b already exists and was not changed", messages, StringComparison.Ordinal);
        Assert.Equal(("one, ", "mine", "new"), (_folder.Read("a"), _folder.Read("b"), _folder.Read("c")));

        (code, _, messages) = await _server.RunClientAsync(_folder, "mget --skip a b");
        Assert.Equal(0, code);
        Assert.Equal(("one, ", "mine"), (_folder.Read("a"), _folder.Read("b")));

        (code, _, messages) = await _server.RunClientAsync(_folder, "mget --resume a b c");
        Assert.Equal(0, code);
        Assert.Contains("resuming a at 62 %", messages, StringComparison.Ordinal);
        Assert.Contains("downloaded a (3 bytes, resumed after 5 bytes, same SHA-256)", messages, StringComparison.Ordinal);
        Assert.Contains("c is already complete", messages, StringComparison.Ordinal);
        Assert.Equal(("one, two", "mine, and theirs"), (_folder.Read("a"), _folder.Read("b")));

        _folder.Write("a", "other");
        (code, _, messages) = await _server.RunClientAsync(_folder, "mput --resume a b", "mput --skip a b", "mput --overwrite a b");
        Assert.Equal(9, code);
        Assert.Contains("try: put --overwrite a, to replace it", messages, StringComparison.Ordinal);
        Assert.Equal("other", _server.Folder.Read("a"));
    }

    [Fact]
    public async Task Two_of_one_name_come_one_after_the_other()
    {
        foreach ((string folder, string text) in ((string, string)[])[("x", "first"), ("y", "second")])
        {
            Directory.CreateDirectory(_folder[folder]);
            Directory.CreateDirectory(_server.Folder[folder]);
            _folder.Write($"{folder}/same", text);
            _server.Folder.Write($"{folder}/same", text);
        }

        (int code, _, string messages) = await _server.RunClientAsync(_folder, "mput x/same y/same", "mget x/same y/same");
        Assert.Equal("second", _server.Folder.Read("same"));
        Assert.Equal("first", _folder.Read("same"));
        Assert.Contains("get y/same: same already exists and was not changed", messages, StringComparison.Ordinal);
        Assert.Equal(9, code);
    }

    [Fact]
    public async Task Verify_always_compares_each()
    {
        _folder.Write("a", "one");
        _folder.Write("b", "two");
        (int code, _, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", _server.PortText, "--verify", "always"], "mput a b\n");
        Assert.Equal(0, code);
        Assert.Contains("uploaded a (3 bytes, same SHA-256)", messages, StringComparison.Ordinal);
        Assert.Contains("uploaded b (3 bytes, same SHA-256)", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_c_stops_all_and_says_what_does_the_rest()
    {
        CreateFiles(_folder);
        await using RunningProgram client =
            RunningProgram.Start(_folder.Path, ["client", "127.0.0.1", _server.PortText, "--progress", "always"]);
        await client.WaitForOutputAsync("connected to");
        // A server that is held answers nothing.
        _server.Program.SendSignal(Stop);
        client.WriteInput("put *\n");
        await client.WaitForOutputAsync($"uploading 0 of {Many} files");
        client.SendSignal(Interrupt);
        Assert.Equal(130, await client.WaitForExitAsync());
        Assert.Contains($"stopped; uploaded 0 of {Many} files", client.Messages, StringComparison.Ordinal);
        Assert.Contains($"try: fts put --resume {_folder.Path}/* ftp://127.0.0.1:{_server.PortText}/ --progress always\n", client.Messages,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_sees_the_finished_ones_and_is_asked_for_those_that_are_there()
    {
        _folder.Write("a", "mine");
        _folder.Write("b", "mine");
        foreach (string name in (string[])["a", "b", "c"])
        {
            _server.Folder.Write(name, "theirs");
        }

        await using RunningProgram client = RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText]);
        await client.WaitForOutputAsync("fts> ");
        client.WriteInput("get *\r");
        await client.WaitForOutputAsync("a already exists. Replace it? [yes/No/all/none/newer/resume/quit] ");
        client.WriteInput("y\r");
        await client.WaitForOutputAsync("b already exists. Replace it? [yes/No/all/none/newer/resume/quit] ");
        client.WriteInput("\r");
        await client.WaitForOutputAsync("skipped b: already exists in the local folder");
        await client.WaitForOutputAsync("downloaded c (6 bytes");
        await client.WaitForOutputAsync("downloaded a (6 bytes");
        Assert.Equal(("theirs", "mine", "theirs"), (_folder.Read("a"), _folder.Read("b"), _folder.Read("c")));
    }

    private static void CreateFiles(TestFolder folder)
    {
        for (int i = 0; i < Many; i++)
        {
            folder.Write($"f{i}", new string('x', i));
        }
    }
}
