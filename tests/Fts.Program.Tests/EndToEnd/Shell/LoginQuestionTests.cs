using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Shell;

/// <summary>The questions for a user and password if the server refuses the login on a terminal.</summary>
public sealed class LoginQuestionTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_refused_anonymous_login_asks_for_a_user_and_a_password_three_times()
    {
        await using RunningServer server = await RunningServer.StartAsync(["--user", "ann"], ("FTS_PASSWORD", "sesame"));
        await using RunningProgram client = RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", server.PortText]);
        for (int attempt = 1; attempt <= 3; attempt++)
        {
            await client.WaitForOutputAsync(attempt == 1 ? "user: " : "user [ann]: ", Math.Max(1, attempt - 1));
            client.WriteInput("ann\r");
            await client.WaitForOutputAsync("password for ann on 127.0.0.1: ", attempt);
            // The keys edit the password: only the last attempt is right after Ctrl-U, Ctrl-W and Backspace.
            client.WriteInput(attempt == 3 ? "wrong\x15sesam wrong\x17\x7f" + "ef\x7f\r" : "wrong\r");
        }

        await client.WaitForOutputAsync("as ann, TLS 1.3");
        await client.WaitForOutputAsync("fts> ");
        Assert.DoesNotContain("sesam", client.Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_three_wrong_passwords_the_client_exits()
    {
        await using RunningServer server = await RunningServer.StartAsync(["--user", "ann"], ("FTS_PASSWORD", "sesame"));
        await using RunningProgram client = RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", server.PortText]);
        for (int attempt = 1; attempt <= 3; attempt++)
        {
            await client.WaitForOutputAsync(attempt == 1 ? "user: " : "user [ann]: ", Math.Max(1, attempt - 1));
            client.WriteInput("ann\r");
            await client.WaitForOutputAsync("password for ann on 127.0.0.1: ", attempt);
            client.WriteInput("wrong\r");
        }

        Assert.Equal(4, await client.WaitForExitAsync());
    }

    [Fact]
    public async Task User_logs_in_as_another_user()
    {
        await using RunningServer server = await RunningServer.StartAsync(["--user", "ann"], ("FTS_PASSWORD", "sesame"));
        await using RunningProgram client = RunningProgram.StartOnTerminal(
            _folder.Path, ["client", $"ann@127.0.0.1:{server.PortText}"], 80, ("FTS_PASSWORD", "sesame"));
        await client.WaitForOutputAsync("fts> ");
        client.WriteInput("user ann\r");
        await client.WaitForOutputAsync("password for ann on 127.0.0.1: ");
        client.WriteInput("sesame\r");
        await client.WaitForOutputAsync(" as ann, TLS 1.3", times: 2);
    }
}
