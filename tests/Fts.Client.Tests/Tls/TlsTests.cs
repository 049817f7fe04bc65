using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fts.Client.Tests.Support;
using Fts.Protocol;

namespace Fts.Client.Tests.Tls;

/// <summary>The TLS of the client with faulty and hostile servers.</summary>
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
    public async Task No_user_name_is_sent_unencrypted_if_TLS_is_required(FtpTlsMode mode, string answer)
    {
        await using var peer = ScriptedPeer.Start($"S: 220 hello\nC: AUTH TLS\nS: {answer}");
        await using var client = new FtpClient(peer.Options with { Tls = mode });
        var e = await Assert.ThrowsAsync<FtpTlsException>(() => client.ConnectAsync(Token));
        Assert.Equal(FtpTlsFailure.NotOffered, e.Failure);
        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task In_preferred_mode_a_server_without_TLS_is_used_unencrypted()
    {
        await using var peer =
            ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 502 no\n" + ScriptedPeer.Login()["S: 220 hello\n".Length..]);
        await using (var client = new FtpClient(peer.Options with { Tls = FtpTlsMode.Preferred }))
        {
            await client.ConnectAsync(Token);
            Assert.Null(client.ServerIdentity);
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task Unencrypted_data_after_the_234_reply_is_an_error()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS* 234 go\\r\\n230 you are in\\r\\n");
        await Assert.ThrowsAsync<FtpProtocolException>(() => FtpConnection.ConnectAsync(Trusting(peer), Token));
    }

    [Fact]
    public async Task A_234_without_a_handshake_is_an_error_and_not_an_unencrypted_connection()
    {
        await using var peer =
            ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 234 go\n! accepted\n? garbage\nS: 230 this is no handshake");
        Task<FtpConnection> connecting = FtpConnection.ConnectAsync(Trusting(peer), Token);
        await peer.WaitForSignalAsync("accepted");
        peer.Open("garbage");
        await Assert.ThrowsAnyAsync<FtpException>(() => connecting);
    }

    [Fact]
    public async Task A_missing_handshake_times_out_and_the_message_names_the_phase()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 234 go\n? never");
        FtpClientOptions options = Trusting(peer) with { Timeouts = new FtpTimeouts { Connect = TimeSpan.FromMilliseconds(300) } };
        var e = await Assert.ThrowsAsync<FtpTimeoutException>(() => FtpConnection.ConnectAsync(options, Token));
        Assert.Equal(FtpOperationPhase.Handshake, e.Phase);
    }

    [Fact]
    public async Task Nothing_is_sent_to_an_untrusted_server_and_the_exception_contains_its_identity()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS");
        await using var client = new FtpClient(peer.Options with { Tls = FtpTlsMode.Required });
        var e = await Assert.ThrowsAsync<FtpTlsException>(() => client.ConnectAsync(Token));
        Assert.Equal(FtpTlsFailure.UntrustedServerCertificate, e.Failure);
        Assert.Equal(["127.0.0.1"], e.Identity!.Names);
        Assert.Equal("it was not issued by a trusted authority", e.Identity.Problem);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task If_a_key_is_pinned_no_other_key_is_accepted(bool isRight)
    {
        string pin = isRight ? KeyFingerprint.Compute(TestCertificate.Valid) : "SHA256:" + new string('A', 43);
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS");
        FtpClientOptions options = peer.Options with { Tls = FtpTlsMode.Required,
            Trust = new FtpTrust { PinnedKeys = [pin], ValidateAsync = (_, _) => ValueTask.FromResult(true) } };
        Exception? e = await Record.ExceptionAsync(async () => await (await FtpConnection.ConnectAsync(options, Token)).DisposeAsync());
        Assert.Equal(isRight, e is null);
    }

    [Fact]
    public async Task A_certificate_of_a_configured_authority_for_the_address_is_trusted()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS");
        await using FtpConnection connection = await FtpConnection.ConnectAsync(
            peer.Options with { Tls = FtpTlsMode.Required, Trust = new FtpTrust { Authorities = [TestCertificate.Valid] } }, Token);
        Assert.Null(connection.ServerIdentity!.Problem);
    }

    [Theory]
    [InlineData("TLS expired", FtpCertificateProblem.Expired, "it is valid only from ")]
    [InlineData("TLS another", FtpCertificateProblem.NameMismatch, "it is not valid for 127.0.0.1")]
    [InlineData("TLS", FtpCertificateProblem.None, null)]
    public async Task A_certificate_of_a_trusted_authority_must_be_current_and_valid_for_the_host(
        string handshake, FtpCertificateProblem kind, string? problem)
    {
        await using var peer = ScriptedPeer.Start($"S: 220 hello\nC: AUTH TLS\nS: 234 go\n{handshake}");
        FtpServerIdentity? seen = null;
        X509Certificate2[] authorities = [TestCertificate.Valid, TestCertificate.Expired, TestCertificate.OtherAddress];
        FtpTrust trust =
            new() { Authorities = authorities, ValidateAsync = (identity, _) => ValueTask.FromResult((seen = identity) is null) };
        Exception? e =
            await Record.ExceptionAsync(
            async () => await (await FtpConnection.ConnectAsync(peer.Options with { Tls = FtpTlsMode.Required, Trust = trust }, Token))
            .DisposeAsync());

        Assert.Equal(problem is null, e is null);
        Assert.Equal(kind, seen?.ProblemKind ?? FtpCertificateProblem.None);
        Assert.StartsWith(problem ?? "", seen?.Problem ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task If_the_server_rejects_PROT_no_data_is_transferred()
    {
        await using var peer = ScriptedPeer.Start(
            "S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS\nC: USER anonymous\nS: 230 in\nC: PBSZ 0\nS: 200 ok\nC: PROT P\nS: 534 no");
        await using var client = new FtpClient(Trusting(peer));
        Assert.Equal(FtpTlsFailure.DataNotProtected, (await Assert.ThrowsAsync<FtpTlsException>(() => client.ConnectAsync(Token))).Failure);
    }

    [Theory]
    [InlineData("D.", "150 here", null)]
    [InlineData("D~", "150 here", FtpTlsFailure.Truncated)]
    [InlineData("D~", "150 here (5 bytes)", null)]
    public async Task Data_without_close_notify_is_accepted_only_if_its_size_proves_that_it_is_complete(
        string end, string opening, FtpTlsFailure? failure)
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
    public async Task Session_tickets_are_not_an_unexpected_reply_but_a_421_is()
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
