using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Transfers;

/// <summary>The hidden file of a killed batch is deleted by the next batch into its directory, but not while its process runs.</summary>
public sealed class LeftoverTests : IAsyncLifetime
{
    private const int Kill = 9;

    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync("1");

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_batch_deletes_the_file_of_a_killed_process_and_not_that_of_a_running_one()
    {
        // Sends half of a file in block mode, and then nothing.
        var never = new TaskCompletionSource();
        using ScriptedServer slow = ScriptedServer.Start(
            new() { ["FEAT"] = "211-Features\r\n MODE B\r\n211 End", ["MODE"] = "200 ok" },
            new()
            {
                ["RETR"] = async stream =>
                {
                    await stream.WriteAsync("\0\0\u0005hello"u8.ToArray(), TestContext.Current.CancellationToken);
                    await never.Task;
                },
            });
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(_folder.Path) { NotifyFilter = NotifyFilters.LastWrite | NotifyFilters.Size };
        watcher.Changed += (_, _) => written.TrySetResult();
        watcher.EnableRaisingEvents = true;
        await using RunningProgram client = RunningProgram.Start(_folder.Path, ["client", "127.0.0.1", slow.Port, "--tls", "off"]);
        client.WriteInput("mget a b\n");
        await written.Task.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
        string partial = Assert.Single(_folder.Names);

        _server.Folder.Write("x", "one");
        _server.Folder.Write("y", "two");
        (int code, _, string messages) = await _server.RunClientAsync(_folder, "mget x y");
        Assert.True(code == 0, messages);
        Assert.Equal([partial, "x", "y"], _folder.Names);

        client.SendSignal(Kill);
        await client.WaitForExitAsync();
        (code, _, messages) = await _server.RunClientAsync(_folder, "mget --overwrite x y");
        Assert.True(code == 0, messages);
        Assert.Equal(["x", "y"], _folder.Names);
        never.SetResult();
    }

    [Fact]
    public async Task A_mirror_deletes_the_file_of_a_killed_mirror()
    {
        Directory.CreateDirectory(_folder["back/sub"]);
        Directory.CreateDirectory(_server.Folder["sub"]);
        _server.Folder.Write("sub/a", "one");
        _server.Folder.Write("sub/b", "two");
        _folder.Write("back/sub/.0123456789abcdef.fts-part", "half");
        _folder.Write("back/sub/.notes.fts-part.txt", "mine");
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["mirror", $"ftp://127.0.0.1:{_server.PortText}/", "back"]);
        Assert.True(code == 0, messages);
        Assert.Equal(
            [".notes.fts-part.txt", "a", "b"],
            Directory.EnumerateFiles(_folder["back/sub"]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }
}
