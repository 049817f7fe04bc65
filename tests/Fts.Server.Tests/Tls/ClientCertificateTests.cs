using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fts.Accounts;
using Fts.Authority;
using Fts.Protocol;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Tls;

/// <summary>Client certificates: which are trusted, and which accounts they log in (232).</summary>
public sealed class ClientCertificateTests
{
    private static readonly TestAuthority Authority = new(), UntrustedAuthority = new();
    private static readonly X509Certificate2 Ann = Authority.Issue("CN=ann, O=Example"), Untrusted = UntrustedAuthority.Issue("CN=ann");
    private static readonly GeneratedPasswordAuthenticator Owner = new("owner", Permissions.ReadWrite);

    public static TheoryData<SslProtocols> Versions => [SslProtocols.Tls12, SslProtocols.Tls13];

    [Theory, MemberData(nameof(Versions))]
    public async Task A_certificate_logs_in_the_account_of_its_name_without_a_password(SslProtocols version)
    {
        await using TestServer server = CreateServer();
        await using Conversation session = await SecureAsync(server, version, Ann);
        await session.PlayAsync("""
            C: USER ann
            S: 232 *
            C: PASS x
            S: 503 *
            C: TYPE I
            S: 200 *
            C: PBSZ 0
            S: 200 *
            C: PROT P
            S: 200 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D> hello
            S: 226 *
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 *
            D< hello
            S: 226 *
            C: REIN
            S: 220 *
            C: USER ann
            S: 232 *
            """);
        Assert.Contains(
            server.Log.Texts, text => text.Contains(
            $"logged in as ann by client certificate {Ann.Subject}, key {KeyFingerprint.Compute(Ann)}", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task For_another_account_the_certificate_does_not_replace_the_password(SslProtocols version)
    {
        await using TestServer server = CreateServer();
        await using Conversation session = await SecureAsync(server, version, Ann);
        await session.PlayAsync($"""
            C: USER Ann
            S: 331 *
            C: PASS x
            S: 530 *
            C: USER owner
            S: 331 *
            C: PASS x
            S: 530 *
            C: USER owner
            S: 331 *
            C: PASS {Owner.Password}
            S: 230 *
            """);
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task If_certificates_are_only_requested_an_untrusted_one_is_ignored(SslProtocols version)
    {
        await using TestServer server = CreateServer();
        foreach (X509Certificate2? certificate in (X509Certificate2?[])
            [null, Untrusted, Authority.Issue("CN=ann", days: -1), Authority.Issue("CN=ann", usage: TestAuthority.ForServers),
                UntrustedAuthority.Certificate])
        {
            await using Conversation session = await SecureAsync(server, version, certificate);
            await session.PlayAsync($"""
                C: USER ann
                S: 331 *
                C: PASS x
                S: 530 *
                C: USER owner
                S: 331 *
                C: PASS {Owner.Password}
                S: 230 *
                """);
        }

        await server.Log.WaitForAsync(RecordingLogger.ClientCertificateIgnored, times: 4);
        Assert.Contains(server.Log.Texts, text => text.Contains("expired or not yet valid", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task If_a_certificate_is_required_no_login_succeeds_without_it_or_without_TLS(SslProtocols version)
    {
        await using TestServer server = CreateServer(client => client with { Policy = FtpClientCertificatePolicy.Require });
        await using Conversation plain = await server.ConnectPlainAsync();
        await plain.PlayAsync("S: 220 *");
        await using Conversation none = await SecureAsync(server, version, null), foreign = await SecureAsync(server, version, Untrusted);
        foreach (Conversation session in (Conversation[])[plain, none, foreign])
        {
            await session.PlayAsync($"""
                C: USER owner
                S: 530 *certificate*
                C: PASS {Owner.Password}
                S: 503 *
                C: PWD
                S: 530 *
                """);
        }

        await using Conversation good = await SecureAsync(server, version, Ann);
        await good.PlayAsync($"C: USER ann\nS: 232 *\nC: USER owner\nS: 331 *\nC: PASS {Owner.Password}\nS: 230 *");
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task A_data_connection_presents_the_same_certificate_or_resumes(SslProtocols version)
    {
        await using TestServer server =
            CreateServer(client => client with { Policy = FtpClientCertificatePolicy.Require }, FtpDataBinding.Observe);
        await using Conversation session = await SecureAsync(server, version, Ann);
        await session.PlayAsync("""
            C: USER ann
            S: 232 *
            C: PBSZ 0
            S: 200 *
            C: PROT P
            S: 200 *
            """);
        X509Certificate2 other = Authority.Issue("CN=ann");
        foreach ((X509Certificate2? certificate, bool isServed) in (
            (X509Certificate2?, bool)[])[(Ann, true), (other, false), (null, false)])
        {
            session.UseTlsForData(new TlsClient(version, tls => SetCertificate(tls, certificate)));
            await session.PlayAsync("C: EPSV\nS: 229 *\nC: NLST\nS: 150 *");
            Assert.StartsWith(isServed ? "226" : "522", (await session.ReadReplyAsync())[0], StringComparison.Ordinal);
        }
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task If_certificates_are_only_requested_a_data_connection_may_present_none_but_no_other(SslProtocols version)
    {
        await using TestServer server = CreateServer(dataBinding: FtpDataBinding.Observe);
        await using Conversation session = await SecureAsync(server, version, Ann);
        await session.PlayAsync("C: USER ann\nS: 232 *\nC: PBSZ 0\nS: 200 *\nC: PROT P\nS: 200 *");
        session.UseTlsForData(new TlsClient(version));
        await session.PlayAsync("C: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nS: 226 *");
        session.UseTlsForData(new TlsClient(version, tls => SetCertificate(tls, Untrusted)));
        await session.PlayAsync("C: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nS: 522 *");
    }

    [Fact]
    public async Task A_pinned_key_is_trusted_within_the_validity_period_whichever_authority_issued_it()
    {
        X509Certificate2 old = UntrustedAuthority.Issue("CN=ann", days: -1);
        await using TestServer server = CreateServer(
            client => client with { Authorities = [], PinnedKeys = [KeyFingerprint.Compute(Untrusted), KeyFingerprint.Compute(old)] });
        foreach ((X509Certificate2 certificate, string reply) in (
            (X509Certificate2, string)[])[(Untrusted, "232"), (Ann, "331"), (old, "331")])
        {
            await using Conversation session = await SecureAsync(server, SslProtocols.Tls13, certificate);
            await session.PlayAsync($"C: USER ann\nS: {reply} *");
        }
    }

    [Fact]
    public async Task A_key_that_becomes_trusted_while_the_server_runs_is_requested_from_the_next_handshake_on()
    {
        var keys = new System.Collections.ObjectModel.ObservableCollection<string>();
        await using TestServer server = CreateServer(
            client => client with { Authorities = [], PinnedKeys = keys, CanPinnedKeysChange = true });
        await using Conversation before = await SecureAsync(server, SslProtocols.Tls13, Untrusted);
        await before.PlayAsync("C: USER ann\nS: 331 *");
        keys.Add(KeyFingerprint.Compute(Untrusted));
        await using Conversation after = await SecureAsync(server, SslProtocols.Tls13, Untrusted);
        await after.PlayAsync("C: USER ann\nS: 232 *");
        keys.Clear();
        await using Conversation last = await SecureAsync(server, SslProtocols.Tls13, Untrusted);
        await last.PlayAsync("C: USER ann\nS: 331 *");
    }

    [Theory]
    [InlineData("O=Example", "Example")]
    [InlineData("CN=ann, CN=owner", "ann")]
    [InlineData("CN=ann, CN=owner", "owner")]
    [InlineData("CN=ann + O=Example", "ann")]
    [InlineData("CN=anonymous", "anonymous")]
    [InlineData("CN=FTP", "FTP")]
    [InlineData("CN=\"an,n\"", "an")]
    public async Task A_certificate_with_an_ambiguous_name_logs_in_no_account(string subject, string user)
    {
        await using TestServer server = CreateServer();
        await using Conversation session = await SecureAsync(server, SslProtocols.Tls13, Authority.Issue(subject));
        await session.PlayAsync($"C: USER {user}\nS: 331 *\nC: PASS x\nS: 530 *");
    }

    [Fact]
    public async Task After_Ccc_the_certificate_is_ignored()
    {
        await using TestServer server = CreateServer();
        await using Conversation session = await SecureAsync(server, SslProtocols.Tls12, Ann);
        await session.PlayAsync("C: USER ann\nS: 232 *\nC: CCC\nS: 200 *");
        await session.EndTlsAsync();
        await session.PlayAsync("C: USER ann\nS: 331 *\nC: PASS x\nS: 530 *");
    }

    [Fact]
    public async Task An_authenticator_without_certificate_support_requires_the_password()
    {
        await using TestServer server = CreateServer(accounts: Owner);
        await using Conversation session = await SecureAsync(server, SslProtocols.Tls13, Authority.Issue("CN=owner"));
        await session.PlayAsync("C: USER owner\nS: 331 *\nC: PASS x\nS: 530 *");
    }

    [Fact]
    public void Invalid_options_are_rejected_at_the_start()
    {
        Assert.Throws<ArgumentException>(() => CreateServer(client => client with { Authorities = [] }));
        Assert.Throws<ArgumentException>(() => CreateServer(client => client with { PinnedKeys = ["SHA256:short"] }));
    }

    private static TestServer CreateServer(
        Func<FtpClientCertificates, FtpClientCertificates>? configure = null, FtpDataBinding dataBinding = FtpDataBinding.Require,
        IAuthenticator? accounts = null)
    {
        var client = new FtpClientCertificates { Policy = FtpClientCertificatePolicy.Request, Authorities = [Authority.Certificate] };
        return new TestServer(Wire.IPv4, configure: options => options with
        {
            Authenticator = accounts ?? CertificateAuthenticator.CreateByCommonName(Owner, Permissions.ReadWrite),
            MaxFailedLogins = 5,
            Tls = new FtpTlsOptions
            {
                Certificates = TestServer.Certificates,
                ClientCertificates = configure is null ? client : configure(client),
                DataBinding = dataBinding,
                AllowClearCommandChannel = true,
            },
        });
    }

    private static async Task<Conversation> SecureAsync(TestServer server, SslProtocols version, X509Certificate2? certificate)
    {
        Conversation session = await server.ConnectPlainAsync();
        await session.PlayAsync("S: 220 *\nC: AUTH TLS\nS: 234 *");
        await session.StartTlsAsync(version, configure: tls => SetCertificate(tls, certificate));
        return session;
    }

    private static void SetCertificate(SslClientAuthenticationOptions tls, X509Certificate2? certificate) =>
        tls.ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true);
}
