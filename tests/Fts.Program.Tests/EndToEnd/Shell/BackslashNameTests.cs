using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Shell;

/// <summary>A name with a literal backslash sequence and a name with the byte of that sequence are two names.</summary>
public sealed class BackslashNameTests : IAsyncLifetime
{
    private const string Literal = "a\\xe9.txt", InUrl = "a%5Cxe9.txt";

    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync();
        _server.Folder.Write("byte", "of the byte");
        (int code, _, string messages) = await _server.RunClientAsync(_folder, "change byte a\\xe9.txt");
        Assert.True(code == 0, messages);
        _server.Folder.Write(Literal, "of the literal");
    }

    public async ValueTask DisposeAsync()
    {
        // .NET cannot remove a name that is not UTF-8.
        await _server.RunClientAsync(_folder, "rm a\\xe9.txt");
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_session_displays_and_reads_them_as_two_names()
    {
        (int code, string data, string messages) = await _server.RunClientAsync(
            _folder, "nlist", "cat a\\x5cxe9.txt", "cat a\\xe9.txt", "nlist a\\xe9*", "rm a\\x5cxe9.txt", "nlist");
        Assert.True(code == 0, messages);
        Assert.Equal("a\\x5cxe9.txt\na\\xe9.txt\nof the literalof the bytea\\xe9.txt\na\\xe9.txt\n", data);
    }

    [Fact]
    public async Task The_path_of_a_URL_is_used_exactly()
    {
        Assert.Equal((0, "of the literal"), await GetAsync(InUrl));
        Assert.Equal((0, "of the byte"), await GetAsync("a%E9.txt"));
        Assert.Equal((0, "of the literal"), await GetAsync("a%5Cxe9*"));
    }

    [Fact]
    public async Task A_folder_of_a_URL_is_used_exactly()
    {
        Directory.CreateDirectory(_server.Folder["d\\xe9"]);
        _server.Folder.Write("d\\xe9/inside", "content");
        _folder.Write("file", "sent");
        await RunAsync("put", "file", Url("d%5Cxe9"));
        await RunAsync("mirror", Url("d%5Cxe9"), "here");
        Assert.Equal(["file", "inside"], new DirectoryInfo(_folder["here"]).GetFiles().Select(file => file.Name).Order());
        (int code, string data, _) = await RunningProgram.RunAsync(_folder.Path, ["client", Url("d%5Cxe9/")], "nlist\npwd\n");
        Assert.Equal((0, "file\ninside\n/d\\x5cxe9\n"), (code, data));
    }

    private string Url(string path) => $"ftp://127.0.0.1:{_server.PortText}/{path}";

    private async Task<(int Code, string Data)> GetAsync(string path)
    {
        (int code, string data, _) = await RunningProgram.RunAsync(_folder.Path, ["get", Url(path), "--to", "-"]);
        return (code, data);
    }

    private async Task RunAsync(params string[] arguments)
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, arguments);
        Assert.True(code == 0, messages);
    }
}
