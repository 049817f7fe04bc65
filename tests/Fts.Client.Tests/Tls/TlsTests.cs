using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fts.Client.Tests.Support;
using Fts.Protocol;

namespace Fts.Client.Tests.Tls;

/// <summary>The client's TLS against servers that go wrong, or mean harm.</summary>
public sealed class TlsTests
{
    private const string Encrypted = """
        S: 220 hello
        C: AUTH TLS
        S: 234 go
        TLS
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

    [Theory]
    [InlineData(FtpTlsMode.Required, "500 what?")]
    [InlineData(FtpTlsMode.Required, "534 not for you")]
    [InlineData(FtpTlsMode.Preferred, "431 not now")]
    public async Task No_name_is_sent_in_plain_where_that_is_not_allowed(FtpTlsMode mode, string answer)
    {
        await using var peer = ScriptedPeer.Start($"S: 220 hello\nC: AUTH TLS\nS: {answer}");
        await using var client = new FtpClient(peer.Options with { Tls = mode });
        var e = await Assert.ThrowsAsync<FtpTlsException>(() => client.ConnectAsync(Token));
        Assert.Equal(FtpTlsFailure.NotOffered, e.Failure);
        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_server_without_TLS_is_used_in_plain_when_the_caller_leaves_it_to_the_server()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 502 no\n" + ScriptedPeer.Login()["S: 220 hello\n".Length..]);
        await using (var client = new FtpClient(peer.Options with { Tls = FtpTlsMode.Preferred }))
        {
            await client.ConnectAsync(Token);
            Assert.Null(client.ServerIdentity);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task What_was_put_behind_the_234_in_plain_is_never_taken_for_the_servers_encrypted_word()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS* 234 go\\r\\n230 you are in\\r\\n");
        await Assert.ThrowsAsync<FtpProtocolException>(() => FtpConnection.ConnectAsync(Trusting(peer), Token));
    }

    [Fact]
    public async Task A_234_without_a_handshake_ends_in_an_error_and_not_in_plain()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 234 go\n! said\n? garbage\nS: 230 this is no handshake");
        Task<FtpConnection> connecting = FtpConnection.ConnectAsync(Trusting(peer), Token);
        await peer.PassedAsync("said");
        peer.Open("garbage");
        await Assert.ThrowsAnyAsync<FtpException>(() => connecting);
    }

    [Fact]
    public async Task A_handshake_that_never_comes_ends_in_a_timeout_that_names_it()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 234 go\n? never");
        FtpClientOptions options = Trusting(peer) with { Timeouts = new FtpTimeouts { Connect = TimeSpan.FromMilliseconds(300) } };
        var e = await Assert.ThrowsAsync<FtpTimeoutException>(() => FtpConnection.ConnectAsync(options, Token));
        Assert.Equal(FtpOperationPhase.Handshake, e.Phase);
    }

    [Fact]
    public async Task An_untrusted_server_hears_nothing_and_its_identity_is_in_the_error()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS");
        await using var client = new FtpClient(peer.Options with { Tls = FtpTlsMode.Required });
        var e = await Assert.ThrowsAsync<FtpTlsException>(() => client.ConnectAsync(Token));
        Assert.Equal(FtpTlsFailure.UntrustedServerCertificate, e.Failure);
        Assert.Equal(["127.0.0.1"], e.Identity!.Names);
        Assert.Equal("no trusted authority vouches for it", e.Identity.Problem);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Only_a_pinned_key_is_accepted_where_one_is(bool isRight)
    {
        string pin = isRight ? KeyFingerprint.Compute(TestCertificate.Valid) : "SHA256:" + new string('A', 43);
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS");
        FtpClientOptions options = peer.Options with { Tls = FtpTlsMode.Required, Trust = new FtpTrust { PinnedKeys = [pin], ValidateAsync = (_, _) => ValueTask.FromResult(true) } };
        Exception? e = await Record.ExceptionAsync(async () => await (await FtpConnection.ConnectAsync(options, Token)).DisposeAsync());
        Assert.Equal(isRight, e is null);
    }

    [Fact]
    public async Task An_authority_named_vouches_for_the_address_connected_to()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS");
        await using FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options with { Tls = FtpTlsMode.Required, Trust = new FtpTrust { Authorities = [TestCertificate.Valid] } }, Token);
        Assert.Null(connection.ServerIdentity!.Problem);
    }

    [Theory]
    [InlineData("TLS expired", FtpCertificateProblem.Expired, "it is valid from ")]
    [InlineData("TLS another", FtpCertificateProblem.NameMismatch, "it is not for 127.0.0.1")]
    [InlineData("TLS", FtpCertificateProblem.None, null)]
    public async Task A_certificate_that_an_authority_vouches_for_must_be_in_its_dates_and_for_the_host(string handshake, FtpCertificateProblem kind, string? words)
    {
        await using var peer = ScriptedPeer.Start($"S: 220 hello\nC: AUTH TLS\nS: 234 go\n{handshake}");
        FtpServerIdentity? seen = null;
        X509Certificate2[] authorities = [TestCertificate.Valid, TestCertificate.Expired, TestCertificate.OfAnother];
        FtpTrust trust = new() { Authorities = authorities, ValidateAsync = (identity, _) => ValueTask.FromResult((seen = identity) is null) };
        Exception? e = await Record.ExceptionAsync(async () => await (await FtpConnection.ConnectAsync(peer.Options with { Tls = FtpTlsMode.Required, Trust = trust }, Token)).DisposeAsync());

        Assert.Equal(words is null, e is null);
        Assert.Equal(kind, seen?.ProblemKind ?? FtpCertificateProblem.None);
        Assert.StartsWith(words ?? "", seen?.Problem ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_will_not_encrypt_data_moves_none()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS\nC: USER anonymous\nS: 230 in\nC: PBSZ 0\nS: 200 ok\nC: PROT P\nS: 534 no");
        await using var client = new FtpClient(Trusting(peer));
        Assert.Equal(FtpTlsFailure.DataNotProtected, (await Assert.ThrowsAsync<FtpTlsException>(() => client.ConnectAsync(Token))).Failure);
    }

    [Theory]
    [InlineData("D.", "150 here", null)]
    [InlineData("D~", "150 here", FtpTlsFailure.Truncated)]
    [InlineData("D~", "150 here (5 bytes)", null)]
    public async Task Data_that_ends_without_a_close_notify_counts_only_if_a_size_proves_it_whole(string end, string opening, FtpTlsFailure? failure)
    {
        await using var peer = ScriptedPeer.Start(Encrypted + $$"""
            C: SIZE a
            S: 502 no
            C: EPSV
            S: 229 ok (|||{port}|)
            C: RETR a
            S: {{opening}}
            D TLS
            D> hello
            {{end}}
            S: 226 done
            """);
        await using var client = new FtpClient(Trusting(peer));
        using var target = new MemoryStream();
        var options = new FtpTransferOptions { PreserveLastModified = false };
        Exception? e = await Record.ExceptionAsync(() => client.DownloadAsync(target, "a", options, cancellationToken: Token));
        Assert.Equal(failure, (e as FtpTlsException)?.Failure);
        Assert.True(failure is not null || e is null, e?.ToString());
        Assert.Equal("hello", Encoding.ASCII.GetString(target.ToArray()));
    }

    [Fact]
    public async Task Session_tickets_are_no_unasked_reply_but_a_421_is()
    {
        await using var peer = ScriptedPeer.Start(Encrypted + "C: NOOP\nS: 200 ok\nC: NOOP\nS* 200 ok\\r\\n421 timeout\\r\\n");
        await using var connection = await FtpConnection.ConnectAsync(Trusting(peer), Token);
        await connection.LoginAsync(Token);
        Assert.True(connection.IsReusable);
        await connection.SendAsync("NOOP", null, Token);
        Assert.True(connection.IsReusable);
        await connection.SendAsync("NOOP", null, Token);
        Assert.False(connection.IsReusable);
    }

    private static FtpClientOptions Trusting(ScriptedPeer peer) =>
        peer.Options with { Tls = FtpTlsMode.Required, Trust = new FtpTrust { ValidateAsync = (_, _) => ValueTask.FromResult(true) } };
}
