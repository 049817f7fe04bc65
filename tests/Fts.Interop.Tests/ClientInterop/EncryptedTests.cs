using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using Fts.Accounts;
using Fts.Client;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;
using Fts.Server;
using Fts.Storage.Memory;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>
/// Our client over TLS, with servers in their strictest configuration: a data connection must resume its control connection's session.
/// </summary>
public sealed class EncryptedTests
{
    private const int Connections = 4, Transfers = 50;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1", SslProtocols.Tls12)]
    [InlineData("127.0.0.1", SslProtocols.Tls13)]
    [InlineData("::1", SslProtocols.Tls13)]
    [InlineData("localhost", SslProtocols.Tls12)]
    [InlineData("localhost", SslProtocols.Tls13)]
    public async Task Pooled_connections_to_our_strictest_server_never_mix_their_sessions(string host, SslProtocols protocol)
    {
        using var home = new TempFolder();
        using FtpCertificates certificates = FtpCertificates.SelfSigned(home["server.pem"]);
        await using var server = new FtpServer(new FtpServerOptions
        {
            Store = new MemoryFileStore(),
            Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite),
            EndPoint = new IPEndPoint(host == "::1" ? IPAddress.IPv6Loopback : IPAddress.Loopback, 0),
            Tls = new FtpTlsOptions
            {
                Certificates = certificates,
                Control = FtpTlsPolicy.Required,
                Data = FtpTlsPolicy.Required,
                DataBinding = FtpDataBinding.Require,
            },
        });
        await server.StartAsync(Token);
        await using var client = new FtpClient(TrustAnyCertificate(
            new FtpClientOptions { Host = host, Port = server.EndPoint.Port, Tls = FtpTlsMode.Required, TlsProtocols = protocol }));

        await TransferInParallelAsync(client, "");
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd, SslProtocols.Tls12)]
    [InlineData(PeerKind.Vsftpd, SslProtocols.Tls13)]
    [InlineData(PeerKind.ProFtpd, SslProtocols.Tls12)]
    [InlineData(PeerKind.ProFtpd, SslProtocols.Tls13)]
    [InlineData(PeerKind.Pyftpdlib, SslProtocols.Tls12)]
    [InlineData(PeerKind.Pyftpdlib, SslProtocols.Tls13)]
    public async Task Pooled_connections_to_a_strict_peer_never_mix_their_sessions(PeerKind kind, SslProtocols protocol)
    {
        await using PeerSession session = await PeerSession.StartAsync(
            kind, "127.0.0.1", options => TrustAnyCertificate(options) with { TlsProtocols = protocol }, encrypted: true);

        await TransferInParallelAsync(session.Client, Peer.WritablePath + "/");
    }

    /// <summary>ProFTPD sends no session ticket with an upload. It truncates the file before it rejects the next data connection.</summary>
    [Fact]
    public async Task Consecutive_uploads_lose_no_bytes_if_the_server_sends_no_ticket_with_an_upload()
    {
        await using PeerSession session = await PeerSession.StartAsync(
            PeerKind.ProFtpd, "127.0.0.1",
            options => TrustAnyCertificate(options) with { TlsProtocols = SslProtocols.Tls13, MaxConnections = 1 }, encrypted: true);
        foreach (string path in (string[])["a", "a", "-b c", "*"])
        {
            await session.Client.UploadAsync(
                new MemoryStream("0123456789"u8.ToArray()), $"{Peer.WritablePath}/{path}", cancellationToken: Token);
            Assert.Equal(10, new FileInfo(Path.Combine(session.WritableFolder, path)).Length);
        }
    }

    [Fact]
    public async Task NLST_is_sent_once_to_a_server_that_sends_a_ticket_with_each_upload()
    {
        using var home = new TempFolder();
        using FtpCertificates certificates = FtpCertificates.SelfSigned(home["server.pem"]);
        await using var server = new FtpServer(new FtpServerOptions
        {
            Store = new MemoryFileStore(),
            Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite),
            Tls = new FtpTlsOptions { Certificates = certificates, DataBinding = FtpDataBinding.Require },
        });
        await server.StartAsync(Token);
        int nlstCount = 0;
        await using var client = new FtpClient(TrustAnyCertificate(new FtpClientOptions
        {
            Host = "127.0.0.1", Port = server.EndPoint.Port, Tls = FtpTlsMode.Required, TlsProtocols = SslProtocols.Tls13,
            Trace = trace => nlstCount += trace.IsSent && trace.Line.StartsWith("NLST", StringComparison.Ordinal) ? 1 : 0,
        }) with { MaxConnections = 1 });
        for (int i = 0; i < 4; i++)
        {
            await client.UploadAsync(new MemoryStream(new byte[10]), "a", cancellationToken: Token);
        }

        Assert.Equal(1, nlstCount);
    }

    /// <summary>The client receives no ticket with a cancelled upload or with a rejected data connection.</summary>
    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Transfers_still_resume_after_many_cancelled_uploads(SslProtocols protocol)
    {
        using var home = new TempFolder();
        using FtpCertificates certificates = FtpCertificates.SelfSigned(home["server.pem"]);
        await using var server = new FtpServer(new FtpServerOptions
        {
            Store = new MemoryFileStore(),
            Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite),
            Tls = new FtpTlsOptions { Certificates = certificates, DataBinding = FtpDataBinding.Require },
        });
        await server.StartAsync(Token);
        await using var client = new FtpClient(TrustAnyCertificate(new FtpClientOptions
        {
            Host = "127.0.0.1", Port = server.EndPoint.Port, Tls = FtpTlsMode.Required, TlsProtocols = protocol,
        }) with { MaxConnections = 1 });
        for (int i = 0; i < 6; i++)
        {
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
            using var endless = new EndlessStream(cancelAfter: 1_000_000, cancel);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => client.UploadAsync(endless, "cancelled", cancellationToken: cancel.Token));
        }

        byte[] content = RandomNumberGenerator.GetBytes(100_000);
        for (int i = 0; i < 3; i++)
        {
            await client.UploadAsync(new MemoryStream(content), "a", cancellationToken: Token);
            using var back = new MemoryStream();
            await client.DownloadAsync(back, "a", cancellationToken: Token);
            Assert.Equal(content, back.ToArray());
        }
    }

    /// <summary>An endless stream of zeros that cancels its own upload after <paramref name="cancelAfter"/> bytes.</summary>
    private sealed class EndlessStream(int cancelAfter, CancellationTokenSource cancel) : MemoryStream
    {
        private int _read;

        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _read += buffer.Length;
            if (_read > cancelAfter)
            {
                await cancel.CancelAsync();
                cancellationToken.ThrowIfCancellationRequested();
            }

            return buffer.Length;
        }
    }

    private static FtpClientOptions TrustAnyCertificate(FtpClientOptions options) => options with
    {
        MaxConnections = Connections,
        Trust = new FtpTrust { ValidateAsync = static (_, _) => ValueTask.FromResult(true) },
    };

    private static async Task TransferInParallelAsync(FtpClient client, string folder)
    {
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async number =>
        {
            byte[] content = RandomNumberGenerator.GetBytes(100_000 + number);
            string path = $"{folder}file{number}.bin";
            for (int i = 0; i < Transfers; i += 2)
            {
                await client.UploadAsync(new MemoryStream(content), path, cancellationToken: Token);
                using var back = new MemoryStream();
                await client.DownloadAsync(back, path, cancellationToken: Token);
                Assert.Equal(content, back.ToArray());
            }
        }));
        List<FtpEntry> entries = await client.ListAsync(folder, Token).ToListAsync(Token);
        Assert.Equal(
            ["file0.bin", "file1.bin", "file2.bin", "file3.bin"], entries.Select(entry => entry.Name).Order(StringComparer.Ordinal));
    }
}
