using System.Net;
using System.Net.Sockets;
using System.Text;
using Fts.Protocol;
using Fts.Server.Tests.Support;
using static Fts.Server.Tests.ProxyProtocol.ProxyProtocolTests;

namespace Fts.Server.Tests.ProxyProtocol;

/// <summary>Data connections of sessions that are connected through a load balancer.</summary>
public sealed class ProxyDataTests
{
    [Fact]
    public async Task Active_data_connections_connect_to_the_client_and_not_to_the_load_balancer()
    {
        await using TestServer server = CreateServer(Wire.IPv4);
        await using Conversation session = await server.LogInAsync(header: ProxyHeaders.Create("127.0.0.2"));
        using DataPeer client = DataPeer.CreateListening(IPAddress.Parse("127.0.0.2"), null, out IPEndPoint endPoint);
        await session.PlayAsync($"""
            C: EPRT {HostPort.FormatExtended(new IPEndPoint(IPAddress.Loopback, endPoint.Port))}
            S: 504 *
            C: PORT {HostPort.Format(endPoint)}
            S: 200 *
            C: NLST
            S: 150 *
            S: 226 *
            """);
        Assert.Empty(await client.ReadToEndAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_data_connection_arrives_through_the_load_balancer_or_directly_from_the_client(bool isRange)
    {
        await using TestServer server =
            CreateServer(
            Wire.IPv4, options =>
            options with { PassivePorts = isRange ? FreePorts.FindRange(3) : null, ProxyHeaderTimeout = TimeSpan.FromMilliseconds(300) });
        await server.WriteAsync("/a", "secret");
        await using Conversation session = await server.LogInAsync(header: ProxyHeaders.Create("127.0.0.2"));
        session.ConnectsLate = true;
        (string From, byte[] Header)[] refused =
        [
            ("127.0.0.1", ProxyHeaders.Create("127.0.0.3")), ("127.0.0.1", ProxyHeaders.HealthCheck), ("127.0.0.1", [.. "nonsense"u8]), (
                "127.0.0.1", []),
            ("127.0.0.3", []),
        ];
        (string From, byte[] Header)[] served = [("127.0.0.1", ProxyHeaders.Create("127.0.0.2")), ("127.0.0.2", [])];
        foreach ((string from, byte[] header) in served)
        {
            IPEndPoint target = DataPeer.ParseTarget((await session.SendAndReadReplyAsync("EPSV"))[0], session.Server)!;
            var otherPeers = new List<DataPeer>();
            foreach ((string other, byte[] otherHeader) in refused.Take(isRange ? 5 : 3))
            {
                var otherPeer = DataPeer.CreateConnecting(target, null, IPAddress.Parse(other), otherHeader);
                otherPeers.Add(otherPeer);
                await otherPeer.ConnectAsync();
            }

            await session.PlayAsync("C: RETR a\nS: 150 *");
            foreach (DataPeer otherPeer in otherPeers)
            {
                await AssertClosedWithoutDataAsync(otherPeer);
                otherPeer.Dispose();
            }

            using var client = DataPeer.CreateConnecting(target, null, IPAddress.Parse(from), header);
            Assert.Equal("secret", Encoding.UTF8.GetString(await client.ReadToEndAsync()));
            await session.PlayAsync("S: 226 *");
        }
    }

    [Fact]
    public async Task Pasv_returns_the_load_balancers_address_that_the_client_used()
    {
        await using TestServer server =
            CreateServer(Wire.IPv4, options => options with { PassiveAddresses = [new FtpPassiveAddress("203.0.113.5")] });
        await using TestServer plain = CreateServer(Wire.IPv6);
        foreach ((TestServer at, string client, string balancer, string address) in ((TestServer, string, string, string)[])
            [(server, "192.0.2.7", "198.51.100.1", "203,0,113,5"), (server, "10.0.0.7", "10.0.0.1", "10,0,0,1"),
                (plain, "192.0.2.7", "198.51.100.1", "198,51,100,1")])
        {
            await using Conversation session = await at.LogInAsync(header: ProxyHeaders.Create(client, balancer));
            await session.PlayAsync($"D: late\nC: PASV\nS: 227 *({address},*\nC: EPSV 2\nS: 522 *\nC: EPSV 1\nS: 229 *");
        }
    }

    [Fact]
    public async Task An_IPv6_client_of_an_IPv4_load_balancer_uses_IPv6()
    {
        await using TestServer server = CreateServer(Wire.IPv4);
        await using Conversation session = await server.LogInAsync(header: ProxyHeaders.Create("2001:db8::7", "2001:db8::1"));
        await session.PlayAsync("""
            C: PASV
            S: 425 *EPSV*
            C: EPSV 1
            S: 522 *
            C: EPRT |2|2001:db8::7|900|
            S: 504 *
            C: EPSV 2
            S: 229 *
            C: NLST
            S: 150 *
            D<
            S: 226 *
            """);
    }

    private static async Task AssertClosedWithoutDataAsync(DataPeer peer)
    {
        try
        {
            Assert.Equal(0, await peer.ReadSomeAsync(new byte[10]));
        }
        catch (IOException e) when (e.InnerException is SocketException)
        {
            // The connection was reset, as above.
        }
    }
}
