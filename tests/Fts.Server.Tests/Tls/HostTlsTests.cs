using System.Net.Security;
using System.Security.Authentication;
using Fts.Accounts;
using Fts.Authority;
using Fts.Server.Tests.Support;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Tls;

/// <summary>HOST (RFC 7151) together with the name that the client requests in the TLS handshake (SNI).</summary>
public sealed class HostTlsTests : IAsyncDisposable
{
    private static readonly TestAuthority Authority = new();
    private static readonly FtpCertificates CertificatesOfOne = FtpCertificates.FromCertificate(
        Authority.IssueTo("one.example")), CertificatesOfTwo = FtpCertificates.FromCertificate(Authority.IssueTo("two.example"));

    private readonly MemoryFileStore _one = new(), _two = new(), _three = new();
    private readonly TestServer _server;

    public HostTlsTests()
    {
        var anonymous = new AnonymousAuthenticator(Permissions.ReadWrite);
        _server = new TestServer(Wire.Tls13, configure: options => options with
        {
            Hosts =
            [
                new FtpHost { Name = "one.example", Store = _one, Authenticator = anonymous, Certificates = CertificatesOfOne,
                    Greeting = "This is one." },
                new FtpHost { Name = "two.example", Store = _two, Authenticator = anonymous, Certificates = CertificatesOfTwo },
                new FtpHost { Name = "three.example", Store = _three, Authenticator = anonymous, Greeting = "This is three." },
            ],
        });
    }

    public static TheoryData<SslProtocols> Versions => [SslProtocols.Tls12, SslProtocols.Tls13];

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory, MemberData(nameof(Versions))]
    public async Task The_requested_name_of_the_handshake_selects_the_certificate_and_the_files(SslProtocols version)
    {
        await using Conversation client = await SecureAsync("AUTH TLS", version, "Two.Example");
        Assert.Equal("CN=two.example", client.ServerSubject);
        await client.PlayAsync("""
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 230 *
            C: MKD made
            S: 257 *
            """);
        Assert.NotNull(await _two.GetEntryAsync(Fts.Storage.StorePath.Root.Resolve("/made")!.Value, TestContext.Current.CancellationToken));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task After_the_handshake_Host_must_have_the_requested_name(SslProtocols version)
    {
        await using Conversation client = await SecureAsync("AUTH TLS", version, "one.example");
        await client.PlayAsync("""
            C: HOST two.example
            S: 504 *
            C: HOST [::1]
            S: 504 *
            C: HOST ONE.EXAMPLE
            S: 220 This is one.
            C: REIN
            S: 220 *
            C: HOST two.example
            S: 504 *
            C: HOST one.example
            S: 220 This is one.
            """);
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task Host_before_Auth_selects_the_certificate(SslProtocols version)
    {
        await using Conversation client = await SecureAsync("HOST two.example", version, "");
        Assert.Equal("CN=two.example", client.ServerSubject);
        await client.PlayAsync("""
            C: HOST one.example
            S: 503 *
            C: HOST two.example
            S: 220 *
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 230 *
            C: MKD made
            S: 257 *
            C: REIN
            S: 220 *
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 230 *
            C: SIZE made
            S: 550 *
            C: CWD made
            S: 250 *
            """);
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task A_handshake_that_requests_another_name_than_Host_fails(SslProtocols version)
    {
        await Assert.ThrowsAnyAsync<Exception>(() => SecureAsync("HOST one.example", version, "two.example"));
        await _server.Log.WaitForAsync(RecordingLogger.HandshakeFailed);
        Assert.Contains(_server.Log.Texts,
            text => text.Contains(
                "the handshake requests host two.example, but the HOST command requested one.example", StringComparison.Ordinal));
    }

    [Fact]
    public async Task After_a_handshake_without_a_name_Host_may_select_hosts_with_the_same_certificate()
    {
        await using Conversation client = await SecureAsync("AUTH TLS", SslProtocols.Tls13, "");
        Assert.Equal($"CN={Environment.MachineName}", client.ServerSubject);
        await client.PlayAsync("""
            C: HOST one.example
            S: 503 *
            C: HOST three.example
            S: 220 This is three.
            C: HOST [::1]
            S: 220 fts ready.
            """);
    }

    [Fact]
    public async Task An_unknown_name_selects_the_default_host_in_the_handshake_and_is_rejected_by_Host()
    {
        await using Conversation client = await SecureAsync("AUTH TLS", SslProtocols.Tls13, "four.example");
        Assert.Equal($"CN={Environment.MachineName}", client.ServerSubject);
        await client.PlayAsync("""
            C: HOST four.example
            S: 504 *
            C: USER anonymous
            S: 331 *
            """);
    }

    /// <summary>Connects, sends HOST if a name is given for it, sends AUTH, and performs a handshake that requests a name.</summary>
    private async Task<Conversation> SecureAsync(string first, SslProtocols version, string requestedName)
    {
        Conversation client = await _server.ConnectPlainAsync();
        try
        {
            await client.PlayAsync("S: 220 *");
            if (first.StartsWith("HOST", StringComparison.Ordinal))
            {
                await client.PlayAsync($"C: {first}\nS: 220 *");
            }

            await client.PlayAsync("C: AUTH TLS\nS: 234 *");
            await client.StartTlsAsync(
                version, configure: tls =>
                    (tls.TargetHost, tls.RemoteCertificateValidationCallback) = (requestedName, AcceptAnyCertificate));
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    private static bool AcceptAnyCertificate(object sender, object? certificate, object? chain, SslPolicyErrors problems) => true;
}
