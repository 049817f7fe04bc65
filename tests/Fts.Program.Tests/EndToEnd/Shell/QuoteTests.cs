using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Shell;

/// <summary>Commands as they were typed, the transfer type, and accounts (ACCT), from a script.</summary>
public sealed class QuoteTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Quote_and_site_print_the_reply()
    {
        using ScriptedServer server = ScriptedServer.Start(new() { ["SITE"] = "200 fine", ["XYZW"] = "250-one\r\n two\r\n250 three" }, []);
        (int code, string data, _) = await RunAsync(server, "quote xyzw a  \"b  c\"\nsite chmod 644 \"my file\"\nquote 'SITE HELP'\n");
        Assert.Equal((0, "250-one\n two\n250 three\n200 fine\n200 fine\n"), (code, data));
        Assert.Equal(
            ["XYZW a b  c", "SITE chmod 644 my file", "SITE HELP"], server.ReceivedCommands.Where(
            line => line.StartsWith("XYZW", StringComparison.Ordinal) || line.StartsWith("SITE", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_negative_reply_is_printed_and_fails_a_script()
    {
        using ScriptedServer server = ScriptedServer.Start([], []);
        (int code, string data, _) = await RunAsync(server, "quote XYZW\n");
        Assert.Equal((1, "502 no\n"), (code, data));
    }

    [Theory]
    [InlineData("quote PASV")]
    [InlineData("quote RETR a")]
    [InlineData("quote TYPE A")]
    [InlineData("quote PASS secret")]
    public async Task What_would_put_the_session_out_of_step_is_refused(string line)
    {
        using ScriptedServer server = ScriptedServer.Start([], []);
        (int code, _, string messages) = await RunAsync(server, $"{line}\nquote NOOP\n");
        Assert.Equal(9, code);
        Assert.Contains("was not sent, because ", messages, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", messages, StringComparison.Ordinal);
        Assert.DoesNotContain(line["quote ".Length..], server.ReceivedCommands);
    }

    [Fact]
    public async Task Ascii_and_binary_apply_to_later_transfers()
    {
        using ScriptedServer server = ScriptedServer.Start([], new() { ["RETR"] = ScriptedServer.CreatePayload("one\r\ntwo\r\n") });
        (int code, string data, string messages) =
            await RunAsync(server, "type\nascii\ntype\nget a.txt\ncat a.txt\nbinary\ntype\nget b.txt\n");
        Assert.Equal((0, "binary\nascii\none\ntwo\nbinary\n"), (code, data));
        Assert.Contains("ascii mode: ", messages, StringComparison.Ordinal);
        Assert.Equal("one\ntwo\n", await File.ReadAllTextAsync(_folder["a.txt"], TestContext.Current.CancellationToken));
        Assert.Equal("one\r\ntwo\r\n", await File.ReadAllTextAsync(_folder["b.txt"], TestContext.Current.CancellationToken));
        Assert.Equal(["TYPE I", "TYPE A", "TYPE I", "TYPE A", "TYPE I"],
            server.ReceivedCommands.Where(line => line.StartsWith("TYPE", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("ascii\nget --resume a.txt\n", "--resume does not work in ASCII mode")]
    [InlineData("type x\n", "type x: must be ascii or binary")]
    public async Task Options_that_ASCII_mode_excludes_are_reported(string input, string message)
    {
        using ScriptedServer server = ScriptedServer.Start([], new() { ["RETR"] = ScriptedServer.CreatePayload("x") });
        (int code, _, string messages) = await RunAsync(server, input);
        Assert.Equal(2, code);
        Assert.Contains(message, messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(";type=a", "", "one\ntwo\n")]
    [InlineData("", "--ascii", "one\ntwo\n")]
    [InlineData(";type=i", "", "one\r\ntwo\r\n")]
    [InlineData("", "", "one\r\ntwo\r\n")]
    public async Task A_URL_or_an_option_sets_the_type_of_a_get(string suffix, string option, string content)
    {
        using ScriptedServer server = ScriptedServer.Start([], new() { ["RETR"] = ScriptedServer.CreatePayload("one\r\ntwo\r\n") });
        string[] options = option.Length == 0 ? [] : [option];
        (int code, string data, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["get", $"ftp://127.0.0.1:{server.Port}/a.txt{suffix}", .. options, "--to", "-"], "");
        Assert.Equal((0, content), (code, data));
        Assert.DoesNotContain("error", messages, StringComparison.Ordinal);
        Assert.Contains("RETR a.txt", server.ReceivedCommands);
    }

    [Fact]
    public async Task A_URL_with_type_d_lists_names()
    {
        using ScriptedServer server =
            ScriptedServer.StartWithListing("-rw-r--r-- 1 o g 5 Jan  1  2020 one\r\n-rw-r--r-- 1 o g 5 Jan  1  2020 two\r\n");
        (int code, string data, _) = await RunningProgram.RunAsync(_folder.Path, ["get", $"ftp://127.0.0.1:{server.Port}/;type=d"], "");
        Assert.Equal((0, "one\ntwo\n"), (code, data));
    }

    [Fact]
    public async Task A_size_that_is_too_small_is_a_warning()
    {
        using ScriptedServer server =
            ScriptedServer.Start(new() { ["SIZE"] = "213 3" }, new() { ["RETR"] = ScriptedServer.CreatePayload("hello") });
        (int code, _, string messages) = await RunAsync(server, "get a.txt\n");
        Assert.Equal(0, code);
        Assert.Contains(
            "warning: a.txt: the server reported 3 bytes and sent 5 bytes; the whole file was kept\n", messages, StringComparison.Ordinal);
        Assert.Equal("hello", await File.ReadAllTextAsync(_folder["a.txt"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_size_that_cannot_be_read_is_no_error()
    {
        using ScriptedServer server =
            ScriptedServer.Start(new() { ["SIZE"] = "213 much" }, new() { ["RETR"] = ScriptedServer.CreatePayload("hello") });
        Assert.Equal(0, (await RunAsync(server, "get a.txt\n")).Code);
        Assert.Equal("hello", await File.ReadAllTextAsync(_folder["a.txt"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_account_that_is_missing_is_an_error_that_names_the_variable()
    {
        using ScriptedServer server = ScriptedServer.Start(new() { ["PASS"] = "332 account" }, []);
        (int code, _, string messages) = await RunAsync(server, "pwd\n");
        Assert.Equal(4, code);
        Assert.Contains("332 account", messages, StringComparison.Ordinal);
        Assert.Contains("FTS_ACCOUNT", messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("machine 127.0.0.1 account sales\n", null)]
    [InlineData("machine 127.0.0.1 account other\n", "sales")]
    [InlineData("machine elsewhere.example account other\n", "sales")]
    [InlineData("", "sales")]
    public async Task An_account_comes_from_the_environment_or_netrc_and_is_shown_nowhere(string netrc, string? variable)
    {
        _folder.Write("netrc", netrc);
        File.SetUnixFileMode(_folder["netrc"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using ScriptedServer server = ScriptedServer.Start(new() { ["PASS"] = "332 account", ["ACCT"] = "230 in" }, []);
        (int code, string data, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", server.Port, "1", "--user", "ann"], "pwd\n", ("NETRC", _folder["netrc"]),
            ("FTS_PASSWORD", "secret"), ("FTS_ACCOUNT", variable));
        Assert.Equal((0, "/\n"), (code, data));
        Assert.Contains("ACCT sales", server.ReceivedCommands);
        Assert.Contains("> ACCT ****", messages, StringComparison.Ordinal);
        Assert.DoesNotContain("sales", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_account_of_the_environment_is_not_sent_for_anonymous()
    {
        using ScriptedServer server = ScriptedServer.Start(new() { ["PASS"] = "332 account", ["ACCT"] = "230 in" }, []);
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", server.Port], "pwd\n", ("NETRC", _folder["none"]), ("FTS_ACCOUNT", "sales"));
        Assert.Equal(4, code);
        Assert.Contains("--user NAME", messages, StringComparison.Ordinal);
        Assert.DoesNotContain(server.ReceivedCommands, line => line.StartsWith("ACCT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_account_is_asked_for_on_a_terminal()
    {
        using ScriptedServer server = ScriptedServer.Start(new() { ["PASS"] = "332 account", ["ACCT"] = "230 in" }, []);
        await using RunningProgram client =
            RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", server.Port], environment: ("NETRC", _folder["none"]));
        await client.WaitForOutputAsync("account (ACCT) for anonymous on 127.0.0.1: ");
        client.WriteInput("sales\r");
        await client.WaitForOutputAsync("fts> ");
        Assert.Contains("ACCT sales", server.ReceivedCommands);
        Assert.DoesNotContain("sales", client.Data, StringComparison.Ordinal);
    }

    private Task<(int Code, string Data, string Messages)> RunAsync(ScriptedServer server, string input) =>
        RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", server.Port], input);
}
