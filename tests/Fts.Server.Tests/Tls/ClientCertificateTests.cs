using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fts.Accounts;
using Fts.Authority;
using Fts.Protocol;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Tls;

/// <summary>Certificates of clients: which are believed, and whom they sign in (232).</summary>
public sealed class ClientCertificateTests
{
    private static readonly TestAuthority Authority = new(), Stranger = new();
    private static readonly X509Certificate2 Ann = Authority.Issue("CN=ann, O=Example"), Foreign = Stranger.Issue("CN=ann");
    private static readonly OneTimePasswordAuthenticator Owner = new("owner", Permissions.ReadWrite);

    public static TheoryData<SslProtocols> Versions => [SslProtocols.Tls12, SslProtocols.Tls13];

    [Theory, MemberData(nameof(Versions))]
    public async Task A_certificate_signs_its_own_name_in_without_a_password(SslProtocols version)
    {
        await using TestServer server = Asking();
        await using Conversation talk = await SecureAsync(server, version, Ann);
        await talk.PlayAsync("""
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
        Assert.Contains(server.Log.Texts, text => text.Contains($"signed in as ann by the certificate of {Ann.Subject}, key {KeyFingerprint.Compute(Ann)}", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task With_another_name_its_holder_is_asked_for_that_ones_password(SslProtocols version)
    {
        await using TestServer server = Asking();
        await using Conversation talk = await SecureAsync(server, version, Ann);
        await talk.PlayAsync($"""
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
    public async Task Where_certificates_are_only_asked_for_one_that_is_not_believed_counts_for_nothing(SslProtocols version)
    {
        await using TestServer server = Asking();
        foreach (X509Certificate2? certificate in (X509Certificate2?[])
            [null, Foreign, Authority.Issue("CN=ann", days: -1), Authority.Issue("CN=ann", usage: TestAuthority.ForServers), Stranger.Certificate])
        {
            await using Conversation talk = await SecureAsync(server, version, certificate);
            await talk.PlayAsync($"""
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

        await server.Log.WaitForAsync(RecordingLogger.CertificateRejected, times: 4);
        Assert.Contains(server.Log.Texts, text => text.Contains("expired or not yet valid", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task Where_one_is_required_nobody_signs_in_without_it_and_nobody_in_plain(SslProtocols version)
    {
        await using TestServer server = Asking(client => client with { Policy = FtpClientCertificatePolicy.Require });
        await using Conversation plain = await server.ConnectPlainAsync();
        await plain.PlayAsync("S: 220 *");
        await using Conversation none = await SecureAsync(server, version, null), foreign = await SecureAsync(server, version, Foreign);
        foreach (Conversation talk in (Conversation[])[plain, none, foreign])
        {
            await talk.PlayAsync($"""
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
    public async Task A_data_connection_shows_the_same_certificate_or_resumes(SslProtocols version)
    {
        await using TestServer server = Asking(client => client with { Policy = FtpClientCertificatePolicy.Require }, FtpDataBinding.Observe);
        await using Conversation talk = await SecureAsync(server, version, Ann);
        await talk.PlayAsync("""
            C: USER ann
            S: 232 *
            C: PBSZ 0
            S: 200 *
            C: PROT P
            S: 200 *
            """);
        X509Certificate2 other = Authority.Issue("CN=ann");
        foreach ((X509Certificate2? certificate, bool isServed) in ((X509Certificate2?, bool)[])[(Ann, true), (other, false), (null, false)])
        {
            talk.UseForData(new TlsClient(version, tls => Show(tls, certificate)));
            await talk.PlayAsync("C: EPSV\nS: 229 *\nC: NLST\nS: 150 *");
            Assert.StartsWith(isServed ? "226" : "522", (await talk.ReadReplyAsync())[0], StringComparison.Ordinal);
        }
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task Where_one_is_only_asked_for_a_data_connection_need_not_show_it_again_but_shows_no_other(SslProtocols version)
    {
        await using TestServer server = Asking(dataBinding: FtpDataBinding.Observe);
        await using Conversation talk = await SecureAsync(server, version, Ann);
        await talk.PlayAsync("C: USER ann\nS: 232 *\nC: PBSZ 0\nS: 200 *\nC: PROT P\nS: 200 *");
        talk.UseForData(new TlsClient(version));
        await talk.PlayAsync("C: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nS: 226 *");
        talk.UseForData(new TlsClient(version, tls => Show(tls, Foreign)));
        await talk.PlayAsync("C: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nS: 522 *");
    }

    [Fact]
    public async Task A_pinned_key_is_believed_whoever_issued_its_certificate_within_its_dates()
    {
        X509Certificate2 old = Stranger.Issue("CN=ann", days: -1);
        await using TestServer server = Asking(client => client with { Authorities = [], PinnedKeys = [KeyFingerprint.Compute(Foreign), KeyFingerprint.Compute(old)] });
        foreach ((X509Certificate2 certificate, string reply) in ((X509Certificate2, string)[])[(Foreign, "232"), (Ann, "331"), (old, "331")])
        {
            await using Conversation talk = await SecureAsync(server, SslProtocols.Tls13, certificate);
            await talk.PlayAsync($"C: USER ann\nS: {reply} *");
        }
    }

    [Theory]
    [InlineData("O=Example", "Example")]
    [InlineData("CN=ann, CN=owner", "ann")]
    [InlineData("CN=ann, CN=owner", "owner")]
    [InlineData("CN=ann + O=Example", "ann")]
    [InlineData("CN=anonymous", "anonymous")]
    [InlineData("CN=FTP", "FTP")]
    [InlineData("CN=\"an,n\"", "an")]
    public async Task Of_an_unclear_name_nobody_is_signed_in(string subject, string user)
    {
        await using TestServer server = Asking();
        await using Conversation talk = await SecureAsync(server, SslProtocols.Tls13, Authority.Issue(subject));
        await talk.PlayAsync($"C: USER {user}\nS: 331 *\nC: PASS x\nS: 530 *");
    }

    [Fact]
    public async Task In_plain_again_the_certificate_proves_nothing()
    {
        await using TestServer server = Asking();
        await using Conversation talk = await SecureAsync(server, SslProtocols.Tls12, Ann);
        await talk.PlayAsync("C: USER ann\nS: 232 *\nC: CCC\nS: 200 *");
        await talk.EndTlsAsync();
        await talk.PlayAsync("C: USER ann\nS: 331 *\nC: PASS x\nS: 530 *");
    }

    [Fact]
    public async Task Accounts_that_know_nothing_of_certificates_ask_for_the_password()
    {
        await using TestServer server = Asking(accounts: Owner);
        await using Conversation talk = await SecureAsync(server, SslProtocols.Tls13, Authority.Issue("CN=owner"));
        await talk.PlayAsync("C: USER owner\nS: 331 *\nC: PASS x\nS: 530 *");
    }

    [Fact]
    public void What_cannot_work_is_told_at_once()
    {
        Assert.Throws<ArgumentException>(() => Asking(client => client with { Authorities = [] }));
        Assert.Throws<ArgumentException>(() => Asking(client => client with { PinnedKeys = ["SHA256:short"] }));
    }

    private static TestServer Asking(
        Func<FtpClientCertificates, FtpClientCertificates>? with = null, FtpDataBinding dataBinding = FtpDataBinding.Require, IAuthenticator? accounts = null)
    {
        var client = new FtpClientCertificates { Policy = FtpClientCertificatePolicy.Request, Authorities = [Authority.Certificate] };
        return new TestServer(Wire.IPv4, with: options => options with
        {
            Authenticator = accounts ?? CertificateAuthenticator.CreateByCommonName(Owner, Permissions.ReadWrite),
            MaxFailedLogins = 5,
            Tls = new FtpTlsOptions
            {
                Certificates = TestServer.Certificates,
                ClientCertificates = with is null ? client : with(client),
                DataBinding = dataBinding,
                AllowClearCommandChannel = true,
            },
        });
    }

    private static async Task<Conversation> SecureAsync(TestServer server, SslProtocols version, X509Certificate2? certificate)
    {
        Conversation talk = await server.ConnectPlainAsync();
        await talk.PlayAsync("S: 220 *\nC: AUTH TLS\nS: 234 *");
        await talk.StartTlsAsync(version, with: tls => Show(tls, certificate));
        return talk;
    }

    private static void Show(SslClientAuthenticationOptions tls, X509Certificate2? certificate) =>
        tls.ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true);
}
