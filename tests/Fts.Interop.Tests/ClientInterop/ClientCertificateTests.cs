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

/// <summary>Our client with a certificate of its own, against servers that ask for one, and resume their sessions all the same.</summary>
public sealed class ClientCertificateTests
{
    private static readonly TestAuthority RootAuthority = new("root"), IntermediateAuthority = new("between", RootAuthority), UntrustedAuthority = new("stranger");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Our_server_signs_the_holder_in_on_every_pooled_connection(SslProtocols protocol)
    {
        await using CertificateServer server = CertificateServer.Start(FtpClientCertificatePolicy.Require);
        await using var client = new FtpClient(server.Options(IntermediateAuthority.Issue("CN=ann"), [IntermediateAuthority.Certificate], protocol) with { MaxConnections = 4 });

        await Task.WhenAll(Enumerable.Range(0, 4).Select(lane => RoundTripsAsync(client, $"lane{lane}")));
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Our_server_lets_nobody_else_in(SslProtocols protocol)
    {
        await using CertificateServer server = CertificateServer.Start(FtpClientCertificatePolicy.Require);
        foreach (X509Certificate2? certificate in (X509Certificate2?[])[null, UntrustedAuthority.Issue("CN=ann"), IntermediateAuthority.Issue("CN=ann")])
        {
            // The last one is good, but the server knows only the root and is not told of what lies between.
            await using var client = new FtpClient(server.Options(certificate, [], protocol));
            var e = await Assert.ThrowsAsync<FtpLoginException>(() => client.ConnectAsync(Token));
            Assert.Contains("certificate", e.Reply.Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd, SslProtocols.Tls12)]
    [InlineData(PeerKind.Vsftpd, SslProtocols.Tls13)]
    [InlineData(PeerKind.ProFtpd, SslProtocols.Tls12)]
    public async Task A_peer_that_requires_one_is_shown_it(PeerKind kind, SslProtocols protocol)
    {
        await using PeerSession session = await PeerSession.StartAsync(
            kind, "127.0.0.1", options => AddCertificate(options, IntermediateAuthority.Issue("CN=ann"), [IntermediateAuthority.Certificate], protocol), encrypted: true, RootAuthority.Certificate.ExportCertificatePem());

        await RoundTripsAsync(session.Client, $"{Peer.WritablePath}/file");
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd, SslProtocols.Tls12)]
    [InlineData(PeerKind.Vsftpd, SslProtocols.Tls13)]
    [InlineData(PeerKind.ProFtpd, SslProtocols.Tls12)]
    public async Task A_peer_that_requires_one_takes_no_other(PeerKind kind, SslProtocols protocol)
    {
        await using PeerSession session = await PeerSession.StartAsync(
            kind, "127.0.0.1", options => AddCertificate(options, UntrustedAuthority.Issue("CN=ann"), [], protocol), encrypted: true, RootAuthority.Certificate.ExportCertificatePem());

        // How they break off is theirs: by an alert, by a reply in plain amid the handshake, or by closing.
        await Assert.ThrowsAnyAsync<FtpException>(() => session.Client.ConnectAsync(Token));
    }

    private static FtpClientOptions AddCertificate(FtpClientOptions options, X509Certificate2? certificate, X509Certificate2[] chain, SslProtocols protocol) => options with
    {
        TlsProtocols = protocol,
        Trust = new FtpTrust { ValidateAsync = static (_, _) => ValueTask.FromResult(true), ClientCertificate = certificate, ClientChain = chain },
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

    /// <summary>Our server at its strictest: a certificate of the root's, TLS everywhere, data connections that resume.</summary>
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
                Authenticator = CertificateAuthenticator.CreateByCommonName(new AnonymousAuthenticator(Permissions.None), Permissions.ReadWrite),
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

        public FtpClientOptions Options(X509Certificate2? certificate, X509Certificate2[] chain, SslProtocols protocol) => AddCertificate(
            new FtpClientOptions { Host = "127.0.0.1", Port = _server.EndPoint.Port, Tls = FtpTlsMode.Required, Credentials = new FtpCredentials("ann", "") },
            certificate, chain, protocol);

        public async ValueTask DisposeAsync()
        {
            await _server.DisposeAsync();
            _certificates.Dispose();
            _home.Dispose();
        }
    }
}
