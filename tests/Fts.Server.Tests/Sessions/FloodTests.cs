using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Sessions;

/// <summary>Excessive requests of one client do not affect other clients.</summary>
public sealed partial class FloodTests
{
    [Fact]
    public async Task Repeated_pasv_commands_use_one_port()
    {
        const int Times = 2000;
        await using var server = new TestServer(Wire.IPv4);
        await using Conversation client = await server.LogInAsync();
        client.ConnectsLate = true;
        Task asking = client.SendAsync(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("PASV\r\n", Times))));
        var ports = new HashSet<int>();
        for (int i = 0; i < Times; i++)
        {
            Match port = PassivePort().Match(Assert.Single(await client.ReadReplyAsync()));
            ports.Add((int.Parse(port.Groups[1].Value, CultureInfo.InvariantCulture) << 8)
                + int.Parse(port.Groups[2].Value, CultureInfo.InvariantCulture));
        }

        await asking;
        int only = Assert.Single(ports);
        Assert.Single(IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners(), listener => listener.Port == only);
    }

    [Fact]
    public async Task A_flood_of_connections_to_a_passive_port_does_not_block_its_client()
    {
        await using var server = await TestServer.WithAsync(Wire.IPv4, ("/a", "content"));
        await using Conversation client = await server.LogInAsync();
        client.ConnectsLate = true;
        string reply = Assert.Single(await client.SendAndReadReplyAsync("EPSV"));
        int port = int.Parse(ExtendedPort().Match(reply).Groups[1].Value, CultureInfo.InvariantCulture);
        using var stop = new CancellationTokenSource();
        Task flood = Task.WhenAll(Enumerable.Range(0, 4)
            .Select(_ => ConnectRepeatedlyAsync(new IPEndPoint(IPAddress.Loopback, port), IPAddress.Parse("127.0.0.3"), stop.Token)));
        await client.PlayAsync("""
            C: RETR a
            S: 150 *
            D< content
            S: 226 *
            """);
        await stop.CancelAsync();
        await flood;
    }

    [Fact]
    public async Task Two_thousand_idle_sessions_do_not_block_an_active_one()
    {
        const int Idle = 2000;
        await using var server = await TestServer.WithAsync(Wire.IPv4, ("/a", "content"));
        var idle = new List<Conversation>();
        try
        {
            for (int i = 0; i < Idle; i++)
            {
                idle.Add(await server.ConnectAsync(IPAddress.Parse($"127.0.0.{2 + (i % 8)}")));
            }

            await server.PlayAsync("""
                C: EPSV
                S: 229 *
                C: RETR a
                S: 150 *
                D< content
                S: 226 *
                """);
            Assert.InRange(server.SessionCount, Idle, Idle + 1);
        }
        finally
        {
            foreach (Conversation client in idle)
            {
                await client.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Pipelined_logins_result_in_the_last_user()
    {
        await using var server = new TestServer(Wire.IPv4);
        await server.PlayFromGreetingAsync("""
            S: 220 *
            C> USER nobody\r\nUSER anonymous\r\nPASS x\r\nUSER nobody\r\nPWD\r\nPASS y\r\nPWD\r\n
            S: 331 *
            S: 331 *
            S: 230 *
            S: 331 *
            S: 530 *
            S: 530 *
            S: 530 *
            """);
    }

    private static async Task ConnectRepeatedlyAsync(IPEndPoint port, IPAddress from, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(from, 0));
                await socket.ConnectAsync(port, cancellationToken);
                socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // The connection was rejected as expected, or the test is complete.
            }
        }
    }

    [GeneratedRegex(@"\(\d+,\d+,\d+,\d+,(\d+),(\d+)\)")]
    private static partial Regex PassivePort();

    [GeneratedRegex(@"\|\|\|(\d+)\|")]
    private static partial Regex ExtendedPort();
}
