using System.Net;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Server.Sessions;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Sessions;

/// <summary>Tests of the detection of a server that hangs, and of listening sockets that the caller opened.</summary>
public sealed class ServerHealthTests
{
    private const int Second = 1000;

    [Fact]
    public void A_monitor_without_a_pass_for_more_than_5_s_is_hung()
    {
        var health = new ServerHealth([], now: 100 * Second);
        Assert.True(health.IsResponsive(105 * Second, isAccepting: true));
        Assert.False(health.IsResponsive((105 * Second) + 1, isAccepting: true));
        health.RecordMonitorPass(105 * Second);
        Assert.True(health.IsResponsive(110 * Second, isAccepting: true));
    }

    [Fact]
    public void An_accept_loop_that_leaves_connections_waiting_is_hung()
    {
        int waiting = 1;
        var health = new ServerHealth([() => 0, () => waiting], now: 0);
        for (int second = 1; second <= 6; second++)
        {
            health.RecordMonitorPass(second * Second);
            Assert.True(health.IsResponsive(second * Second, isAccepting: true));
        }

        health.RecordMonitorPass(7 * Second);
        Assert.False(health.IsResponsive(7 * Second, isAccepting: true));
        Assert.True(health.IsResponsive(7 * Second, isAccepting: false));
        waiting = 0;
        health.RecordMonitorPass(8 * Second);
        Assert.True(health.IsResponsive(8 * Second, isAccepting: true));
    }

    [Fact]
    public void A_busy_accept_loop_is_not_hung()
    {
        var health = new ServerHealth([() => 100], now: 0);
        for (int second = 1; second <= 20; second++)
        {
            health.RecordAccept(0);
            health.RecordMonitorPass(second * Second);
            Assert.True(health.IsResponsive(second * Second, isAccepting: true));
        }
    }

    [Fact]
    public async Task The_waiting_connections_of_a_listener_are_counted()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux reports the length of the queue.");
        using Socket listener = Listen();
        var health = new ServerHealth([listener]);
        long now = Environment.TickCount64;
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndPoint!, TestContext.Current.CancellationToken);
        health.RecordMonitorPass(now);
        health.RecordMonitorPass(now + (6 * Second));
        Assert.False(health.IsResponsive(now + (6 * Second), isAccepting: true));
        using Socket accepted = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        health.RecordMonitorPass(now + (7 * Second));
        Assert.True(health.IsResponsive(now + (7 * Second), isAccepting: true));
    }

    [Fact]
    public async Task A_server_responds_between_its_start_and_its_stop()
    {
        await using var server = new FtpServer(CreateOptions(null));
        Assert.False(server.IsResponsive);
        await server.StartAsync(TestContext.Current.CancellationToken);
        Assert.True(server.IsResponsive);
        await server.StopAsync(TestContext.Current.CancellationToken);
        Assert.False(server.IsResponsive);
    }

    [Fact]
    public async Task A_listening_socket_of_the_caller_replaces_the_end_point()
    {
        Socket listener = Listen();
        var address = (IPEndPoint)listener.LocalEndPoint!;
        await using (var server = new FtpServer(CreateOptions(listener)))
        {
            await server.StartAsync(TestContext.Current.CancellationToken);
            Assert.Equal(address, server.EndPoint);
            using var client = new TcpClient();
            await client.ConnectAsync(address, TestContext.Current.CancellationToken);
            using var reader = new StreamReader(client.GetStream());
            Assert.Equal("220 fts ready.", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        }

        Assert.Throws<ObjectDisposedException>(() => listener.LocalEndPoint);
    }

    private static FtpServerOptions CreateOptions(Socket? listener) => new()
    {
        Store = new MemoryFileStore(),
        Authenticator = new AnonymousAuthenticator(Permissions.ReadOnly),
        ListeningSocket = listener,
    };

    private static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }
}
