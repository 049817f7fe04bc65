using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Transfers;

/// <summary>What <c>get</c> and <c>put</c> do with a file that is there already, as an option of theirs or of the whole session
/// says.</summary>
public sealed class ExistingFileTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("", "get a", 1, "mine", "try: get with --overwrite, --skip, --update or --resume")]
    [InlineData("", "get --skip a", 0, "mine", "skipped a: already exists in the local folder")]
    [InlineData("--skip", "get a", 0, "mine", "skipped a: already exists in the local folder")]
    [InlineData("", "get --overwrite a", 0, "theirs", "downloaded a (6 bytes")]
    [InlineData("", "get a --overwrite", 0, "theirs", "downloaded a (6 bytes")]
    [InlineData("--overwrite", "get a", 0, "theirs", "downloaded a (6 bytes")]
    [InlineData("--overwrite", "get --skip a", 0, "mine", "skipped a: already exists in the local folder")]
    [InlineData("", "get --resume a", 1, "mine", "try: get --overwrite a, to replace it")]
    public async Task Get_in_a_script_does_what_it_was_told_and_nothing_unsaid(
        string session, string command, int expected, string content, string said)
    {
        _folder.Write("a", "mine");
        _server.Folder.Write("a", "theirs");
        (int code, string messages) = await RunAsync(session, command);
        Assert.Equal(expected, code);
        Assert.Contains(said, messages, StringComparison.Ordinal);
        Assert.Equal(content, _folder.Read("a"));
        Assert.Equal(["a"], _folder.Names);
    }

    [Theory]
    [InlineData("put a", 0, "mine", "uploaded a (4 bytes")]
    [InlineData("put --overwrite a", 0, "mine", "uploaded a (4 bytes")]
    [InlineData("put --skip a", 0, "theirs", "skipped a: already exists on the server")]
    [InlineData("put --resume a", 1, "theirs", "try: put --overwrite a, to replace it")]
    public async Task Put_replaces_unless_it_is_told_otherwise(string command, int expected, string content, string said)
    {
        _folder.Write("a", "mine");
        _server.Folder.Write("a", "theirs");
        (int code, string messages) = await RunAsync("", command);
        Assert.Equal(expected, code);
        Assert.Contains(said, messages, StringComparison.Ordinal);
        Assert.Equal(content, _server.Folder.Read("a"));
    }

    [Fact]
    public async Task Resume_goes_on_from_a_beginning_both_ways_and_leaves_what_is_complete()
    {
        _folder.Write("down", "one, ");
        _server.Folder.Write("down", "one, two");
        _folder.Write("up", "three, four");
        _server.Folder.Write("up", "three, ");
        (int code, string messages) = await RunAsync("", "get --resume down", "put --resume up", "get --resume down", "put --resume up");
        Assert.True(code == 0, messages);
        Assert.Contains("resuming down at 62 % (5 B of 8 B)", messages, StringComparison.Ordinal);
        Assert.Contains("downloaded down (3 bytes, resumed after 5 bytes, same SHA-256)", messages, StringComparison.Ordinal);
        Assert.Contains("uploaded up (4 bytes, resumed after 7 bytes, same SHA-256)", messages, StringComparison.Ordinal);
        Assert.Contains("down is already complete (8 bytes, same SHA-256)", messages, StringComparison.Ordinal);
        Assert.Contains("up is already complete (11 bytes, same SHA-256)", messages, StringComparison.Ordinal);
        Assert.Equal(("one, two", "three, four"), (_folder.Read("down"), _server.Folder.Read("up")));
    }

    [Theory]
    [InlineData("get --skip --resume a", "--skip and --resume cannot be combined")]
    [InlineData("get --skpi a", "get: unknown option --skpi; did you mean --skip?")]
    [InlineData("put --all a", "put: unknown option --all")]
    [InlineData("get --skip", "usage: get REMOTE [LOCAL]")]
    public async Task A_wrong_option_is_a_mistake_in_the_command(string command, string said)
    {
        (int code, string messages) = await RunAsync("", command);
        Assert.Equal(2, code);
        Assert.Contains(said, messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_two_dashes_and_for_other_commands_every_word_is_a_name()
    {
        _folder.Write("--skip", "odd");
        (int code, string messages) = await RunAsync("", "put -- --skip", "mkdir --resume", "size --skip");
        Assert.True(code == 0, messages);
        Assert.Equal(["--resume", "--skip"], _server.Folder.Names);
    }

    [Fact]
    public async Task What_a_broken_download_left_is_not_uploaded_by_a_pattern()
    {
        foreach (string name in (string[])["a", ".hidden", ".b.fts-part", ".b.fts-part-of"])
        {
            _folder.Write(name, name);
        }

        (int code, string messages) = await RunAsync("", "put *", "put .*");
        Assert.True(code == 0, messages);
        Assert.Equal([".hidden", "a"], _server.Folder.Names);
    }

    [Theory]
    [InlineData("always", "get a", "same SHA-256")]
    [InlineData("always", "put b", "same SHA-256")]
    [InlineData("auto", "get a", "downloaded a (6 bytes")]
    [InlineData("never", "get a", "downloaded a (6 bytes")]
    public async Task Verify_says_whether_hashes_are_compared(string verify, string command, string said)
    {
        _server.Folder.Write("a", "theirs");
        _folder.Write("b", "mine");
        (int code, _, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", _server.PortText, "--verify", verify], command + "\n");
        Assert.Equal(0, code);
        Assert.Contains(said, messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("put a")]
    [InlineData("get b")]
    public async Task Verify_always_fails_with_10_if_the_server_computes_no_hash(string command)
    {
        _folder.Write("a", "mine");
        using ScriptedServer server = ScriptedServer.Start([], new() { ["RETR"] = ScriptedServer.CreatePayload("content") });
        (int code, _, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", server.Port, "--verify", "always"], command + "\n");
        Assert.Equal(10, code);
        Assert.Contains(
            $"{command}: the server cannot compute a SHA-256 hash for the comparison\n  try: --verify auto, which compares only the length if the server does not support hashes\n", messages, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Commands, line => line.StartsWith("STOR", StringComparison.Ordinal)
            || line.StartsWith("RETR", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_upload_that_the_server_stored_only_in_part_ends_with_8()
    {
        _folder.Write("a", new string('x', 50_000));
        using ScriptedServer server = ScriptedServer.Start(
            new() { ["FEAT"] = "211-can\r\n MLST size*;\r\n SIZE\r\n211 end", ["SIZE"] = "213 3" },
            new() { ["STOR"] = stream => stream.CopyToAsync(Stream.Null) });
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["put", "a", $"ftp://127.0.0.1:{server.Port}/"]);
        Assert.Equal(8, code);
        Assert.Contains("put a: 3 of 50000 bytes arrived", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_overwrite_keeps_the_mode_of_the_file()
    {
        _server.Folder.Write("a", "theirs");
        _folder.Write("a", "mine");
        File.SetUnixFileMode(_folder["a"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal(0, (await _server.RunClientAsync(_folder, "get --overwrite a")).Code);
        Assert.Equal(("theirs", UnixFileMode.UserRead | UnixFileMode.UserWrite), (_folder.Read("a"), File.GetUnixFileMode(_folder["a"])));
    }

    [Fact]
    public async Task Another_content_ends_with_10_and_leaves_the_old_file()
    {
        _folder.Write("a", "mine");
        using ScriptedServer server = ScriptedServer.Start(
            new() { ["FEAT"] = "211-can\r\n HASH SHA-256*\r\n SIZE\r\n211 end", ["SIZE"] = "213 7",
                ["HASH"] = $"213 SHA-256 0-6 {new string('0', 64)} a" },
            new() { ["RETR"] = ScriptedServer.CreatePayload("content") });
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", server.Port, "--verify", "always", "--overwrite"], "get a\n");
        Assert.Equal(10, code);
        Assert.Contains(
            "get a: the SHA-256 hashes of the local file and the file on the server differ; nothing was kept",
            messages,
            StringComparison.Ordinal);
        Assert.Equal("mine", _folder.Read("a"));
        Assert.Equal(["a"], _folder.Names);
    }

    private async Task<(int Code, string Messages)> RunAsync(string session, params string[] lines)
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", _server.PortText, .. session.Split(' ', StringSplitOptions.RemoveEmptyEntries)],
            string.Concat(lines.Select(line => line + "\n")));
        return (code, messages);
    }
}
