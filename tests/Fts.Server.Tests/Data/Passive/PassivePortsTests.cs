using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Server.Data;
using Fts.Server.Tests.Support;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Data.Passive;

/// <summary>The range of passive ports: random selection, sharing by clients of different addresses, and release.</summary>
public sealed class PassivePortsTests
{
    [Theory, OnEveryWire]
    public async Task Every_data_connection_is_accepted_on_a_port_of_the_range(Wire wire)
    {
        FtpPassivePorts range = FreePorts.FindRange(5);
        await using TestServer server = CreateServer(range, wire);
        await using Conversation client = await server.LogInAsync();
        for (int i = 0; i < 12; i++)
        {
            Assert.InRange(GetPort(await client.SendAndReadReplyAsync("EPSV"), client), range.First, range.Last);
            await client.PlayAsync($"C: STOR a\nS: 150 *\nD> content {i}\nS: 226 *");
            Assert.Equal($"content {i}", await server.ReadAsync("/a"));
        }
    }

    [Theory, OnEveryWire]
    public async Task A_client_that_connects_only_after_150_is_served(Wire wire)
    {
        await using TestServer server = CreateServer(FreePorts.FindRange(2), wire);
        await server.PlayAsync("""
            D: late
            C: EPSV
            S: 229 *
            C: STOR b
            S: 150 *
            D> new
            S: 226 *
            C: EPSV
            S: 229 *
            C: NLST
            S: 150 *
            L< b
            S: 226 *
            """);
    }

    [Fact]
    public async Task Ports_are_not_predictable()
    {
        FtpPassivePorts range = FreePorts.FindRange(1000);
        await using TestServer server = CreateServer(range);
        await using Conversation client = await server.LogInAsync();
        int[] ports = new int[10];
        for (int i = 0; i < ports.Length; i++)
        {
            ports[i] = GetPort(await client.SendAndReadReplyAsync("EPSV"), client);
        }

        int[] steps = [.. ports.Zip(ports.Skip(1), (one, next) => next - one)];
        Assert.True(steps.Distinct().Count() > 4, string.Join(' ', ports));
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task Clients_of_different_addresses_share_the_ports_and_receive_their_own_connections(Wire wire)
    {
        // Over IPv4, the clients use several addresses of 127.0.0.0/8. Over IPv6, their addresses are in PROXY headers.
        const int Peers = 9;
        FtpPassivePorts range = FreePorts.FindRange(2);
        await using TestServer server = CreateServer(range, wire, wire.IsIPv4() ? null
            : options => options with { ProxyProtocolNetworks = [new IPNetwork(IPAddress.IPv6Loopback, 128)] });
        var clients = new List<Conversation>();
        for (int i = 0; i < Peers; i++)
        {
            Conversation client = wire.IsIPv4() ? await server.LogInAsync(IPAddress.Parse($"127.0.1.{i + 1}"))
                : await server.LogInAsync(header: ProxyHeaders.Create($"2001:db8::{i + 1}", "2001:db8::f"));
            client.ConnectsLate = true;
            clients.Add(client);
            Assert.InRange(GetPort(await client.SendAndReadReplyAsync("EPSV"), client), range.First, range.Last);
        }

        for (int i = Peers - 1; i >= 0; i--)
        {
            await clients[i].PlayAsync($"C: STOR {i}\nS: 150 *");
        }

        for (int i = 0; i < Peers; i++)
        {
            await clients[i].PlayAsync($"D> content of {i}\nS: 226 *");
            Assert.Equal($"content of {i}", await server.ReadAsync($"/{i}"));
            await clients[i].DisposeAsync();
        }
    }

    [Fact]
    public async Task One_address_can_use_every_port_once_and_then_receives_425_until_one_is_free()
    {
        await using TestServer server = CreateServer(FreePorts.FindRange(2));
        await using Conversation first = await server.LogInAsync(), second = await server.LogInAsync(), third = await server.LogInAsync();
        await using Conversation otherAddress = await server.LogInAsync(IPAddress.Parse("127.0.0.2"));
        first.ConnectsLate = second.ConnectsLate = true;
        await first.PlayAsync("C: EPSV\nS: 229 *");
        await second.PlayAsync("C: EPSV\nS: 229 *");
        await third.PlayAsync("C: EPSV\nS: 425 *port*\nC: PASV\nS: 425 *port*\nC: NLST\nS: 425 *\nC: NOOP\nS: 200 *");
        await otherAddress.PlayAsync("C: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nD<\nS: 226 *");
        await second.PlayAsync("C: NLST\nS: 150 *\nD<\nS: 226 *");
        await third.PlayAsync("C: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nD<\nS: 226 *");
    }

    [Theory]
    [InlineData("C: EPSV\nS: 229 *")]
    [InlineData("C: ABOR\nS: 226 *")]
    [InlineData("C: EPRT {EPRT}\nS: 200 *")]
    [InlineData("C: NLST\nS: 150 *\nC: ABOR\nS: 426 *\nS: 226 *")]
    [InlineData("C: REIN\nS: 220 *")]
    [InlineData("C: QUIT\nS: 221 *\nS: (end)")]
    public async Task A_port_that_is_no_longer_needed_is_released(string ending)
    {
        await using TestServer server = CreateServer(FreePorts.FindRange(1));
        await using Conversation other = await server.LogInAsync();
        await using (Conversation client = await server.LogInAsync())
        {
            client.ConnectsLate = true;
            await client.PlayAsync("C: EPSV\nS: 229 *");
            await other.PlayAsync("C: EPSV\nS: 425 *");
            await client.PlayAsync(ending);
        }

        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        await other.PlayAsync("C: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nD<\nS: 226 *");
    }

    [Fact]
    public async Task A_connection_without_a_reservation_is_closed_at_once()
    {
        FtpPassivePorts range = FreePorts.FindRange(1);
        await using TestServer server = CreateServer(range);
        await server.WriteAsync("/a", "secret");
        await using Conversation client = await server.LogInAsync();
        client.ConnectsLate = true;
        var target = new IPEndPoint(IPAddress.Loopback, GetPort(await client.SendAndReadReplyAsync("EPSV"), client));
        using var other = DataPeer.CreateConnecting(target, null, IPAddress.Parse("127.0.0.2"));
        Assert.Empty(await other.ReadToEndAsync());
        await client.PlayAsync("C: RETR a\nS: 150 *\nD< secret\nS: 226 *");

        // Without a reservation, a connection of the same client is closed, too.
        using var early = DataPeer.CreateConnecting(target, null);
        Assert.Empty(await early.ReadToEndAsync());
    }

    [Theory, OnEveryWire]
    public async Task An_early_connection_does_not_serve_a_later_transfer(Wire wire)
    {
        await using TestServer server = CreateServer(FreePorts.FindRange(1), wire);
        await server.WriteAsync("/a", "secret");
        await using Conversation client = await server.LogInAsync();
        client.ConnectsLate = true;
        IPEndPoint target = DataPeer.ParseTarget((await client.SendAndReadReplyAsync("EPSV"))[0], client.Server)!;
        using var early = DataPeer.CreateConnecting(target, null);
        await early.ConnectAsync();
        await client.PlayAsync("C: EPSV\nS: 229 *");
        await early.ReadUntilClosedAsync();
        await client.PlayAsync("C: RETR a\nS: 150 *\nD< secret\nS: 226 *");
    }

    [Fact]
    public async Task Ports_of_other_programs_are_skipped()
    {
        FtpPassivePorts range = FreePorts.FindRange(3);
        using Socket first = OpenListener(range.First), second = OpenListener(range.First + 1);
        await using TestServer server = CreateServer(range);
        await using Conversation client = await server.LogInAsync();
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(range.Last, GetPort(await client.SendAndReadReplyAsync("EPSV"), client));
        }

        await client.PlayAsync("C: NLST\nS: 150 *\nD<\nS: 226 *");
    }

    [Fact]
    public async Task A_range_without_a_free_port_returns_425_and_the_session_continues()
    {
        FtpPassivePorts range = FreePorts.FindRange(1);
        using Socket taken = OpenListener(range.First);
        await using TestServer server = CreateServer(range);
        await server.PlayAsync("C: EPSV\nS: 425 *port*\nC: EPRT {EPRT}\nS: 200 *\nC: NLST\nS: 150 *\nD<\nS: 226 *");
    }

    [Fact]
    public async Task A_client_that_never_connects_receives_425_and_its_port_is_released()
    {
        await using TestServer server =
            CreateServer(FreePorts.FindRange(1), configure: options => options with { DataConnectionTimeout = TimeSpan.FromSeconds(1) });
        await using Conversation client = await server.LogInAsync(), other = await server.LogInAsync();
        await client.PlayAsync("D: late\nC: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nS: 425 Can't open data connection: timed out after 1 s.");
        await other.PlayAsync("C: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nD<\nS: 226 *");
    }

    [Fact]
    public async Task Old_reservations_are_released_and_unused_ports_are_closed()
    {
        FtpPassivePorts range = FreePorts.FindRange(1);
        await using var server =
            new FtpServer(
            new FtpServerOptions { Store = new MemoryFileStore(), Authenticator = new AnonymousAuthenticator(Permissions.ReadOnly),
            PassivePorts = range });
        using DataConnector first = new(server, IPAddress.Loopback, IPAddress.Loopback), second =
            new(server, IPAddress.Loopback, IPAddress.Loopback);
        first.Listen();
        Assert.Throws<SocketException>(second.Listen);
        first.CloseIdleListener(before: 0);
        Assert.True(first.IsReady);

        first.CloseIdleListener(before: long.MaxValue);
        Assert.False(first.IsReady);
        second.Listen();
        server.PassivePorts!.CloseIdle(before: long.MaxValue); // second has a reservation
        Assert.Throws<SocketException>(() => OpenListener(range.First));
        second.CancelPreparedConnection();
        server.PassivePorts!.CloseIdle(before: long.MaxValue);
        using Socket free = OpenListener(range.First);
    }

    [Fact]
    public async Task A_client_that_repeats_Epsv_does_not_open_every_port()
    {
        FtpPassivePorts range = FreePorts.FindRange(1500);
        await using TestServer server = CreateServer(range);
        await using Conversation client = await server.LogInAsync();
        client.ConnectsLate = true;
        for (int i = 0; i < 3000; i++)
        {
            await client.PlayAsync("C: EPSV\nS: 229 *");
        }

        int open = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners()
            .Count(endPoint => range.First <= endPoint.Port && endPoint.Port <= range.Last);
        Assert.InRange(open, 1, 300);
        await client.PlayAsync("C: NLST\nS: 150 *\nD<\nS: 226 *");
    }

    [Fact]
    public async Task Stopping_closes_the_ports()
    {
        FtpPassivePorts range = FreePorts.FindRange(1);
        await using TestServer server = CreateServer(range);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("D: late\nC: EPSV\nS: 229 *");
        await server.StopImmediatelyAsync();
        using Socket free = OpenListener(range.First);
    }

    [Theory]
    [InlineData(1023, 2000, null)]
    [InlineData(2001, 2000, null)]
    [InlineData(2000, 65536, null)]
    [InlineData(2000, 2001, 65535)]
    [InlineData(2000, 2001, 0)]
    public void Invalid_ranges_are_rejected_at_the_start(int first, int last, int? external) =>
        Assert.ThrowsAny<ArgumentException>(() => CreateServer(new FtpPassivePorts(first, last) { ExternalFirst = external }));

    [Fact]
    public void A_range_that_contains_the_servers_own_port_is_rejected_at_the_start() =>
        Assert.Throws<ArgumentException>(
            () => CreateServer(
            new FtpPassivePorts(2000, 2002), configure: options => options with { EndPoint = new IPEndPoint(IPAddress.Loopback, 2001) }));

    private static TestServer CreateServer(
        FtpPassivePorts range, Wire wire = Wire.IPv4, Func<FtpServerOptions, FtpServerOptions>? configure = null) =>
        new(wire, configure: options => configure is null ? options with { PassivePorts = range }
            : configure(options with { PassivePorts = range }));

    private static int GetPort(string[] reply, Conversation client) =>
        (DataPeer.ParseTarget(reply[0], client.Server) ?? throw client.CreateFailure("229 was expected.")).Port;

    private static Socket OpenListener(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        socket.Listen(1);
        return socket;
    }
}
