using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Shell;

/// <summary>Commands in the background.</summary>
public sealed class JobTests : IAsyncLifetime
{
    private const int Stop = 19, Resume = 18;

    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_script_waits_for_its_jobs_and_returns_their_failure()
    {
        _folder.Write("a", "one");
        _folder.Write("b", "two");
        (int code, _, string messages) = await _server.RunClientAsync(_folder, "put a &", "put b c &", "wait", "ls");
        Assert.True(code == 0, messages);
        Assert.Contains("[1] done     put a\n", messages, StringComparison.Ordinal);
        Assert.Contains("[2] done     put b c\n", messages, StringComparison.Ordinal);
        Assert.Equal(["a", "c"], _server.Folder.Names);
        (code, _, messages) = await _server.RunClientAsync(_folder, "put missing &");
        Assert.Equal(6, code);
        Assert.Contains("[1] failed   put missing\n", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_keeps_its_folder_if_the_session_changes_it()
    {
        Directory.CreateDirectory(_server.Folder["sub"]);
        _folder.Write("a", "one");
        (int code, _, string messages) = await _server.RunClientAsync(_folder, "put a &", "cd sub", "wait");
        Assert.True(code == 0, messages);
        Assert.Equal(["a", "sub"], _server.Folder.Names);
    }

    [Theory]
    [InlineData("rm a &", "rm &: only put, get, mput, mget and mirror can run in the background")]
    [InlineData("kill 7", "kill: there is no job 7")]
    [InlineData("wait 7", "wait: there is no job 7")]
    public async Task A_wrong_use_is_an_error(string line, string answer)
    {
        (int code, _, string messages) = await _server.RunClientAsync(_folder, line);
        Assert.NotEqual(0, code);
        Assert.Contains(answer, messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jobs_wait_for_each_other_can_be_killed_and_keep_the_typed_line()
    {
        foreach (string name in (string[])["a", "b", "c"])
        {
            _folder.Write(name, name);
        }

        await using RunningProgram client = RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText]);
        await client.WaitForOutputAsync("fts> ");
        client.WriteInput("pwd\r");
        await client.WaitForOutputAsync("\n/\r\n");
        // The stopped server sends no reply, so the jobs stay active.
        _server.Program.SendSignal(Stop);
        client.WriteInput("put a &\rput b &\rput c &\rjobs\r");
        await client.WaitForOutputAsync("[1] running  put a");
        await client.WaitForOutputAsync("[3] queued   put c", times: 2);
        client.WriteInput("lcd ..\r");
        await client.WaitForOutputAsync("lcd: jobs are running");
        client.WriteInput("kill 3\r");
        await client.WaitForOutputAsync("[3] stopped  put c");
        client.WriteInput("mkdir typed");
        await client.WaitForOutputAsync("mkdir typed");
        _server.Program.SendSignal(Resume);
        await client.WaitForOutputAsync("[1] done     put a");
        await client.WaitForOutputAsync("[2] done     put b");
        client.WriteInput("\r");
        await client.WaitForOutputAsync("created typed");
        Assert.Equal(["a", "b", "typed"], _server.Folder.Names);
    }
}
