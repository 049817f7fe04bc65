using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Transfers;

/// <summary>The options of <c>fts get</c> and <c>fts put</c> that select files and their targets.</summary>
public sealed class SelectionTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync();
        foreach (TestFolder folder in (TestFolder[])[_server.Folder, _folder])
        {
            Directory.CreateDirectory(folder["tree/sub/deep"]);
            Directory.CreateDirectory(folder["tree/empty"]);
            folder.Write("tree/a.txt", "a");
            folder.Write("tree/b.bin", "bbbb");
            folder.Write("tree/sub/c.txt", "ccc");
            folder.Write("tree/sub/deep/d.txt", "dd");
            File.SetLastWriteTimeUtc(folder["tree/a.txt"], new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
            File.SetLastWriteTimeUtc(folder["tree/b.bin"], new DateTime(2021, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Get_r_downloads_a_tree_and_creates_the_target()
    {
        await FtsAsync(0, "get", "-r", Url("tree"), "--to", "new/place");
        Assert.Equal(
            ["a.txt", "b.bin", "empty/", "sub/", "sub/c.txt", "sub/deep/", "sub/deep/d.txt"], List(_folder["new/place/tree"]));
        Assert.Equal("dd", _folder.Read("new/place/tree/sub/deep/d.txt"));
    }

    [Fact]
    public async Task Get_r_of_the_login_folder_writes_its_entries()
    {
        await FtsAsync(0, "get", "-r", Url(""), "--to", "all");
        Assert.Equal("ccc", _folder.Read("all/tree/sub/c.txt"));
    }

    [Theory]
    [InlineData("a.txt sub/ sub/c.txt sub/deep/ sub/deep/d.txt", "--include", "*.txt")]
    [InlineData("b.bin", "--exclude", "*.txt")]
    [InlineData("a.txt b.bin sub/ sub/c.txt", "--exclude", "/sub/deep/")]
    [InlineData("sub/ sub/c.txt", "--include", "*.txt", "--larger", "2")]
    [InlineData("a.txt", "--smaller", "2")]
    [InlineData("b.bin", "--newer", "2020-06-01Z", "--older", "2021-06-01Z")]
    [InlineData("sub/ sub/c.txt sub/deep/ sub/deep/d.txt", "--newer", "7d")]
    [InlineData("a.txt", "--filter-from", "rules")]
    public async Task Options_select_the_files_of_both_directions(string expected, params string[] options)
    {
        _folder.Write("rules", "# rules\n- sub/\n+ *.txt\n- *\n");
        await FtsAsync(0, ["get", "-r", Url("tree"), "--to", "got", .. options]);
        Assert.Equal(expected, string.Join(' ', List(_folder["got/tree"])));
        await FtsAsync(0, ["put", "-r", "tree", Url("sent/"), .. options]);
        Assert.Equal(expected, string.Join(' ', List(_server.Folder["sent/tree"])));
    }

    [Fact]
    public async Task Put_r_uploads_a_tree_and_creates_the_target()
    {
        await FtsAsync(0, "put", "-r", "tree", Url("new/place"));
        Assert.Equal(
            ["a.txt", "b.bin", "empty/", "sub/", "sub/c.txt", "sub/deep/", "sub/deep/d.txt"], List(_server.Folder["new/place/tree"]));
        await FtsAsync(0, "put", "-r", "tree", Url("new/"), "-o", "renamed");
        Assert.Equal("ccc", _server.Folder.Read("new/renamed/sub/c.txt"));
    }

    [Fact]
    public async Task O_names_the_target()
    {
        await FtsAsync(0, "get", Url("tree/a.txt"), "-o", "one");
        Assert.Equal("a", _folder.Read("one"));
        await FtsAsync(0, "get", Url("tree/a.txt"), "-o", "two", "--to", "x");
        Assert.Equal("a", _folder.Read("x/two"));
        (string data, _) = await FtsAsync(0, "get", Url("tree/b.bin"), "-o", "-");
        Assert.Equal("bbbb", data);
        await FtsAsync(0, "put", "tree/b.bin", Url("tree/sub/"), "-o", "three");
        Assert.Equal("bbbb", _server.Folder.Read("tree/sub/three"));
        await FtsAsync(2, "get", Url("tree/a.txt"), Url("tree/b.bin"), "-o", "one");
        await FtsAsync(2, "put", "tree/a.txt", "tree/b.bin", Url(""), "-o", "one");
    }

    [Fact]
    public async Task Put_reads_standard_input()
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["put", "-", Url("input.txt")], "from a pipe");
        Assert.True(code == 0, messages);
        Assert.Equal("from a pipe", _server.Folder.Read("input.txt"));
        Assert.Contains("uploaded input.txt (11 bytes", messages, StringComparison.Ordinal);
        await FtsAsync(2, "put", "-", Url(""));
    }

    [Fact]
    public async Task I_reads_a_list_of_names()
    {
        _folder.Write("list", "a.txt\nsub/c.txt\n\n");
        await FtsAsync(0, "get", "-i", "list", Url("tree/"), "--to", "got");
        Assert.Equal(["a.txt", "c.txt"], List(_folder["got"]));
        (int code, _, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["get", "-i", "-", "--to", "got2"], $"{Url("tree/b.bin")}\n");
        Assert.True(code == 0, messages);
        Assert.Equal(["b.bin"], List(_folder["got2"]));
        _folder.Write("files", "tree/a.txt\ntree/b.bin\n");
        await FtsAsync(0, "put", "-i", "files", Url("tree/empty/"));
        Assert.Equal(["a.txt", "b.bin"], List(_server.Folder["tree/empty"]));
        await FtsAsync(11, "get", "-i", "none", Url("tree/"));
    }

    [Theory]
    [InlineData("--limit-rate", "0")]
    [InlineData("--limit-rate", "fast")]
    [InlineData("--connections", "0")]
    [InlineData("--retries", "x")]
    [InlineData("--retry-delay", "-1")]
    [InlineData("--larger", "big")]
    [InlineData("--newer", "yesterday")]
    [InlineData("--include", "[a")]
    [InlineData("-r", "-o", "-")]
    public async Task Invalid_values_are_usage_errors(params string[] options) =>
        await FtsAsync(2, ["get", Url("tree/a.txt"), .. options]);

    [Fact]
    public async Task Options_for_speed_and_connections_are_accepted()
    {
        await FtsAsync(0, "get", "-r", Url("tree"), "--to", "got", "--limit-rate", "10M", "--connections", "1");
        Assert.Equal("a", _folder.Read("got/tree/a.txt"));
    }

    private static IEnumerable<string> List(string folder) =>
        Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path) + (Directory.Exists(path) ? "/" : ""))
            .Order(StringComparer.Ordinal);

    private string Url(string path) => $"ftp://127.0.0.1:{_server.PortText}/{path}";

    private async Task<(string Data, string Messages)> FtsAsync(int expected, params string[] arguments)
    {
        (int code, string data, string messages) = await RunningProgram.RunAsync(_folder.Path, arguments);
        Assert.True(code == expected, $"{code}: {messages}");
        return (data, messages);
    }
}
