using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Transfers;

/// <summary><c>fts get</c> and <c>fts put</c>: one command, its exit code, and nothing on stdout but data.</summary>
public sealed class OneShotTests : IAsyncLifetime
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
    public async Task Get_fetches_files_by_their_urls_into_a_folder()
    {
        _server.Folder.Write("a b#1", "one");
        Directory.CreateDirectory(_server.Folder["sub"]);
        _server.Folder.Write("sub/x.txt", "x");
        _server.Folder.Write("sub/y.txt", "y");
        _server.Folder.Write("sub/z", "z");
        Directory.CreateDirectory(_folder["to"]);
        (int code, string data, string messages) = await FtsAsync("get", Url("a%20b%231"), Url("sub/*.txt"), "--to", "to");
        Assert.True(code == 0, messages);
        Assert.Empty(data);
        Assert.Contains("downloaded a b#1 (3 bytes", messages, StringComparison.Ordinal);
        Assert.Equal(["a b#1", "x.txt", "y.txt"], Directory.EnumerateFiles(_folder["to"]).Select(path => Path.GetFileName(path))
            .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Get_to_stdout_is_exact()
    {
        _server.Folder.Write("a", "no line end, \u00fc");
        Assert.Equal((0, "no line end, \u00fc"), Result(await FtsAsync("get", Url("a"), "--to", "-", "--progress", "always")));
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task Put_sends_into_a_folder_or_under_a_name()
    {
        _folder.Write("a", "one");
        _folder.Write("b", "two");
        Directory.CreateDirectory(_server.Folder["sub"]);
        Assert.Equal((0, ""), Result(await FtsAsync("put", "a", "b", Url("sub/"))));
        Assert.Equal((0, ""), Result(await FtsAsync("put", "a", Url("named"))));
        Assert.Equal((0, ""), Result(await FtsAsync("put", "b", Url(""))));
        Assert.Equal(("one", "two", "one", "two"),
            (_server.Folder.Read("sub/a"), _server.Folder.Read("sub/b"), _server.Folder.Read("named"), _server.Folder.Read("b")));
    }

    [Theory]
    [InlineData(6, "get", "{url}missing")]
    [InlineData(9, "get", "{url}missing", "{url}there")]
    [InlineData(1, "get", "{url}there")]
    [InlineData(0, "get", "{url}there", "--skip")]
    [InlineData(3, "get", "ftp://127.0.0.1:1/x")]
    [InlineData(11, "get", "{url}there", "--to", "there/x")]
    [InlineData(6, "put", "missing", "{url}")]
    [InlineData(9, "put", "missing", "there", "{url}")]
    [InlineData(6, "put", "there", "{url}nowhere/")]
    [InlineData(2, "get")]
    [InlineData(2, "get", "there")]
    [InlineData(2, "get", "{url}")]
    [InlineData(2, "get", "{url}a#b")]
    [InlineData(2, "put", "there")]
    [InlineData(2, "put", "{url}", "there")]
    [InlineData(2, "mirror", "there")]
    [InlineData(2, "mirror", "a", "b")]
    [InlineData(2, "mirror", "{url}a", "{url}b")]
    public async Task The_exit_code_says_what_went_wrong(int expected, params string[] arguments)
    {
        _folder.Write("there", "mine");
        _server.Folder.Write("there", "theirs");
        (int code, string data, string messages) =
            await FtsAsync([.. arguments.Select(argument => argument.Replace("{url}", Url(""), StringComparison.Ordinal))]);
        Assert.True(code == expected, $"{code}: {messages}");
        Assert.Empty(data);
        Assert.Equal(code != 0, messages.Contains("error: ", StringComparison.Ordinal));
        Assert.Equal("mine", _folder.Read("there"));
    }

    [Fact]
    public async Task Advice_is_a_command_that_can_be_pasted()
    {
        _folder.Write("a b", "one, two");
        _server.Folder.Write("a b", "another thing");
        (int code, _, string messages) = await FtsAsync("put", "a b", Url(""), "--resume");
        Assert.Equal(1, code);
        Assert.Contains($"try: fts put --overwrite '{_folder.Path}/a b' {Url("")}, to replace it", messages, StringComparison.Ordinal);
        (code, _, messages) = await FtsAsync("get", Url("a%20b"), "--resume");
        Assert.Equal(1, code);
        Assert.Contains($"try: fts get --overwrite {Url("a%20b")} --to {_folder.Path}, to replace it", messages, StringComparison.Ordinal);
        (_, _, messages) = await FtsAsync("get", Url("missing"));
        Assert.Contains($"try: fts client 127.0.0.1 {_server.PortText}, then ls", messages, StringComparison.Ordinal);
    }

    private static (int Code, string Data) Result((int Code, string Data, string Messages) run) => (run.Code, run.Data);

    private string Url(string path) => $"ftp://127.0.0.1:{_server.PortText}/{path}";

    private Task<(int Code, string Data, string Messages)> FtsAsync(params string[] arguments) =>
        RunningProgram.RunAsync(_folder.Path, arguments);
}
