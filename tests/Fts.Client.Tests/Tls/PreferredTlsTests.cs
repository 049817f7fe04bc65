using System.Collections.Concurrent;
using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Tls;

/// <summary><see cref="FtpTlsMode.Preferred"/> allows unencrypted connections, but some data is never sent unencrypted.</summary>
public sealed class PreferredTlsTests
{
    private const string Encrypted = """
        C: USER anonymous
        S: 230 in
        C: PBSZ 0
        S: 200 ok
        C: PROT P
        S: 200 private
        C: FEAT
        S: 500 what
        C: TYPE I
        S: 200 binary

        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static FtpClientOptions Preferred(ScriptedPeer peer) =>
        peer.Options with { Tls = FtpTlsMode.Preferred, Trust = new FtpTrust { ValidateAsync = (_, _) => ValueTask.FromResult(true) } };

    [Theory]
    [InlineData("502 no")]
    [InlineData("500 what?")]
    [InlineData("534 not for you")]
    public async Task A_reconnect_after_an_encrypted_connection_sends_no_unencrypted_user_name(string refusal)
    {
        await using var peer = ScriptedPeer.Start(
            "S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS\n" + Encrypted + "C: NOOP\nX", $"S: 220 hello\nC: AUTH TLS\nS: {refusal}");
        await using var client = new FtpClient(Preferred(peer));
        await Assert.ThrowsAsync<FtpConnectionException>(() => client.SendAsync("NOOP", null, Token));

        var e = await Assert.ThrowsAsync<FtpTlsException>(() => client.SendAsync("NOOP", null, Token));

        Assert.Equal(FtpTlsFailure.NotOffered, e.Failure);
        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Further_connections_of_the_pool_send_no_unencrypted_user_name()
    {
        await using var peer = ScriptedPeer.Start(
            "S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS\n" + Encrypted + "C: HELP 1\n! busy\n? refused\nS: 200 one",
            "S: 220 hello\nC: AUTH TLS\nS: 502 no");
        await using (var client = new FtpClient(Preferred(peer)))
        {
            Task<Protocol.FtpReply> first = client.SendAsync("HELP", "1", Token);
            await peer.WaitForSignalAsync("busy");
            var e = await Assert.ThrowsAsync<FtpTlsException>(() => client.SendAsync("HELP", "2", Token));
            Assert.Equal(FtpTlsFailure.NotOffered, e.Failure);
            peer.OpenGate("refused");
            Assert.Equal("one", (await first).Text);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_connection_that_opens_during_the_first_handshake_waits_for_its_result()
    {
        await using var peer =
            ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\n! requested\n? go\nS: 234 go\nTLS\n" + Encrypted + "C: NOOP\nS: 200 ok",
            "S: 220 hello\nC: AUTH TLS\nS: 502 no");
        var greetings = new SemaphoreSlim(0);
        await using (var client = new FtpClient(Preferred(peer) with
        {
            Trace = trace =>
            {
                if (trace.Line == "220 hello")
                {
                    greetings.Release();
                }
            },
        }))
        {
            Task<Protocol.FtpReply> first = client.SendAsync("NOOP", null, Token);
            await peer.WaitForSignalAsync("requested");
            Task<Protocol.FtpReply> second = client.SendAsync("NOOP", null, Token);
            await greetings.WaitAsync(Token);
            await greetings.WaitAsync(Token);
            peer.OpenGate("go");

            Assert.Equal("ok", (await first).Text);
            Assert.Equal(FtpTlsFailure.NotOffered, (await Assert.ThrowsAsync<FtpTlsException>(() => second)).Failure);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task An_unencrypted_connection_is_not_reused_after_an_encrypted_one()
    {
        string plain = "S: 220 hello\nC: AUTH TLS\nS: 502 no\n" + ScriptedPeer.Login()["S: 220 hello\n".Length..];
        await using var peer = ScriptedPeer.Start(
            plain + "C: HELP 1\n! busy\n? encrypted\nS: 200 plain",
            "S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS\n" + Encrypted + "C: HELP 2\nS: 200 encrypted\nC: HELP 3\nS: 200 encrypted again");
        await using (var client = new FtpClient(Preferred(peer)))
        {
            Task<Protocol.FtpReply> first = client.SendAsync("HELP", "1", Token);
            await peer.WaitForSignalAsync("busy");
            Assert.Equal("encrypted", (await client.SendAsync("HELP", "2", Token)).Text);
            peer.OpenGate("encrypted");
            Assert.Equal("plain", (await first).Text);
            Assert.Equal("encrypted again", (await client.SendAsync("HELP", "3", Token)).Text);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData(FtpProxyKind.Socks5)]
    [InlineData(FtpProxyKind.HttpConnect)]
    public async Task A_password_is_not_sent_unencrypted_to_another_machine_by_default(FtpProxyKind kind)
    {
        // With a proxy, every server counts as another machine, even this one.
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 502 no");
        await using RelayProxy proxy = RelayProxy.Start(kind);
        await using (
            var client = new FtpClient(Preferred(peer) with { Proxy = proxy.Address, Credentials = new FtpCredentials("ann", "secret") }))
        {
            var e = await Assert.ThrowsAsync<FtpTlsException>(() => client.ConnectAsync(Token));
            Assert.Equal(FtpTlsFailure.PasswordNotProtected, e.Failure);
            Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_caller_decides_once_whether_a_password_is_sent_unencrypted(bool isConfirmed)
    {
        string confirmed = "C: USER ann\nS: 331 password\nC: PASS secret\nS: 230 in\nC: FEAT\nS: 500 what\nC: TYPE I\nS: 200 binary\n";
        string script = "S: 220 hello\nC: AUTH TLS\nS: 502 no\n" + (isConfirmed ? confirmed : "");
        await using var peer =
            ScriptedPeer.Start(isConfirmed ? script + "C: NOOP\nX" : script, isConfirmed ? script + "C: NOOP\nX" : script);
        await using RelayProxy proxy = RelayProxy.Start(FtpProxyKind.Socks5);
        int calls = 0;
        await using (var client = new FtpClient(Preferred(peer) with
        {
            Proxy = proxy.Address,
            Credentials = new FtpCredentials("ann", "secret"),
            ConfirmPlainPasswordAsync = _ => ValueTask.FromResult(++calls > 0 && isConfirmed),
        }))
        {
            for (int i = 0; i < 2; i++)
            {
                Exception? e = await Record.ExceptionAsync(() => client.SendAsync("NOOP", null, Token));
                Assert.Equal(isConfirmed ? null : FtpTlsFailure.PasswordNotProtected, (e as FtpTlsException)?.Failure);
            }

            Assert.Equal(1, calls);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("anonymous", "me@example.com")]
    [InlineData("ann", "")]
    public async Task Without_a_secret_an_unencrypted_connection_to_another_machine_is_allowed(string user, string password)
    {
        await using var peer = ScriptedPeer.Start(
            $"S: 220 hello\nC: AUTH TLS\nS: 502 no\nC: USER {user}\nS: 331 password\n"
            + $"C: PASS{(password.Length > 0 ? " " : "")}{password}\nS: 230 in\nC: FEAT\nS: 500 what\nC: TYPE I\nS: 200 binary");
        await using RelayProxy proxy = RelayProxy.Start(FtpProxyKind.Socks5);
        await using (
            var client = new FtpClient(Preferred(peer) with { Proxy = proxy.Address, Credentials = new FtpCredentials(user, password) }))
        {
            await client.ConnectAsync(Token);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ShouldAlwaysValidate_also_validates_a_certificate_of_a_trusted_authority(bool isAccepted)
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS");
        var validated = new ConcurrentQueue<string?>();
        var trust = new FtpTrust
        {
            Authorities = [TestCertificate.Valid],
            ShouldAlwaysValidate = true,
            ValidateAsync = (identity, _) =>
            {
                validated.Enqueue(identity.Problem);
                return ValueTask.FromResult(isAccepted);
            },
        };
        Exception? e =
            await Record.ExceptionAsync(
            async () => await (await FtpConnection.ConnectAsync(peer.Options with { Tls = FtpTlsMode.Required, Trust = trust }, Token))
            .DisposeAsync());
        Assert.Equal([null], validated);
        Assert.Equal(isAccepted ? null : FtpTlsFailure.UntrustedServerCertificate, (e as FtpTlsException)?.Failure);
    }
}
