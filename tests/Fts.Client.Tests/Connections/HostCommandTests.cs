using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Connections;

/// <summary>HOST (RFC 7151) is sent before USER, with the name of the host, to servers that list it in FEAT.</summary>
public sealed class HostCommandTests
{
    private const string LoginScript = """
        C: USER anonymous
        S: 230 in
        C: FEAT
        S: 500 what
        C: TYPE I
        S: 200 binary

        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("220 Welcome to this host.")]
    [InlineData("504 No such host.")]
    [InlineData("502 Not implemented.")]
    [InlineData("450 Not now.")]
    public async Task HOST_is_sent_before_USER_and_a_negative_reply_is_ignored(string answer)
    {
        await using var peer =
            ScriptedPeer.Start(
                $"S: 220 hello\nC: FEAT\nS: 211-Features\nS:  HOST\nS: 211 End\nC: HOST localhost\nS: {answer}\n" + LoginScript);
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(WithHostName(peer), Token))
        {
            await connection.LoginAsync(Token);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("S: 211-Features\nS:  MLST\nS: 211 End")]
    [InlineData("S: 530 Sign in first.")]
    [InlineData("S: 500 What?")]
    public async Task HOST_is_not_sent_if_FEAT_does_not_list_it(string features)
    {
        await using var peer = ScriptedPeer.Start($"S: 220 hello\nC: FEAT\n{features}\n" + LoginScript);
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(WithHostName(peer), Token))
        {
            await connection.LoginAsync(Token);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task HOST_is_sent_after_the_TLS_handshake()
    {
        await using var peer = ScriptedPeer.Start(
            "S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS\nC: FEAT\nS: 211-Features\nS:  HOST\nS: 211 End\nC: HOST localhost\nS: 220 here\n" +
            LoginScript.Replace("C: FEAT", "C: PBSZ 0\nS: 200 ok\nC: PROT P\nS: 200 private\nC: FEAT", StringComparison.Ordinal));
        FtpClientOptions options =
            WithHostName(peer) with { Tls = FtpTlsMode.Required, Trust = new FtpTrust { ValidateAsync = (_, _) => ValueTask.FromResult(true) } };
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(options, Token))
        {
            await connection.LoginAsync(Token);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task FEAT_is_sent_before_USER_on_the_first_connection_only_if_HOST_is_unsupported()
    {
        await using var peer = ScriptedPeer.Start(
            "S: 220 hello\nC: FEAT\nS: 500 What?\n" + LoginScript + "C: DELE a\nX", "S: 220 hello\n" + LoginScript + "C: SIZE a\nS: 213 1");
        await using (var client = new FtpClient(WithHostName(peer) with { MaxConnections = 1 }))
        {
            await client.ConnectAsync(Token);
            await Record.ExceptionAsync(() => client.DeleteFileAsync("a", Token));
            await client.GetSizeAsync("a", Token);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_rejected_HOST_is_an_error_if_another_connection_accepted_it()
    {
        const string HostScript = "S: 220 hello\nC: FEAT\nS: 211-Features\nS:  HOST\nS: 211 End\nC: HOST localhost\n";
        await using var peer = ScriptedPeer.Start(
            HostScript + "S: 220 here\n" + LoginScript + "C: DELE a\nX", HostScript + "S: 504 not here");
        await using var client = new FtpClient(WithHostName(peer) with { MaxConnections = 1 });
        await client.ConnectAsync(Token);
        await Record.ExceptionAsync(() => client.DeleteFileAsync("a", Token));

        var e = await Assert.ThrowsAsync<FtpReplyException>(() => client.GetSizeAsync("a", Token));
        Assert.Equal("HOST localhost", e.Command);
    }

    private static FtpClientOptions WithHostName(ScriptedPeer peer) => peer.Options with { Host = "localhost" };
}
