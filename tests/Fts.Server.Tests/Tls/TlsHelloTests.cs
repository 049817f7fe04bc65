using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Tls;

/// <summary>The negotiation in the ClientHello: the TLS version and the application protocol (ALPN).</summary>
public sealed class TlsHelloTests
{
    private const byte Alert = 21, Handshake = 22, Fatal = 2, ProtocolVersion = 70;

    public static TheoryData<SslProtocols> Versions => [SslProtocols.Tls12, SslProtocols.Tls13];

    [Theory, MemberData(nameof(Versions))]
    public async Task Alpn_selects_ftp_if_the_client_offers_it(SslProtocols version)
    {
        await using TestServer server = CreateServer();
        await using Conversation client = await SecureAsync(server, version, "http/1.1", "ftp");
        Assert.Equal("ftp", client.NegotiatedProtocol);
        await client.PlayAsync("C: NOOP\nS: 200 *");
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task Alpn_selects_nothing_if_the_client_offers_nothing(SslProtocols version)
    {
        await using TestServer server = CreateServer();
        await using Conversation client = await SecureAsync(server, version);
        Assert.Equal("", client.NegotiatedProtocol);
    }

    /// <summary>RFC 7301 §3.2 requires it. Otherwise a browser could take the server's replies for those of a web server.</summary>
    [Theory, MemberData(nameof(Versions))]
    public async Task A_client_that_offers_only_other_protocols_is_refused(SslProtocols version)
    {
        await using TestServer server = CreateServer();
        await Assert.ThrowsAnyAsync<Exception>(() => SecureAsync(server, version, "http/1.1", "h2"));
        await server.Log.WaitForAsync(RecordingLogger.HandshakeFailed);
    }

    [Theory]
    [InlineData(1)] // TLS 1.0
    [InlineData(2)] // TLS 1.1
    public async Task Old_TLS_versions_are_refused_with_a_protocol_version_alert(byte minor)
    {
        (byte kind, byte[] content) = await ReadResponseAsync(minor);
        Assert.Equal((Alert, Fatal, ProtocolVersion), (kind, content[0], content[1]));
    }

    [Fact]
    public async Task The_same_ClientHello_in_version_1_2_is_accepted()
    {
        (byte kind, _) = await ReadResponseAsync(minor: 3);
        Assert.Equal(Handshake, kind);
    }

    private static TestServer CreateServer() =>
        new(Wire.IPv4, configure: options => options with { Tls = new FtpTlsOptions { Certificates = TestServer.Certificates } });

    private static async Task<Conversation> SecureAsync(TestServer server, SslProtocols version, params string[] protocols)
    {
        Conversation client = await server.ConnectPlainAsync();
        try
        {
            await client.PlayAsync("S: 220 *\nC: AUTH TLS\nS: 234 *");
            await client.StartTlsAsync(
                version, configure: tls => tls.ApplicationProtocols = [.. protocols.Select(name => new SslApplicationProtocol(name))]);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Returns the first record with which the server responds to a ClientHello of a version. The message is written here, because the
    /// system's TLS library no longer offers old versions.
    /// </summary>
    private static async Task<(byte Kind, byte[] Content)> ReadResponseAsync(byte minor)
    {
        await using var server = new TestServer(Wire.Tls12);
        using var socket = new Socket(server.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.EndPoint, TestContext.Current.CancellationToken).WithDeadline();
        using var stream = new NetworkStream(socket);
        await stream.WriteAsync(ClientHello(minor), TestContext.Current.CancellationToken);
        byte[] header = new byte[5];
        await stream.ReadExactlyAsync(header, TestContext.Current.CancellationToken).WithDeadline();
        byte[] content = new byte[BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(3))];
        await stream.ReadExactlyAsync(content, TestContext.Current.CancellationToken).WithDeadline();
        return (header[0], content);
    }

    private static byte[] ClientHello(byte minor)
    {
        // ECDHE-ECDSA with AES-GCM and AES-CBC, and a TLS 1.0 suite
        byte[] suites = [0xC0, 0x2B, 0xC0, 0x09, 0xC0, 0x0A, 0xC0, 0x13, 0x00, 0x2F];
        byte[] extensions =
        [
            0, 10, 0, 4, 0, 2, 0, 23, // supported_groups: secp256r1
            0, 11, 0, 2, 1, 0, // ec_point_formats: uncompressed
            0, 13, 0, 6, 0, 4, 4, 3, 2, 3, // signature_algorithms: ECDSA with SHA-256 and SHA-1
        ];
        byte[] body = [3, minor, .. new byte[32], 0, 0, (byte)suites.Length, .. suites, 1, 0, 0, (byte)extensions.Length, .. extensions];
        byte[] message = [1, 0, 0, (byte)body.Length, .. body];
        return [Handshake, 3, 1, 0, (byte)message.Length, .. message];
    }
}
