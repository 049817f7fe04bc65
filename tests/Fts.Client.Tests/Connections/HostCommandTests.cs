using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Connections;

/// <summary>HOST (RFC 7151): said to servers that announce it, before USER, by the name that was connected to.</summary>
public sealed class HostCommandTests
{
    private const string SignsIn = """
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
    public async Task The_name_is_said_before_user_and_a_refusal_changes_nothing(string answer)
    {
        await using var peer = ScriptedPeer.Start($"S: 220 hello\nC: FEAT\nS: 211-Features\nS:  HOST\nS: 211 End\nC: HOST localhost\nS: {answer}\n" + SignsIn);
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(Named(peer), Token))
        {
            await connection.LoginAsync(Token);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("S: 211-Features\nS:  MLST\nS: 211 End")]
    [InlineData("S: 530 Sign in first.")]
    [InlineData("S: 500 What?")]
    public async Task Where_it_is_not_announced_it_is_not_said(string features)
    {
        await using var peer = ScriptedPeer.Start($"S: 220 hello\nC: FEAT\n{features}\n" + SignsIn);
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(Named(peer), Token))
        {
            await connection.LoginAsync(Token);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task It_is_said_encrypted_where_the_connection_is()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS\nC: FEAT\nS: 211-Features\nS:  HOST\nS: 211 End\nC: HOST localhost\nS: 220 here\n" +
            SignsIn.Replace("C: FEAT", "C: PBSZ 0\nS: 200 ok\nC: PROT P\nS: 200 private\nC: FEAT", StringComparison.Ordinal));
        FtpClientOptions options = Named(peer) with { Tls = FtpTlsMode.Required, Trust = new FtpTrust { ValidateAsync = (_, _) => ValueTask.FromResult(true) } };
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(options, Token))
        {
            await connection.LoginAsync(Token);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_server_without_it_is_asked_once_for_all_connections()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: FEAT\nS: 500 What?\n" + SignsIn + "C: DELE a\nX", "S: 220 hello\n" + SignsIn + "C: SIZE a\nS: 213 1");
        await using (var client = new FtpClient(Named(peer) with { MaxConnections = 1 }))
        {
            await client.ConnectAsync(Token);
            await Record.ExceptionAsync(() => client.DeleteFileAsync("a", Token));
            await client.GetSizeAsync("a", Token);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_connection_that_would_be_on_another_host_than_the_one_before_is_none()
    {
        const string Asked = "S: 220 hello\nC: FEAT\nS: 211-Features\nS:  HOST\nS: 211 End\nC: HOST localhost\n";
        await using var peer = ScriptedPeer.Start(Asked + "S: 220 here\n" + SignsIn + "C: DELE a\nX", Asked + "S: 504 not here");
        await using var client = new FtpClient(Named(peer) with { MaxConnections = 1 });
        await client.ConnectAsync(Token);
        await Record.ExceptionAsync(() => client.DeleteFileAsync("a", Token));

        var e = await Assert.ThrowsAsync<FtpReplyException>(() => client.GetSizeAsync("a", Token));
        Assert.Equal("HOST localhost", e.Command);
    }

    private static FtpClientOptions Named(ScriptedPeer peer) => peer.Options with { Host = "localhost" };
}
