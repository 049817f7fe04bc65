using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Trust;

/// <summary>Tests of the sources of the password, and that it is never printed.</summary>
public sealed class PasswordTests : IAsyncLifetime
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

    [Fact]
    public async Task The_password_is_read_from_a_file()
    {
        _folder.Write("secret", _password + "\n");
        Assert.Equal(0, (await ClientAsync(["--user", "fts", "--password-file", "secret"])).Code);
        Assert.Equal(11, (await ClientAsync(["--user", "fts", "--password-file", "nowhere"])).Code);
    }

    [Fact]
    public async Task The_password_is_read_from_a_program_without_a_shell()
    {
        _folder.Write("my secret", _password + "\nsecond line\n");
        Assert.Equal(0, (await ClientAsync(["--user", "fts", "--password-command", "cat 'my secret'"], ("FTS_PASSWORD", "wrong"))).Code);
        (int code, string output) = await ClientAsync(["--user", "fts", "--password-command", "cat none; touch made"]);
        Assert.Equal(4, code);
        Assert.Contains("the program cat of --password-command exited with 1", output, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["made"]));
        Assert.Equal(4, (await ClientAsync(["--user", "fts", "--password-command", "no-such-program"])).Code);
        Assert.Equal(2, (await ClientAsync(["--password-command", "cat x"])).Code);
    }

    [Fact]
    public async Task User_and_password_are_read_from_netrc()
    {
        WriteNetRc(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal(0, (await ClientAsync([], ("NETRC", _folder["netrc"]))).Code);
        Assert.Equal(0, (await ClientAsync(["--user", "fts"], ("NETRC", _folder["netrc"]))).Code);
    }

    [Fact]
    public async Task A_netrc_that_others_can_read_is_refused()
    {
        WriteNetRc(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        (int code, string output) = await ClientAsync([], ("NETRC", _folder["netrc"]));
        Assert.Equal(11, code);
        Assert.Contains("chmod 600", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_terminal_a_missing_password_is_an_error()
    {
        (int code, string output) = await ClientAsync(["--user", "fts"]);
        Assert.Equal(2, code);
        Assert.Contains("--password-file", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_exits_with_4_and_is_never_printed()
    {
        (int code, string output) = await ClientAsync(["--user", "fts"], ("FTS_PASSWORD", "open sesame"));
        Assert.Equal(4, code);
        Assert.DoesNotContain("sesame", output + _server.Program.Messages, StringComparison.Ordinal);
        Assert.Contains("530", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_typed_on_a_terminal_is_not_echoed()
    {
        await using RunningProgram client =
            RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText, "1", "--user", "fts"]);
        await client.WaitForOutputAsync("password for fts on 127.0.0.1: ");
        client.WriteInput(_password + "\r");
        await client.WaitForOutputAsync("fts> ");
        Assert.DoesNotContain(_password, client.Data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wrong\x15{0}")] // Ctrl-U
    [InlineData("{0} more\x17\x7f")] // Ctrl-W, Backspace
    [InlineData("{0}\u00e9\x7f\u6587\ud83d\ude00\x7f\x08")] // characters of several bytes
    [InlineData("\e[D\e[C\e[H\eOF\e[1;5D\eb\e[200~{0}\e[201~\e[99~\t\x12")] // keys that are not text
    public async Task Editing_keys_do_not_become_part_of_the_password(string keys)
    {
        await using RunningProgram client =
            RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText, "1", "--user", "fts"]);
        await client.WaitForOutputAsync("password for fts on 127.0.0.1: ");
        client.WriteInput(string.Format(System.Globalization.CultureInfo.InvariantCulture, keys, _password) + "\r");
        await client.WaitForOutputAsync("fts> ");
        Assert.DoesNotContain(_password, client.Data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abc\x03")] // Ctrl-C
    [InlineData("abc\x15\x04")] // Ctrl-D without text
    public async Task A_cancelled_question_exits_with_130(string keys)
    {
        await using RunningProgram client =
            RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText, "--user", "fts"]);
        await client.WaitForOutputAsync("password for fts on 127.0.0.1: ");
        client.WriteInput(keys);
        Assert.Equal(130, await client.WaitForExitAsync());
        Assert.DoesNotContain("abc", client.Data, StringComparison.Ordinal);
    }

    private void WriteNetRc(UnixFileMode mode)
    {
        _folder.Write("netrc", $"machine 127.0.0.1 login fts password {_password}\n");
        File.SetUnixFileMode(_folder["netrc"], mode);
    }

    private async Task<(int Code, string Output)> ClientAsync(string[] options, params (string, string?)[] environment)
    {
        (int code, string data, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", _server.PortText, "1", .. options], "pwd\n", environment);
        Assert.DoesNotContain(_password, data + messages, StringComparison.Ordinal);
        return (code, data + messages);
    }
}
