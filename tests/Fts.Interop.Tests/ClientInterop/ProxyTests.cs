using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Fts.Accounts;
using Fts.Client;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;
using Fts.Server;
using Fts.Storage.Memory;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>Our client through other proxies: microsocks for SOCKS5 and tinyproxy for HTTP CONNECT. Both require a password.</summary>
public sealed class ProxyTests
{
    private const int Connections = 4;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(FtpProxyKind.Socks5, "127.0.0.1", false)]
    [InlineData(FtpProxyKind.Socks5, "localhost", true)]
    [InlineData(FtpProxyKind.Socks5, "::1", true)]
    [InlineData(FtpProxyKind.HttpConnect, "127.0.0.1", false)]
    [InlineData(FtpProxyKind.HttpConnect, "localhost", true)]
    [InlineData(FtpProxyKind.HttpConnect, "::1", true)]
    public async Task Four_concurrent_connections_transfer_every_byte(FtpProxyKind kind, string host, bool encrypted)
    {
        using var home = new TempFolder();
        FtpProxy address = CreateProxy(kind);
        await using ServerProcess proxy = await StartAsync(address, home);
        using FtpCertificates certificates = FtpCertificates.SelfSigned(home["server.pem"]);
        await using var server = new FtpServer(new FtpServerOptions
        {
            Store = new MemoryFileStore(),
            Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite),
            EndPoint = new IPEndPoint(host == "::1" ? IPAddress.IPv6Loopback : IPAddress.Loopback, 0),
            Tls = !encrypted ? null : new FtpTlsOptions
            {
                Certificates = certificates,
                Control = FtpTlsPolicy.Required,
                Data = FtpTlsPolicy.Required,
                DataBinding = FtpDataBinding.Require,
            },
        });
        await server.StartAsync(Token);
        FtpTlsMode tls = encrypted ? FtpTlsMode.Required : FtpTlsMode.Off;
        await using var client = new FtpClient(
            UseProxy(address, new FtpClientOptions { Host = host, Port = server.EndPoint.Port, Tls = tls }));

        await TransferInParallelAsync(client, "");
    }

    [Theory]
    [InlineData(FtpProxyKind.Socks5)]
    [InlineData(FtpProxyKind.HttpConnect)]
    public async Task Data_connections_through_a_proxy_resume_the_TLS_session_of_a_strict_peer(FtpProxyKind kind)
    {
        using var home = new TempFolder();
        FtpProxy address = CreateProxy(kind);
        await using ServerProcess proxy = await StartAsync(address, home);
        await using PeerSession session = await PeerSession.StartAsync(
            PeerKind.Vsftpd, "127.0.0.1", options => UseProxy(address, options), encrypted: true);

        await TransferInParallelAsync(session.Client, Peer.WritablePath + "/");
    }

    [Theory]
    [InlineData(FtpProxyKind.Socks5, "rejected the user name or password")]
    [InlineData(FtpProxyKind.HttpConnect, "rejected the user name or password: 401 Unauthorized")]
    public async Task A_wrong_proxy_password_is_reported(FtpProxyKind kind, string message)
    {
        using var home = new TempFolder();
        FtpProxy address = CreateProxy(kind);
        await using ServerProcess proxy = await StartAsync(address, home);
        await using var client = new FtpClient(
            UseProxy(address with { Password = "guess" }, new FtpClientOptions { Host = "127.0.0.1" }));

        var e = await Assert.ThrowsAsync<FtpProxyException>(() => client.ConnectAsync(Token));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FtpProxyKind.Socks5, "connection refused (5)")]
    [InlineData(FtpProxyKind.HttpConnect, "500 Unable to connect")]
    public async Task An_unreachable_server_is_reported_with_the_message_of_the_proxy(FtpProxyKind kind, string message)
    {
        using var home = new TempFolder();
        FtpProxy address = CreateProxy(kind);
        await using ServerProcess proxy = await StartAsync(address, home);
        int closedPort = ServerProcess.FindFreePort(IPAddress.Loopback);
        await using var client = new FtpClient(UseProxy(address, new FtpClientOptions { Host = "127.0.0.1", Port = closedPort }));

        var e = await Assert.ThrowsAsync<FtpProxyException>(() => client.ConnectAsync(Token));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.True(e.IsTransient);
    }

    private static FtpProxy CreateProxy(FtpProxyKind kind) =>
        new(kind, "127.0.0.1", ServerProcess.FindFreePort(IPAddress.Loopback)) { UserName = "tester", Password = "secret" };

    private static Task<ServerProcess> StartAsync(FtpProxy proxy, TempFolder home)
    {
        string port = proxy.Port.ToString(CultureInfo.InvariantCulture);
        var endPoint = new IPEndPoint(IPAddress.Loopback, proxy.Port);
        if (proxy.Kind == FtpProxyKind.Socks5)
        {
            string[] arguments = ["-i", "127.0.0.1", "-p", port, "-u", "tester", "-P", "secret"];
            return ServerProcess.StartWithoutGreetingAsync(Tool.Require("microsocks"), endPoint, home.Path, arguments);
        }

        string settings = home.Write("tinyproxy.conf", $"Port {port}\nListen 127.0.0.1\nTimeout 60\nBasicAuth tester secret\n");
        return ServerProcess.StartWithoutGreetingAsync(Tool.Require("tinyproxy"), endPoint, home.Path, "-d", "-c", settings);
    }

    private static FtpClientOptions UseProxy(FtpProxy proxy, FtpClientOptions options) => options with
    {
        Proxy = proxy,
        MaxConnections = Connections,
        Trust = new FtpTrust { ValidateAsync = static (_, _) => ValueTask.FromResult(true) },
    };

    private static async Task TransferInParallelAsync(FtpClient client, string folder)
    {
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async number =>
        {
            byte[] content = RandomNumberGenerator.GetBytes(1_000_000 + number);
            string path = $"{folder}file{number}.bin";
            for (int i = 0; i < 5; i++)
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
