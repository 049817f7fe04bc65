using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fts.Accounts;
using Fts.Authority;
using Fts.Client;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;
using Fts.Server;
using Fts.Storage.Memory;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>Our client with a client certificate, with servers that require one. Data connections still resume the TLS session.</summary>
public sealed class ClientCertificateTests
{
    private static readonly TestAuthority RootAuthority = new("root");
    private static readonly TestAuthority IntermediateAuthority = new("intermediate", RootAuthority);
    private static readonly TestAuthority UntrustedAuthority = new("untrusted");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Every_pooled_connection_logs_in_to_our_server_by_certificate(SslProtocols protocol)
    {
        await using CertificateServer server = CertificateServer.Start(FtpClientCertificatePolicy.Require);
        FtpClientOptions options = server.GetClientOptions(
            IntermediateAuthority.Issue("CN=ann"), [IntermediateAuthority.Certificate], protocol);
        await using var client = new FtpClient(options with { MaxConnections = 4 });

        await Task.WhenAll(Enumerable.Range(0, 4).Select(number => RoundTripsAsync(client, $"file{number}")));
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Our_server_rejects_clients_without_a_trusted_certificate(SslProtocols protocol)
    {
        await using CertificateServer server = CertificateServer.Start(FtpClientCertificatePolicy.Require);
        X509Certificate2?[] certificates = [null, UntrustedAuthority.Issue("CN=ann"), IntermediateAuthority.Issue("CN=ann")];
        foreach (X509Certificate2? certificate in certificates)
        {
            // The last certificate is valid, but the client does not send the intermediate certificate, and the server has only the root.
            await using var client = new FtpClient(server.GetClientOptions(certificate, [], protocol));
            var e = await Assert.ThrowsAsync<FtpLoginException>(() => client.ConnectAsync(Token));
            Assert.Contains("certificate", e.Reply.Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd, SslProtocols.Tls12)]
    [InlineData(PeerKind.Vsftpd, SslProtocols.Tls13)]
    [InlineData(PeerKind.ProFtpd, SslProtocols.Tls12)]
    public async Task A_peer_that_requires_a_certificate_accepts_a_trusted_one(PeerKind kind, SslProtocols protocol)
    {
        X509Certificate2 certificate = IntermediateAuthority.Issue("CN=ann");
        await using PeerSession session = await PeerSession.StartAsync(
            kind, "127.0.0.1", options => AddCertificate(options, certificate, [IntermediateAuthority.Certificate], protocol),
            encrypted: true, RootAuthority.Certificate.ExportCertificatePem());

        await RoundTripsAsync(session.Client, $"{Peer.WritablePath}/file");
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd, SslProtocols.Tls12)]
    [InlineData(PeerKind.Vsftpd, SslProtocols.Tls13)]
    [InlineData(PeerKind.ProFtpd, SslProtocols.Tls12)]
    public async Task A_peer_that_requires_a_certificate_rejects_an_untrusted_one(PeerKind kind, SslProtocols protocol)
    {
        X509Certificate2 certificate = UntrustedAuthority.Issue("CN=ann");
        await using PeerSession session = await PeerSession.StartAsync(
            kind, "127.0.0.1", options => AddCertificate(options, certificate, [], protocol),
            encrypted: true, RootAuthority.Certificate.ExportCertificatePem());

        // The peers reject it differently: by a TLS alert, by an unencrypted reply during the handshake, or by closing the connection.
        await Assert.ThrowsAnyAsync<FtpException>(() => session.Client.ConnectAsync(Token));
    }

    private static FtpClientOptions AddCertificate(
        FtpClientOptions options, X509Certificate2? certificate, X509Certificate2[] chain, SslProtocols protocol) => options with
    {
        TlsProtocols = protocol,
        Trust = new FtpTrust
        {
            ValidateAsync = static (_, _) => ValueTask.FromResult(true),
            ClientCertificate = certificate,
            ClientChain = chain,
        },
    };

    private static async Task RoundTripsAsync(FtpClient client, string path)
    {
        byte[] content = RandomNumberGenerator.GetBytes(100_000);
        for (int i = 0; i < 10; i++)
        {
            await client.UploadAsync(new MemoryStream(content), path, cancellationToken: Token);
            using var back = new MemoryStream();
            await client.DownloadAsync(back, path, cancellationToken: Token);
            Assert.Equal(content, back.ToArray());
        }
    }

    /// <summary>
    /// Our server in its strictest configuration: it requires TLS, a client certificate below the root, and data connections that resume.
    /// </summary>
    private sealed class CertificateServer : IAsyncDisposable
    {
        private readonly TempFolder _home = new();
        private readonly FtpCertificates _certificates;
        private readonly FtpServer _server;

        private CertificateServer(FtpClientCertificatePolicy policy)
        {
            _certificates = FtpCertificates.SelfSigned(_home["server.pem"]);
            ITestOutputHelper? output = TestContext.Current.TestOutputHelper;
            _server = new FtpServer(new FtpServerOptions
            {
                Store = new MemoryFileStore(),
                Authenticator = CertificateAuthenticator.CreateByCommonName(
                    new AnonymousAuthenticator(Permissions.None), Permissions.ReadWrite),
                Tls = new FtpTlsOptions
                {
                    Certificates = _certificates,
                    Control = FtpTlsPolicy.Required,
                    Data = FtpTlsPolicy.Required,
                    DataBinding = FtpDataBinding.Require,
                    ClientCertificates = new FtpClientCertificates { Policy = policy, Authorities = [RootAuthority.Certificate] },
                },
                Trace = trace => output?.WriteLine($"{trace.Session} {(trace.IsReply ? "<" : ">")} {trace.Line}"),
            });
            _server.StartAsync(TestContext.Current.CancellationToken).GetAwaiter().GetResult();
        }

        public static CertificateServer Start(FtpClientCertificatePolicy policy) => new(policy);

        public FtpClientOptions GetClientOptions(X509Certificate2? certificate, X509Certificate2[] chain, SslProtocols protocol)
        {
            var options = new FtpClientOptions
            {
                Host = "127.0.0.1",
                Port = _server.EndPoint.Port,
                Tls = FtpTlsMode.Required,
                Credentials = new FtpCredentials("ann", ""),
            };
            return AddCertificate(options, certificate, chain, protocol);
        }

        public async ValueTask DisposeAsync()
        {
            await _server.DisposeAsync();
            _certificates.Dispose();
            _home.Dispose();
        }
    }
}
