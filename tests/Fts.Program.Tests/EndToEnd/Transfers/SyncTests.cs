using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Transfers;

/// <summary><c>fts sync</c> in both directions: transfers, moves, guarded deletions, trash and dry runs.</summary>
public sealed class SyncTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync("1");

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task With_delete_the_target_becomes_equal_to_the_source_and_a_second_run_does_nothing(bool isUpload)
    {
        TestFolder source = isUpload ? _folder : _server.Folder, target = isUpload ? _server.Folder : _folder;
        Write(source, "t/a", "new content");
        Write(source, "t/sub/b", "b");
        Write(source, "t/sub/deep/c", "c");
        Write(target, "t/a", "old");
        Write(target, "t/extra", "x");
        Write(target, "t/gone/deep/d", "d");
        Write(target, "outside", "stays");

        (int code, _, string messages) = await SyncAsync(isUpload, "--delete", "--force");

        Assert.True(code == 0, messages);
        Assert.Contains("2 folders to create, 2 files to add, 1 file to change, 2 files to delete, 2 folders to delete", messages,
            StringComparison.Ordinal);
        Assert.Equal(["a=new content", "sub/b=b", "sub/deep/c=c"], ListTree(target["t"]));
        Assert.False(Directory.Exists(target["t/gone"]));
        Assert.Equal("stays", target.Read("outside"));
        (code, _, messages) = await SyncAsync(isUpload, "--delete", "--force");
        Assert.True(code == 0, messages);
        Assert.Contains("nothing to do, 3 files unchanged", messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_dry_run_prints_the_plan_and_sends_no_write_command(bool isUpload)
    {
        TestFolder source = isUpload ? _folder : _server.Folder, target = isUpload ? _server.Folder : _folder;
        Write(source, "t/keep", "keep");
        Write(source, "t/sub/b", "b");
        Write(target, "t/extra", "x");

        (int code, string data, string messages) = await SyncAsync(isUpload, "--delete", "--dry-run");

        Assert.True(code == 0, messages);
        Assert.Equal("create    t/sub/\nadd       t/keep\nadd       t/sub/b\ndelete    t/extra\n", data);
        Assert.Contains("dry run, nothing was changed", messages, StringComparison.Ordinal);
        Assert.Equal(["extra=x"], ListTree(target["t"]));
        foreach (string verb in (string[])["MKD", "STOR", "MFMT", "DELE", "RMD", "RNFR"])
        {
            Assert.DoesNotContain($"> {verb}", _server.Program.Messages, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_a_terminal_deletions_need_force_and_without_delete_nothing_is_deleted()
    {
        Write(_folder, "t/a", "a");
        Write(_server.Folder, "t/extra", "x");
        (int code, _, string messages) = await SyncAsync(isUpload: true, "--delete");
        Assert.Equal(2, code);
        Assert.Contains("this deletes 1 file and 0 folders, and fts cannot ask without a terminal", messages, StringComparison.Ordinal);
        Assert.Contains("--force", messages, StringComparison.Ordinal);
        Assert.Equal(["extra=x"], ListTree(_server.Folder["t"]));
        Assert.Equal(0, (await SyncAsync(isUpload: true)).Code);
        Assert.Equal(["a=a", "extra=x"], ListTree(_server.Folder["t"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_empty_or_much_smaller_source_deletes_nothing_unless_the_limit_is_given(bool isUpload)
    {
        TestFolder source = isUpload ? _folder : _server.Folder, target = isUpload ? _server.Folder : _folder;
        Directory.CreateDirectory(source["t"]);
        foreach (string name in (string[])["a", "b", "c"])
        {
            Write(target, $"t/{name}", name);
        }

        (int code, _, string messages) = await SyncAsync(isUpload, "--delete", "--force");
        Assert.Equal(9, code);
        Assert.Contains("3 files and folders not deleted, because the source has no files", messages, StringComparison.Ordinal);
        Write(source, "t/a", "a");
        (code, _, messages) = await SyncAsync(isUpload, "--delete", "--force");
        Assert.Equal(9, code);
        Assert.Contains("the source has only 1 files, and the target 3", messages, StringComparison.Ordinal);
        (code, _, messages) = await SyncAsync(isUpload, "--delete", "--force", "--max-delete", "1");
        Assert.Equal(9, code);
        Assert.Contains("2 files would be deleted, more than the limit of 1", messages, StringComparison.Ordinal);
        (code, _, messages) = await SyncAsync(isUpload, "--delete", "--force", "--max-delete", "50%");
        Assert.Equal(9, code);
        Assert.Equal(["a=a", "b=b", "c=c"], ListTree(target["t"]));
        (code, _, messages) = await SyncAsync(isUpload, "--delete", "--force", "--max-delete", "100%");
        Assert.True(code == 0, messages);
        Assert.Equal(["a=a"], ListTree(target["t"]));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_listed_blocks_all_deletions()
    {
        const string Row = "-rw-r--r-- 1 o g 7 Jan  2  2020 ";
        Write(_folder, "t/extra", "x");
        Write(_folder, "t/a", "7 bytes");
        using ScriptedServer server = ScriptedServer.Start(
            new() { ["PWD"] = "257 \"/\"" },
            new() { ["LIST"] = ScriptedServer.CreatePayload($"{Row}a\r\nls: hidden: Permission denied\r\n") });
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["sync", $"ftp://127.0.0.1:{server.Port}/", "t", "--delete", "--force"]);
        Assert.Equal(9, code);
        Assert.Contains("1 file or folder not deleted, because a listing has lines in an unknown format", messages,
            StringComparison.Ordinal);
        Assert.Equal("x", _folder.Read("t/extra"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Trash_keeps_deleted_and_replaced_files(bool isUpload)
    {
        TestFolder source = isUpload ? _folder : _server.Folder, target = isUpload ? _server.Folder : _folder;
        Write(source, "t/a", "new content");
        Write(target, "t/a", "old");
        Write(target, "t/sub/extra", "x");

        (int code, _, string messages) = await SyncAsync(isUpload, "--delete", "--force", "--trash", "t/.trash");

        Assert.True(code == 0, messages);
        Assert.Equal("new content", target.Read("t/a"));
        string run = Assert.Single(Directory.GetDirectories(target["t/.trash"]));
        Assert.Equal(["a=old", "sub/extra=x"], ListTree(run));
        (code, _, messages) = await SyncAsync(isUpload, "--delete", "--force", "--trash", "t/.trash");
        Assert.True(code == 0, messages);
        Assert.Contains("nothing to do, 1 file unchanged", messages, StringComparison.Ordinal);
        Assert.Equal(["a=old", "sub/extra=x"], ListTree(run));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_moved_file_is_renamed_and_not_transferred(bool isUpload)
    {
        TestFolder source = isUpload ? _folder : _server.Folder, target = isUpload ? _server.Folder : _folder;
        Write(source, "t/new/name", "the same content");
        Write(target, "t/old", "the same content");

        (int code, _, string messages) = await SyncAsync(isUpload, "--delete", "--force");

        Assert.True(code == 0, messages);
        Assert.Contains("1 file to move", messages, StringComparison.Ordinal);
        Assert.Equal(["new/name=the same content"], ListTree(target["t"]));
        Assert.DoesNotContain("> STOR", _server.Program.Messages, StringComparison.Ordinal);
        Assert.DoesNotContain("> RETR", _server.Program.Messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Checksum_finds_a_change_that_size_and_time_hide(bool isUpload)
    {
        TestFolder source = isUpload ? _folder : _server.Folder, target = isUpload ? _server.Folder : _folder;
        var time = new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        Write(source, "t/a", "content 1");
        Write(target, "t/a", "content 2");
        File.SetLastWriteTimeUtc(source["t/a"], time);
        File.SetLastWriteTimeUtc(target["t/a"], time);
        Assert.Contains("nothing to do", (await SyncAsync(isUpload)).Messages, StringComparison.Ordinal);
        (int code, _, string messages) = await SyncAsync(isUpload, "--checksum");
        Assert.True(code == 0, messages);
        Assert.Equal("content 1", target.Read("t/a"));
    }

    [Fact]
    public async Task A_link_in_the_target_stays_and_a_link_is_not_followed()
    {
        Write(_server.Folder, "t/a", "a");
        Write(_folder, "outside/x", "x");
        Directory.CreateDirectory(_folder["t/extra"]);
        File.CreateSymbolicLink(_folder["t/extra/link"], _folder["outside"]);
        (int code, _, string messages) = await SyncAsync(isUpload: false, "--delete", "--force");
        Assert.True(code == 0, messages);
        Assert.Equal("x", _folder.Read("outside/x"));
        Assert.True(Path.Exists(_folder["t/extra/link"]));
    }

    [Fact]
    public async Task A_name_that_cannot_be_sent_is_reported_and_the_exit_code_is_9()
    {
        Write(_folder, "t/good", "good");
        Write(_folder, "t/line\nend", "bad");
        Write(_server.Folder, "t/extra", "x");
        (int code, _, string messages) = await SyncAsync(isUpload: true, "--delete", "--force");
        Assert.Equal(9, code);
        Assert.Contains("line", messages, StringComparison.Ordinal);
        Assert.Equal(["extra=x", "good=good"], ListTree(_server.Folder["t"]));
    }

    private Task<(int Code, string Data, string Messages)> SyncAsync(bool isUpload, params string[] options)
    {
        string url = $"ftp://127.0.0.1:{_server.PortText}/t";
        return RunningProgram.RunAsync(_folder.Path, ["sync", isUpload ? "t" : url, isUpload ? url : "t", .. options]);
    }

    private static void Write(TestFolder folder, string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
        folder.Write(name, content);
    }

    private static IEnumerable<string> ListTree(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/.trash/", StringComparison.Ordinal) || folder.Contains("/.trash/", StringComparison.Ordinal))
            .Select(path => $"{Path.GetRelativePath(folder, path)}={File.ReadAllText(path)}")
            .Order(StringComparer.Ordinal);
}
