using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Trust;

/// <summary>
/// The certificates of the system's authorities are read only if they can decide the trust. The message of the client shows that: it
/// reports a trusted certificate only if it was compared with those of the authorities.
/// </summary>
public sealed class SystemAuthorityTests : IDisposable
{
    private readonly TestFolder _folder = new(), _home = new(), _files = new();
    private readonly AuthorityFiles _authority;

    public SystemAuthorityTests() => _authority = new AuthorityFiles(_files);

    public void Dispose()
    {
        _folder.Dispose();
        _home.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task They_are_not_read_for_a_server_with_a_remembered_key()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--cert", _authority.WritePem("127.0.0.1"));
        (string, string?)[] environment = [("XDG_CONFIG_HOME", _home.Path), ("SSL_CERT_FILE", _authority.RootFile)];
        string[] arguments = ["client", "127.0.0.1", server.PortText];
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, arguments, "ls\n", environment);
        Assert.True(code == 0, messages);
        Assert.Contains("certificate trusted", messages, StringComparison.Ordinal);

        string key = server.Program.Messages.Split([' ', '\n']).First(word => word.StartsWith("SHA256:", StringComparison.Ordinal));
        Assert.Equal(
            0, (await RunningProgram.RunAsync(_folder.Path, ["trust", "add", $"127.0.0.1:{server.Port}", key], "", environment)).Code);
        (code, string data, messages) =
            await RunningProgram.RunAsync(_folder.Path, arguments, "!printenv SSL_CERT_FILE\n", environment);
        Assert.True(code == 0, messages);
        Assert.Contains("key remembered", messages, StringComparison.Ordinal);
        Assert.Equal(_authority.RootFile, data.Trim());
    }

    [Fact]
    public async Task They_are_read_if_one_of_several_servers_has_no_remembered_key()
    {
        await using RunningServer trusted = await RunningServer.StartAsync("0", "--cert", _authority.WritePem("127.0.0.1"));
        await using RunningServer remembered = await RunningServer.StartAsync();
        (string, string?)[] environment = [("XDG_CONFIG_HOME", _home.Path), ("SSL_CERT_FILE", _authority.RootFile)];
        trusted.Folder.Write("a.txt", "a");
        remembered.Folder.Write("b.txt", "b");
        (int code, _, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", remembered.PortText], "ls\n", environment);
        Assert.True(code == 0, messages);

        (code, _, messages) = await RunningProgram.RunAsync(
            _folder.Path, ["get", $"ftp://127.0.0.1:{remembered.Port}/b.txt", $"ftp://127.0.0.1:{trusted.Port}/a.txt"], "", environment);
        Assert.True(code == 0, messages);
        Assert.DoesNotContain("remembering its key", messages, StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{trusted.Port} TLS", _home.Read("fts/known_hosts"), StringComparison.Ordinal);
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
            client.WriteInput("ls\n");
            client.CloseInput();
            Assert.Equal(5, await client.WaitForExitAsync());
            Assert.Contains($"the remembered key of 127.0.0.1:{port} was removed", client.Messages, StringComparison.Ordinal);
            Assert.False(File.Exists(_home["fts/known_hosts"]));
        }
    }
}
