using Fts.Client.Tests.Support;
using Fts.Protocol;

namespace Fts.Client.Tests.Connections;

public sealed class ConnectionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_sent_before_a_delayed_greeting()
    {
        await using var peer = ScriptedPeer.Start("S: 120 in a minute\nS: 220-hello\nS: and welcome\nS: 220 there");
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token))
        {
            Assert.Equal(["hello", "and welcome", "there"], connection.Greeting.Lines);
            Assert.True(connection.IsUsable);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("S: 421 too many", typeof(FtpConnectionException), true)]
    [InlineData("S: 530 not you", typeof(FtpConnectionException), false)]
    [InlineData("S: SSH-2.0-OpenSSH", typeof(FtpProtocolException), false)]
    [InlineData("X", typeof(FtpConnectionException), true)]
    [InlineData("X!", typeof(FtpConnectionException), true)]
    public async Task An_invalid_greeting_is_an_error(string script, Type error, bool isTransient)
    {
        await using var peer = ScriptedPeer.Start(script);
        var e = (FtpException)(await Record.ExceptionAsync(() => FtpConnection.ConnectAsync(peer.Options, Token)))!;
        Assert.IsType(error, e);
        Assert.Equal(isTransient, e.IsTransient);
    }

    [Fact]
    public async Task Repeated_120_replies_without_a_greeting_are_an_error()
    {
        await using var peer = ScriptedPeer.Start(string.Concat(Enumerable.Repeat("S: 120 soon\n", 20)));
        await Assert.ThrowsAsync<FtpProtocolException>(() => FtpConnection.ConnectAsync(peer.Options, Token));
    }

    [Fact]
    public async Task A_missing_greeting_times_out_and_the_message_names_the_phase()
    {
        await using var peer = ScriptedPeer.Start("? never");
        FtpClientOptions options = peer.Options with { Timeouts = new FtpTimeouts { Reply = TimeSpan.FromMilliseconds(50) } };
        var e = await Assert.ThrowsAsync<FtpTimeoutException>(() => FtpConnection.ConnectAsync(options, Token));
        Assert.Equal(FtpOperationPhase.Greeting, e.Phase);
    }

    [Fact]
    public async Task A_refused_TCP_connection_is_a_connection_error()
    {
        int port;
        await using (var peer = ScriptedPeer.Start())
        {
            port = peer.Port;
        }

        var e = await Assert.ThrowsAsync<FtpConnectionException>(
            () => FtpConnection.ConnectAsync(new FtpClientOptions { Host = "127.0.0.1", Port = port }, Token));
        Assert.Equal(FtpOperationPhase.Connect, e.Phase);
        Assert.True(e.IsTransient);
    }

    [Fact]
    public async Task The_login_reads_the_features_enables_UTF8_and_sets_the_type()
    {
        await using var peer = ScriptedPeer.Start("""
            S: 220 hi
            C: USER ann
            S: 331 password
            C: PASS secret
            S: 332 account
            C: ACCT sales
            S: 230 in
            C: FEAT
            S: 211-Features
            S:  UTF8
            S:  REST STREAM
            S: 211 End
            C: OPTS UTF8 ON
            S: 501 always on
            C: TYPE I
            S: 200 binary
            """);
        FtpClientOptions options = peer.Options with { Credentials = new FtpCredentials("ann", "secret") { Account = "sales" } };
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(options, Token))
        {
            Assert.False(connection.Features.IsKnown);
            await connection.LoginAsync(Token);
            Assert.True(connection.Features is { IsKnown: true, HasUtf8: true, CanRestart: true, HasMachineListing: false });
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("S: 530 no", "USER ann")]
    [InlineData("S: 331 pw\nC: PASS secret\nS: 530 no", "PASS ****")]
    [InlineData("S: 331 pw\nC: PASS secret\nS: 332 account", "PASS ****")]
    public async Task The_message_of_a_rejected_login_does_not_contain_the_password(string refusal, string command)
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\nC: USER ann\n" + refusal);
        await using FtpConnection connection =
            await FtpConnection.ConnectAsync(peer.Options with { Credentials = new FtpCredentials("ann", "secret") }, Token);
        var e = await Assert.ThrowsAsync<FtpLoginException>(() => connection.LoginAsync(Token));
        Assert.Equal(command, e.Command);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_trace_contains_every_line_with_the_password_masked_and_control_characters_escaped()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi \u001b[31m\nC: PASS secret\nS: 230-a\nS: b\nS: 230 c");
        var lines = new List<string>();
        FtpClientOptions options = peer.Options with { Trace = trace => lines.Add((trace.IsSent ? "> " : "< ") + trace.Line) };
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(options, Token))
        {
            await connection.SendAsync("PASS", "secret", Token);
        }

        Assert.Equal(["< 220 hi \\x1b[31m", "> PASS ****", "< 230-a", "< b", "< 230 c", "> QUIT", "< 221 bye"], lines);
    }

    [Theory]
    [InlineData("a\r\nDELE b")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    public async Task An_argument_with_a_line_end_or_unencodable_characters_is_rejected_before_anything_is_sent(string argument)
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\nC: NOOP\nS: 200 ok");
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token))
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(() => connection.SendAsync("DELE", argument, Token));
            await Assert.ThrowsAnyAsync<ArgumentException>(() => connection.SendAsync("NO\r\nOP", null, Token));
            await Assert.ThrowsAnyAsync<ArgumentException>(() => connection.SendAsync("DELE", "half a surrogate pair: \ud800", Token));
            Assert.True((await connection.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("S: 226 late reply", typeof(FtpProtocolException))]
    [InlineData("S: 421 idle for too long\nX", typeof(FtpConnectionException))]
    [InlineData("X", typeof(FtpConnectionException))]
    public async Task An_unexpected_reply_is_never_taken_for_the_reply_to_the_next_command(string unexpected, Type error)
    {
        await using var peer = ScriptedPeer.Start($"S: 220 hi\nC: NOOP\nS: 200 ok\n{unexpected}\n? sent");
        await using FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token);
        await connection.SendAsync("NOOP", null, Token);
        while (connection.IsReusable)
        {
            await Task.Yield();
        }

        Assert.IsType(error, await Record.ExceptionAsync(() => connection.SendAsync("PWD", null, Token)));
        Assert.False(connection.IsUsable);
        var closed = await Assert.ThrowsAsync<FtpConnectionException>(() => connection.SendAsync("PWD", null, Token));
        Assert.True(closed.IsCommandUnsent);
    }

    [Theory]
    [InlineData("S: 214-endless\n", "S: more and more of the same help text\n")]
    [InlineData("", "S: 1\n")]
    public async Task A_reply_without_end_is_an_error_at_the_limit(string start, string again)
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\nC: HELP\n" + start + string.Concat(Enumerable.Repeat(again, 20_000)));
        FtpClientOptions options = peer.Options with { Limits = new FtpLimits { Reply = 64 * 1024, ReplyLine = 1024 } };
        await using FtpConnection connection = await FtpConnection.ConnectAsync(options, Token);
        await Assert.ThrowsAsync<FtpProtocolException>(() => connection.SendAsync("HELP", null, Token));
        Assert.False(connection.IsUsable);
    }

    [Fact]
    public async Task A_line_without_end_is_an_error_at_the_limit()
    {
        await using var peer = ScriptedPeer.Start($"S: 220 hi\nC: HELP\nS: 214 {new string('x', 300_000)}");
        await using FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token);
        await Assert.ThrowsAsync<FtpProtocolException>(() => connection.SendAsync("HELP", null, Token));
    }

    [Fact]
    public async Task A_missing_reply_leaves_the_connection_unusable()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\nC: NOOP\n? late\nS: 200 late");
        FtpClientOptions options = peer.Options with { Timeouts = new FtpTimeouts { Reply = TimeSpan.FromMilliseconds(200) } };
        await using FtpConnection connection = await FtpConnection.ConnectAsync(options, Token);
        Assert.Equal(FtpOperationPhase.Reply,
            (await Assert.ThrowsAsync<FtpTimeoutException>(() => connection.SendAsync("NOOP", null, Token))).Phase);
        peer.OpenGate("late");
        Assert.False(connection.IsUsable);
        await Assert.ThrowsAsync<FtpConnectionException>(() => connection.SendAsync("PWD", null, Token));
    }

    [Fact]
    public async Task Preliminary_replies_to_a_command_without_data_are_skipped()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\nC: SITE WAIT\nS: 150 working\nS: 200 done");
        await using FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token);
        Assert.Equal(FtpReplyCode.Okay, (await connection.SendAsync("SITE", "WAIT", Token)).Code);
    }

    [Fact]
    public async Task Text_that_is_not_UTF8_keeps_its_bytes_and_is_displayed_as_Latin1()
    {
        await using var peer = ScriptedPeer.Start("S: 220 caf\u00e9");
        await using FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token);
        Assert.Equal("caf\udce9", connection.Greeting.Text);
        Assert.Equal("caf\u00e9", FtpName.ToDisplayText(connection.Greeting.Text));
    }

    [Theory]
    [InlineData("", 21, 1)]
    [InlineData("h", 0, 1)]
    [InlineData("h", 65536, 1)]
    [InlineData("h", 21, 0)]
    public void Invalid_options_are_rejected_immediately(string host, int port, int connections) =>
        Assert.ThrowsAny<ArgumentException>(
            () => new FtpClient(new FtpClientOptions { Host = host, Port = port, MaxConnections = connections }));

    [Fact]
    public void Credentials_do_not_print_their_password_and_reject_line_ends()
    {
        Assert.DoesNotContain("secret", new FtpCredentials("ann", "secret").ToString(), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(
            () => new FtpClient(new FtpClientOptions { Host = "h", Credentials = new FtpCredentials("ann", "a\r\nDELE b") }));
    }
}
