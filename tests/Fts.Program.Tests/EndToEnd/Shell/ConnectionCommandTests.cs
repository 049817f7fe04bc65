using System.Text.RegularExpressions;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Shell;

/// <summary>Connections, bookmarks, settings, aliases and history of the shell.</summary>
public sealed class ConnectionCommandTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Close_disconnects_and_open_connects_again()
    {
        _server.Folder.Write("a", "x");
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput("close\r");
        await client.WaitForOutputAsync("not connected fts> ");
        client.WriteInput("ls\r");
        await client.WaitForOutputAsync("error:");
        await client.WaitForOutputAsync("not connected\r\n");
        client.WriteInput($"open 127.0.0.1:{_server.PortText}\r");
        await client.WaitForOutputAsync(" as anonymous, TLS 1.3", times: 2);
        client.WriteInput("nlist\r");
        await client.WaitForOutputAsync("\na\r\n");
    }

    [Fact]
    public async Task A_failed_open_keeps_the_connection()
    {
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput("open 127.0.0.1:1\r");
        await client.WaitForOutputAsync("error:");
        client.WriteInput("pwd\r");
        await client.WaitForOutputAsync("\n/\r\n");
    }

    [Fact]
    public async Task A_bookmark_is_stored_without_rights_for_others_and_opens_the_server()
    {
        Directory.CreateDirectory(_server.Folder["sub dir"]);
        (int code, string data, string messages) =
            await _server.RunClientAsync(_folder, "cd 'sub dir'", "bookmark add work", "bookmark list");
        Assert.True(code == 0, messages);
        string url = $"ftp://127.0.0.1:{_server.PortText}/%2Fsub%20dir";
        Assert.Equal($"work           {url}\n", data);
        string file = Assert.Single(Directory.GetFiles(GetConfigFolder(), "bookmarks", SearchOption.AllDirectories));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        (code, data, messages) = await RunningProgram.RunAsync(_folder.Path, ["client", "work"], "pwd\nbookmark remove work\nbookmark\n");
        Assert.True(code == 0, messages);
        Assert.Equal("/sub dir\n", data);
    }

    [Theory]
    [InlineData("bookmark add x ftp://ann:secret@host", "a password in a URL is visible")]
    [InlineData("bookmark add x ann:secret@host", "a password in an argument is visible")]
    [InlineData("open ann:secret@host", "a password in an argument is visible")]
    public async Task A_password_is_refused_and_not_shown(string line, string answer)
    {
        (int code, _, string messages) = await _server.RunClientAsync(_folder, line);
        Assert.Equal(2, code);
        Assert.Contains(answer, messages, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_prints_the_encryption_the_account_and_the_folders()
    {
        (int code, string data, string messages) = await _server.RunClientAsync(_folder, "status");
        Assert.True(code == 0, messages);
        Assert.Matches(
            new Regex(
                $"^connected to 127\\.0\\.0\\.1:{_server.PortText} as anonymous\nTLS 1\\.3, key remembered: SHA256:\\S+\n" +
                "cipher         TLS_AES_\\S+\ncertificate    CN=.+, valid until \\d{4}-\\d\\d-\\d\\d\nremote folder  /\n" +
                $"local folder   {Regex.Escape(_folder.Path)}\n$"),
            data);
    }

    [Fact]
    public async Task Settings_change_the_following_commands()
    {
        _folder.Write("a", "mine");
        _server.Folder.Write("a", "theirs");
        (int code, string data, string messages) =
            await _server.RunClientAsync(_folder, "set existing skip", "get a", "set existing", "set jobs 3", "set");
        Assert.True(code == 0, messages);
        Assert.Equal("mine", _folder.Read("a"));
        Assert.Equal(
            "existing  skip\nexisting  skip\nverify    auto\nsegments  auto\ntype      binary\ndebug     off\njobs      3\n", data);
        (code, _, messages) = await _server.RunClientAsync(_folder, "set exsting skip");
        Assert.Equal(2, code);
        Assert.Contains("set: unknown setting 'exsting'; did you mean existing?", messages, StringComparison.Ordinal);
        Assert.Equal(2, (await _server.RunClientAsync(_folder, "set jobs 0")).Code);
    }

    [Fact]
    public async Task Debug_shows_requests_until_it_is_off()
    {
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput("debug on\r");
        await client.WaitForOutputAsync("debug is on");
        client.WriteInput("mkdir one\r");
        await client.WaitForOutputAsync("> MKD");
        client.WriteInput("debug off\r");
        await client.WaitForOutputAsync("debug is off");
        client.WriteInput("mkdir two\r");
        await client.WaitForOutputAsync("created two");
        Assert.DoesNotContain("> MKD two", client.Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_alias_runs_its_command_also_in_the_next_session()
    {
        _server.Folder.Write("a.txt", "x");
        _server.Folder.Write("b.jpg", "x");
        Assert.Equal(0, (await _server.RunClientAsync(_folder, "alias names nlist")).Code);
        (int code, string data, string messages) = await _server.RunClientAsync(_folder, "names *.txt", "alias", "unalias names", "alias");
        Assert.True(code == 0, messages);
        Assert.Equal("a.txt\nnames     nlist\n", data);
        Assert.Equal(2, (await _server.RunClientAsync(_folder, "alias get nlist")).Code);
        Assert.Equal(2, (await _server.RunClientAsync(_folder, "alias x quote")).Code);
    }

    [Fact]
    public async Task The_history_is_kept_without_credentials_and_without_rights_for_others()
    {
        using var state = new TestFolder();
        await using (RunningProgram client = await ConnectAsync(("XDG_STATE_HOME", state.Path)))
        {
            client.WriteInput("mkdir remembered\r");
            await client.WaitForOutputAsync("created remembered");
            client.WriteInput("quote SITE PSWD old new\r");
            await client.WaitForOutputAsync("fts> ", times: 3);
            client.WriteInput("bye\r");
            Assert.Equal(0, await client.WaitForExitAsync());
        }

        string file = Path.Combine(state.Path, "fts", "history");
        Assert.Equal("mkdir remembered\nbye\n", File.ReadAllText(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        await using RunningProgram next = await ConnectAsync(("XDG_STATE_HOME", state.Path));
        next.WriteInput("\e[A\e[A2\r");
        await next.WaitForOutputAsync("created remembered2");
    }

    [Fact]
    public async Task Two_pasted_lines_run_one_after_the_other()
    {
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput("mkdir one\rmkdir two\r");
        await client.WaitForOutputAsync("created two");
        Assert.Equal(["one", "two"], _server.Folder.Names);
    }

    [Fact]
    public async Task Tab_shows_at_most_a_screenful_and_the_number_of_the_others()
    {
        for (int i = 0; i < 300; i++)
        {
            _folder.Write($"file-with-a-long-name-{i:D3}", "");
        }

        await using RunningProgram client = await ConnectAsync();
        client.WriteInput("put f\t");
        await client.WaitForOutputAsync("put file-with-a-long-name-");
        client.WriteInput("\t");
        await client.WaitForOutputAsync("… and 237 more");
        Assert.Contains("file-with-a-long-name-062", client.Data, StringComparison.Ordinal);
        Assert.DoesNotContain("file-with-a-long-name-063", client.Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tab_after_cd_offers_only_folders()
    {
        _server.Folder.Write("data.txt", "x");
        Directory.CreateDirectory(_server.Folder["docs"]);
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput("cd d\t\r");
        await client.WaitForOutputAsync("the remote folder is now /docs");
    }

    private string GetConfigFolder() =>
        Path.Combine(RunningProgram.HomePath, _folder.Path.Replace('/', '_'));

    private async Task<RunningProgram> ConnectAsync(params (string Name, string? Value)[] environment)
    {
        RunningProgram client =
            RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText], 80, environment);
        await client.WaitForOutputAsync("fts> ");
        return client;
    }
}
