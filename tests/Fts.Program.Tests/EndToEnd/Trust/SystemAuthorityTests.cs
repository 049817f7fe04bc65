using System.Diagnostics;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Trust;

/// <summary>
/// The certificates of the system's authorities are read only if they can decide the trust. Here their folder contains a FIFO, which blocks
/// each reader until the test opens it.
/// </summary>
public sealed class SystemAuthorityTests : IDisposable
{
    private readonly TestFolder _folder = new(), _home = new(), _authorities = new();

    public SystemAuthorityTests()
    {
        using Process mkfifo = Process.Start("mkfifo", Fifo);
        mkfifo.WaitForExit();
        Assert.Equal(0, mkfifo.ExitCode);
    }

    private string Fifo => _authorities["authority.pem"];

    private (string, string?)[] Environment => [("XDG_CONFIG_HOME", _home.Path), ("SSL_CERT_DIR", _authorities.Path), ("SSL_CERT_FILE", "")];

    public void Dispose()
    {
        _folder.Dispose();
        _home.Dispose();
        _authorities.Dispose();
    }

    [Fact]
    public async Task They_are_read_for_an_unknown_server_and_not_for_one_with_a_remembered_key()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        string[] arguments = ["client", "127.0.0.1", server.PortText];
        Task<(int Code, string, string Messages)> running = RunningProgram.RunAsync(_folder.Path, arguments, "pwd\n", Environment);
        // Opening a FIFO for writing waits until another process opens it for reading.
        CancellationToken token = TestContext.Current.CancellationToken;
        await Task.Run(() => File.OpenWrite(Fifo).Dispose(), token).WaitAsync(Deadline.Default, token);
        (int code, _, string messages) = await running;
        Assert.True(code == 0, messages);
        Assert.Contains("remembering its key", messages, StringComparison.Ordinal);

        (code, string data, messages) = await RunningProgram.RunAsync(_folder.Path, arguments, "!printenv SSL_CERT_DIR\n", Environment);
        Assert.True(code == 0, messages);
        Assert.Contains("key remembered", messages, StringComparison.Ordinal);
        Assert.Equal(_authorities.Path, data.Trim());
    }

    [Fact]
    public async Task A_session_without_them_refuses_the_server_after_its_key_was_removed()
    {
        int port;
        RunningProgram client;
        await using (RunningServer server = await RunningServer.StartAsync())
        {
            port = server.Port;
            string[] arguments = ["client", "127.0.0.1", server.PortText];
            (int first, _, string greeted) =
                await RunningProgram.RunAsync(_folder.Path, arguments, "pwd\n", ("XDG_CONFIG_HOME", _home.Path));
            Assert.True(first == 0, greeted);
            client = RunningProgram.Start(_folder.Path, arguments, ("XDG_CONFIG_HOME", _home.Path));
            client.WriteInput("pwd\n");
            await client.WaitForOutputAsync("/\n");
        }

        await using (client)
        await using (RunningProgram server = RunningProgram.Start(_folder.Path, ["server", "127.0.0.1", $"{port}"]))
        {
            await server.WaitForOutputAsync("stop      Ctrl-C");
            File.Delete(_home["fts/known_hosts"]);
            client.WriteInput("pwd\n");
            client.CloseInput();
            Assert.Equal(5, await client.WaitForExitAsync());
            Assert.Contains($"the remembered key of 127.0.0.1:{port} was removed", client.Messages, StringComparison.Ordinal);
            Assert.False(File.Exists(_home["fts/known_hosts"]));
        }
    }
}
