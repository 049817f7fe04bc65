using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Tls;

/// <summary>What a handshake's first words may ask for: the version, and the protocol that is to be spoken (ALPN).</summary>
public sealed class TlsHelloTests
{
    private const byte Alert = 21, Handshake = 22, Fatal = 2, ProtocolVersion = 70;

    public static TheoryData<SslProtocols> Versions => [SslProtocols.Tls12, SslProtocols.Tls13];

    [Theory, MemberData(nameof(Versions))]
    public async Task Ftp_is_agreed_on_with_clients_that_name_it_among_others(SslProtocols version)
    {
        await using TestServer server = Offering();
        await using Conversation talk = await SecureAsync(server, version, "http/1.1", "ftp");
        Assert.Equal("ftp", talk.AgreedProtocol);
        await talk.PlayAsync("C: NOOP\nS: 200 *");
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task Nothing_is_agreed_on_with_clients_that_name_none(SslProtocols version)
    {
        await using TestServer server = Offering();
        await using Conversation talk = await SecureAsync(server, version);
        Assert.Equal("", talk.AgreedProtocol);
    }

    /// <summary>RFC 7301 §3.2 wants it refused; a browser lured here would otherwise take our words for a web server's.</summary>
    [Theory, MemberData(nameof(Versions))]
    public async Task A_client_that_came_to_speak_something_else_is_refused(SslProtocols version)
    {
        await using TestServer server = Offering();
        await Assert.ThrowsAnyAsync<Exception>(() => SecureAsync(server, version, "http/1.1", "h2"));
        await server.Log.WaitForAsync(RecordingLogger.HandshakeFailed);
    }

    [Theory]
    [InlineData(1)] // TLS 1.0
    [InlineData(2)] // TLS 1.1
    public async Task Old_versions_are_refused_by_name(byte minor)
    {
        (byte kind, byte[] content) = await AnswerAsync(minor);
        Assert.Equal((Alert, Fatal, ProtocolVersion), (kind, content[0], content[1]));
    }

    [Fact]
    public async Task The_same_words_in_version_1_2_are_answered()
    {
        (byte kind, _) = await AnswerAsync(minor: 3);
        Assert.Equal(Handshake, kind);
    }

    private static TestServer Offering() => new(Wire.IPv4, with: options => options with { Tls = new FtpTlsOptions { Certificates = TestServer.Certificates } });

    private static async Task<Conversation> SecureAsync(TestServer server, SslProtocols version, params string[] protocols)
    {
        Conversation talk = await server.ConnectPlainAsync();
        try
        {
            await talk.PlayAsync("S: 220 *\nC: AUTH TLS\nS: 234 *");
            await talk.StartTlsAsync(version, with: tls => tls.ApplicationProtocols = [.. protocols.Select(name => new SslApplicationProtocol(name))]);
            return talk;
        }
        catch
        {
            await talk.DisposeAsync();
            throw;
        }
    }

    /// <summary>The first record a server answers a ClientHello of this version with. Written by hand: the system's own TLS no longer asks for the old ones.</summary>
    private static async Task<(byte Kind, byte[] Content)> AnswerAsync(byte minor)
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
        byte[] suites = [0xC0, 0x2B, 0xC0, 0x09, 0xC0, 0x0A, 0xC0, 0x13, 0x00, 0x2F]; // ECDHE-ECDSA with AES-GCM and AES-CBC, and what 1.0 had
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
