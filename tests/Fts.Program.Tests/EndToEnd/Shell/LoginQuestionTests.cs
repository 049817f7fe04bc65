using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Shell;

/// <summary>The questions for a user and password if the server refuses the login on a terminal.</summary>
public sealed class LoginQuestionTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;
    private string _password = "";

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync("0", "--anonymous", "no");
        _password = _server.Program.Messages.Split('\n').Single(line => line.Contains("  password  ", StringComparison.Ordinal))
            .Split("  password  ")[1];
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_refused_anonymous_login_asks_for_a_user_and_a_password_three_times(bool isRightAtLast)
    {
        await using RunningProgram client =
            RunningProgram.StartOnTerminal(_folder.Path, ["client", $"127.0.0.1:{_server.PortText}"]);
        await client.WaitForOutputAsync("user: ");
        client.WriteInput("fts\r");
        for (int attempt = 1; attempt <= 3; attempt++)
        {
            await client.WaitForOutputAsync("password for fts on 127.0.0.1: ", attempt);
            client.WriteInput(attempt == 3 && isRightAtLast ? _password + "\r" : "wrong\r");
            if (attempt < 3)
            {
                await client.WaitForOutputAsync("user [fts]: ", attempt);
                client.WriteInput("\r");
            }
        }

        if (isRightAtLast)
        {
            await client.WaitForOutputAsync(" as fts, TLS 1.3");
            await client.WaitForOutputAsync("fts> ");
        }
        else
        {
            Assert.Equal(4, await client.WaitForExitAsync());
        }

        Assert.DoesNotContain(_password, client.Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_asks_for_the_password_and_never_uses_the_variable()
    {
        await using RunningProgram client = RunningProgram.StartOnTerminal(
            _folder.Path, ["client", $"fts@127.0.0.1:{_server.PortText}"], 80, ("FTS_PASSWORD", _password));
        await client.WaitForOutputAsync("fts> ");
        client.WriteInput("user fts\r");
        await client.WaitForOutputAsync("password for fts on 127.0.0.1: ");
        client.WriteInput(_password + "\r");
        await client.WaitForOutputAsync(" as fts, TLS 1.3", times: 2);
    }
}
