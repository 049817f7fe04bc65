using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Shell;

/// <summary>Commands that meet a folder in place of a file, or an entry that exists already.</summary>
public sealed class FolderErrorTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    private string Url => $"ftp://127.0.0.1:{_server.PortText}";

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync();
        Directory.CreateDirectory(_server.Folder["dir"]);
        Directory.CreateDirectory(_folder["local dir"]);
        _folder.Write("a.txt", "abc");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("/dir")]
    [InlineData("/dir/")]
    [InlineData("/dir", "--skip")]
    [InlineData("/dir", "--resume")]
    public async Task A_put_to_the_URL_of_a_folder_goes_into_it(string path, params string[] options)
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["put", "a.txt", Url + path, .. options]);
        Assert.True(code == 0, messages);
        Assert.Equal("abc", _server.Folder.Read("dir/a.txt"));
    }

    [Fact]
    public async Task A_put_over_a_folder_of_the_same_name_in_the_session_is_explained()
    {
        Directory.CreateDirectory(_server.Folder["a.txt"]);
        (int code, _, string messages) = await _server.RunClientAsync(_folder, "put a.txt");
        Assert.Equal(1, code);
        Assert.Contains(
            "error: put a.txt: a.txt is a folder on the server\n  try: cd a.txt, then run put again\n", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_put_of_a_folder_advises_the_mirror_command()
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["put", "local dir", Url + "/"]);
        Assert.Equal(2, code);
        Assert.Contains($"try: fts mirror '{_folder["local dir"]}' {Url}/local%20dir\n", messages, StringComparison.Ordinal);
        (_, _, messages) = await _server.RunClientAsync(_folder, "put local\\ dir/");
        Assert.Contains("try: put -r local\\ dir/\n", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_get_of_a_folder_advises_the_mirror_command()
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["get", Url + "/dir", "--color", "never"]);
        Assert.Equal(1, code);
        Assert.Contains(
            $"error: get dir: it is a folder; get downloads files only\n  try: fts mirror {Url}/dir {_folder["dir"]} --color never\n",
            messages, StringComparison.Ordinal);
        (_, _, messages) = await _server.RunClientAsync(_folder, "get dir");
        Assert.Contains("try: get -r dir\n", messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mkdir dir", "mkdir dir: the folder already exists")]
    [InlineData("mkdir dir/", "mkdir dir/: the folder already exists")]
    [InlineData("mkdir file", "mkdir file: a file with that name already exists")]
    [InlineData("rmdir full", "rmdir full: the folder is not empty")]
    [InlineData("rmdir file", "rmdir file: it is a file")]
    [InlineData("rm dir", "rm dir: it is a folder")]
    public async Task The_kind_of_the_entry_explains_a_refusal(string command, string expected)
    {
        _server.Folder.Write("file", "");
        Directory.CreateDirectory(_server.Folder["full"]);
        _server.Folder.Write("full/a", "");
        (int code, _, string messages) = await _server.RunClientAsync(_folder, command);
        Assert.Equal(1, code);
        Assert.Contains($"error: {expected}\n  server: 550 ", messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("550 Create directory operation failed.")]
    [InlineData("521 Directory exists")]
    public async Task An_existing_folder_is_found_whatever_the_server_replies(string reply)
    {
        using ScriptedServer server = ScriptedServer.Start(
            new() { ["MKD"] = reply }, new() { ["LIST"] = ScriptedServer.CreatePayload("drwxr-xr-x 2 u g 4096 Jan 1 2024 dir\r\n") });
        (_, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", server.Port], "mkdir dir\n");
        Assert.Contains("error: mkdir dir: the folder already exists\n", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mirror_of_one_file_reports_1_file()
    {
        Directory.CreateDirectory(_folder["one"]);
        _folder.Write("one/a", "x");
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["mirror", "one", Url + "/one"]);
        Assert.True(code == 0, messages);
        Assert.Contains("uploaded 1 file (1 B", messages, StringComparison.Ordinal);
    }
}
