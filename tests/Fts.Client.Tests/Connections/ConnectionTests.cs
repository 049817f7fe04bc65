using Fts.Client.Tests.Support;
using Fts.Protocol;

namespace Fts.Client.Tests.Connections;

public sealed class ConnectionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_sent_before_the_greeting_and_a_delayed_one_is_waited_for()
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
    public async Task A_greeting_that_is_none_is_an_error(string script, Type error, bool isTransient)
    {
        await using var peer = ScriptedPeer.Start(script);
        var e = (FtpException)(await Record.ExceptionAsync(() => FtpConnection.ConnectAsync(peer.Options, Token)))!;
        Assert.IsType(error, e);
        Assert.Equal(isTransient, e.IsTransient);
    }

    [Fact]
    public async Task A_server_that_keeps_saying_later_is_left()
    {
        await using var peer = ScriptedPeer.Start(string.Concat(Enumerable.Repeat("S: 120 soon\n", 20)));
        await Assert.ThrowsAsync<FtpProtocolException>(() => FtpConnection.ConnectAsync(peer.Options, Token));
    }

    [Fact]
    public async Task A_server_that_says_nothing_ends_in_a_timeout_that_names_the_wait()
    {
        await using var peer = ScriptedPeer.Start("? never");
        FtpClientOptions options = peer.Options with { Timeouts = new FtpTimeouts { Reply = TimeSpan.FromMilliseconds(50) } };
        var e = await Assert.ThrowsAsync<FtpTimeoutException>(() => FtpConnection.ConnectAsync(options, Token));
        Assert.Equal(FtpOperationPhase.Greeting, e.Phase);
    }

    [Fact]
    public async Task A_port_nobody_listens_on_is_a_connection_error()
    {
        int port;
        await using (var peer = ScriptedPeer.Start())
        {
            port = peer.Port;
        }

        var e = await Assert.ThrowsAsync<FtpConnectionException>(() => FtpConnection.ConnectAsync(new FtpClientOptions { Host = "127.0.0.1", Port = port }, Token));
        Assert.Equal(FtpOperationPhase.Connect, e.Phase);
        Assert.True(e.IsTransient);
    }

    [Fact]
    public async Task Sign_in_asks_for_features_turns_UTF8_on_and_sets_the_type()
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
    public async Task A_refused_sign_in_says_so_without_the_password(string refusal, string command)
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\nC: USER ann\n" + refusal);
        await using FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options with { Credentials = new FtpCredentials("ann", "secret") }, Token);
        var e = await Assert.ThrowsAsync<FtpLoginException>(() => connection.LoginAsync(Token));
        Assert.Equal(command, e.Command);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_trace_shows_every_line_with_the_password_masked_and_control_characters_escaped()
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
    public async Task An_argument_that_would_be_another_command_or_name_is_refused_and_nothing_sent(string argument)
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
    public async Task What_comes_unasked_is_never_taken_for_the_next_commands_reply(string unasked, Type error)
    {
        await using var peer = ScriptedPeer.Start($"S: 220 hi\nC: NOOP\nS: 200 ok\n{unasked}\n? sent");
        await using FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token);
        await connection.SendAsync("NOOP", null, Token);
        while (connection.IsReusable)
        {
            await Task.Yield();
        }

        Assert.IsType(error, await Record.ExceptionAsync(() => connection.SendAsync("PWD", null, Token)));
        Assert.False(connection.IsUsable);
        var gone = await Assert.ThrowsAsync<FtpConnectionException>(() => connection.SendAsync("PWD", null, Token));
        Assert.True(gone.IsCommandUnsent);
    }

    [Theory]
    [InlineData("S: 214-endless\n", "S: more and more of the same help text\n")]
    [InlineData("", "S: 1\n")]
    public async Task A_reply_without_end_is_cut_off(string start, string again)
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\nC: HELP\n" + start + string.Concat(Enumerable.Repeat(again, 20_000)));
        FtpClientOptions options = peer.Options with { Limits = new FtpLimits { Reply = 64 * 1024, ReplyLine = 1024 } };
        await using FtpConnection connection = await FtpConnection.ConnectAsync(options, Token);
        await Assert.ThrowsAsync<FtpProtocolException>(() => connection.SendAsync("HELP", null, Token));
        Assert.False(connection.IsUsable);
    }

    [Fact]
    public async Task A_line_without_end_is_cut_off()
    {
        await using var peer = ScriptedPeer.Start($"S: 220 hi\nC: HELP\nS: 214 {new string('x', 300_000)}");
        await using FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token);
        await Assert.ThrowsAsync<FtpProtocolException>(() => connection.SendAsync("HELP", null, Token));
    }

    [Fact]
    public async Task A_command_whose_reply_does_not_come_leaves_the_connection_unusable()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\nC: NOOP\n? late\nS: 200 late");
        FtpClientOptions options = peer.Options with { Timeouts = new FtpTimeouts { Reply = TimeSpan.FromMilliseconds(200) } };
        await using FtpConnection connection = await FtpConnection.ConnectAsync(options, Token);
        Assert.Equal(FtpOperationPhase.Reply, (await Assert.ThrowsAsync<FtpTimeoutException>(() => connection.SendAsync("NOOP", null, Token))).Phase);
        peer.Open("late");
        Assert.False(connection.IsUsable);
        await Assert.ThrowsAsync<FtpConnectionException>(() => connection.SendAsync("PWD", null, Token));
    }

    [Fact]
    public async Task Preliminary_replies_to_a_plain_command_are_passed_over()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\nC: SITE WAIT\nS: 150 working\nS: 200 done");
        await using FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token);
        Assert.Equal(FtpReplyCode.Okay, (await connection.SendAsync("SITE", "WAIT", Token)).Code);
    }

    [Fact]
    public async Task Text_that_is_not_UTF8_keeps_its_bytes_and_is_shown_as_Latin1()
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
    public void Options_that_cannot_work_are_refused_at_once(string host, int port, int connections) =>
        Assert.ThrowsAny<ArgumentException>(() => new FtpClient(new FtpClientOptions { Host = host, Port = port, MaxConnections = connections }));

    [Fact]
    public void Credentials_never_show_their_password_nor_carry_a_line_end()
    {
        Assert.DoesNotContain("secret", new FtpCredentials("ann", "secret").ToString(), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new FtpClient(new FtpClientOptions { Host = "h", Credentials = new FtpCredentials("ann", "a\r\nDELE b") }));
    }
}
