using System.Security.Authentication;
using System.Text;
using Fts.Accounts;
using Fts.Client;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;
using Fts.Server;
using Fts.Storage.Memory;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>Our client in MODE Z, with our server and with ProFTPD's mod_deflate.</summary>
public sealed class CompressedTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>An empty file, one byte, and content that compresses badly, well and very well.</summary>
    private static (string Name, byte[] Content)[] Files
    {
        get
        {
            byte[] noise = new byte[100_000]; // small, because ProFTPD decompresses only about 40 KB per second
            new Random(3).NextBytes(noise);
            byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 20_000)));
            return [("empty", []), ("one", [1]), ("noise", noise), ("text", text), ("zeros", new byte[5_000_000])];
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Our_server_receives_and_sends_every_compressed_file(bool encrypted)
    {
        using var home = new TempFolder();
        using FtpCertificates? certificates = encrypted ? FtpCertificates.SelfSigned(home["server.pem"]) : null;
        await using var server = new FtpServer(new FtpServerOptions
        {
            Store = new MemoryFileStore(),
            Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite),
            Tls = certificates is null ? null : new FtpTlsOptions
            {
                Certificates = certificates,
                Control = FtpTlsPolicy.Required,
                Data = FtpTlsPolicy.Required,
            },
        });
        await server.StartAsync(Token);
        var modes = new List<string>();
        await using var client = new FtpClient(new FtpClientOptions
        {
            Host = "127.0.0.1",
            Port = server.EndPoint.Port,
            Tls = encrypted ? FtpTlsMode.Required : FtpTlsMode.Off,
            Trust = new FtpTrust { ValidateAsync = static (_, _) => ValueTask.FromResult(true) },
            Compression = FtpCompression.Always,
            MaxConnections = 1,
            Trace = line => modes.AddRange(line.IsSent && line.Line.StartsWith("MODE", StringComparison.Ordinal) ? [line.Line] : []),
        });

        await RoundTripAsync(client, "");

        Assert.Equal(["MODE Z"], modes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ProFTPD_receives_and_sends_every_file_although_its_decoder_may_fail(bool encrypted)
    {
        await using PeerSession session = await PeerSession.StartAsync(
            PeerKind.ProFtpd, "127.0.0.1",
            options => options with { Compression = FtpCompression.Always, MaxConnections = 1, TlsProtocols = SslProtocols.Tls12 },
            encrypted);
        await session.Client.ConnectAsync(Token);
        Assert.Equal("", session.Client.Features.GetParameters("MODE")?.Replace("Z", "", StringComparison.Ordinal));

        await RoundTripAsync(session.Client, Peer.WritablePath + "/");
    }

    private static async Task RoundTripAsync(FtpClient client, string folder)
    {
        foreach ((string name, byte[] content) in Files)
        {
            FtpTransferResult result = await client.UploadAsync(new MemoryStream(content), folder + name, cancellationToken: Token);
            Assert.Equal(content.Length, result.Bytes);
        }

        foreach ((string name, byte[] content) in Files)
        {
            using var back = new MemoryStream();
            await client.DownloadAsync(back, folder + name, cancellationToken: Token);
            Assert.True(content.AsSpan().SequenceEqual(back.ToArray()), $"The download of {name} differs from the upload.");
        }
    }
}
