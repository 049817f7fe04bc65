using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Server.Data;
using Fts.Server.Tests.Support;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Data.Passive;

/// <summary>A range of passive ports: chosen at random, shared by peers of different addresses, given back.</summary>
public sealed class PassivePortsTests
{
    [Theory, OnEveryWire]
    public async Task Every_data_connection_is_met_on_a_port_of_the_range(Wire wire)
    {
        FtpPassivePorts range = FreePorts.FindRange(5);
        await using TestServer server = With(range, wire);
        await using Conversation talk = await server.LogInAsync();
        for (int i = 0; i < 12; i++)
        {
            Assert.InRange(PortIn(await talk.SendAndReadReplyAsync("EPSV"), talk), range.First, range.Last);
            await talk.PlayAsync($"C: STOR a\nS: 150 *\nD> content {i}\nS: 226 *");
            Assert.Equal($"content {i}", await server.ReadAsync("/a"));
        }
    }

    [Theory, OnEveryWire]
    public async Task A_client_that_connects_only_after_150_is_served(Wire wire)
    {
        await using TestServer server = With(FreePorts.FindRange(2), wire);
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
    public async Task No_port_tells_of_the_next()
    {
        FtpPassivePorts range = FreePorts.FindRange(1000);
        await using TestServer server = With(range);
        await using Conversation talk = await server.LogInAsync();
        int[] ports = new int[10];
        for (int i = 0; i < ports.Length; i++)
        {
            ports[i] = PortIn(await talk.SendAndReadReplyAsync("EPSV"), talk);
        }

        int[] steps = [.. ports.Zip(ports.Skip(1), (one, next) => next - one)];
        Assert.True(steps.Distinct().Count() > 4, string.Join(' ', ports));
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task Peers_of_different_addresses_share_the_ports_and_never_meet_each_other(Wire wire)
    {
        // Only 127.0.0.0/8 has many addresses of one machine; over IPv6 a balancer tells of them.
        const int Peers = 9;
        FtpPassivePorts range = FreePorts.FindRange(2);
        await using TestServer server = With(range, wire, wire.IsIPv4() ? null : options => options with { ProxyProtocolNetworks = [new IPNetwork(IPAddress.IPv6Loopback, 128)] });
        var talks = new List<Conversation>();
        for (int i = 0; i < Peers; i++)
        {
            Conversation talk = wire.IsIPv4() ? await server.LogInAsync(IPAddress.Parse($"127.0.1.{i + 1}")) : await server.LogInAsync(header: ProxyHeaders.Create($"2001:db8::{i + 1}", "2001:db8::f"));
            talk.ConnectsLate = true;
            talks.Add(talk);
            Assert.InRange(PortIn(await talk.SendAndReadReplyAsync("EPSV"), talk), range.First, range.Last);
        }

        for (int i = Peers - 1; i >= 0; i--)
        {
            await talks[i].PlayAsync($"C: STOR {i}\nS: 150 *");
        }

        for (int i = 0; i < Peers; i++)
        {
            await talks[i].PlayAsync($"D> content of {i}\nS: 226 *");
            Assert.Equal($"content of {i}", await server.ReadAsync($"/{i}"));
            await talks[i].DisposeAsync();
        }
    }

    [Fact]
    public async Task One_address_gets_as_many_as_there_are_ports_and_then_425_until_one_is_free()
    {
        await using TestServer server = With(FreePorts.FindRange(2));
        await using Conversation first = await server.LogInAsync(), second = await server.LogInAsync(), third = await server.LogInAsync();
        await using Conversation stranger = await server.LogInAsync(IPAddress.Parse("127.0.0.2"));
        first.ConnectsLate = second.ConnectsLate = true;
        await first.PlayAsync("C: EPSV\nS: 229 *");
        await second.PlayAsync("C: EPSV\nS: 229 *");
        await third.PlayAsync("C: EPSV\nS: 425 *port*\nC: PASV\nS: 425 *port*\nC: NLST\nS: 425 *\nC: NOOP\nS: 200 *");
        await stranger.PlayAsync("C: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nD<\nS: 226 *");
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
    public async Task A_port_that_is_not_needed_any_more_is_free_again(string ending)
    {
        await using TestServer server = With(FreePorts.FindRange(1));
        await using Conversation other = await server.LogInAsync();
        await using (Conversation talk = await server.LogInAsync())
        {
            talk.ConnectsLate = true;
            await talk.PlayAsync("C: EPSV\nS: 229 *");
            await other.PlayAsync("C: EPSV\nS: 425 *");
            await talk.PlayAsync(ending);
        }

        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        await other.PlayAsync("C: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nD<\nS: 226 *");
    }

    [Fact]
    public async Task Whoever_is_not_waited_for_is_turned_away_at_once()
    {
        FtpPassivePorts range = FreePorts.FindRange(1);
        await using TestServer server = With(range);
        await server.WriteAsync("/a", "secret");
        await using Conversation talk = await server.LogInAsync();
        talk.ConnectsLate = true;
        var target = new IPEndPoint(IPAddress.Loopback, PortIn(await talk.SendAndReadReplyAsync("EPSV"), talk));
        using var thief = DataPeer.CreateConnecting(target, null, IPAddress.Parse("127.0.0.2"));
        Assert.Empty(await thief.ReadToEndAsync());
        await talk.PlayAsync("C: RETR a\nS: 150 *\nD< secret\nS: 226 *");

        // Nobody waits at all: not even the same peer gets in line.
        using var early = DataPeer.CreateConnecting(target, null);
        Assert.Empty(await early.ReadToEndAsync());
    }

    [Theory, OnEveryWire]
    public async Task Nobody_gets_in_line_for_a_later_transfer(Wire wire)
    {
        await using TestServer server = With(FreePorts.FindRange(1), wire);
        await server.WriteAsync("/a", "secret");
        await using Conversation talk = await server.LogInAsync();
        talk.ConnectsLate = true;
        IPEndPoint target = DataPeer.ParseTarget((await talk.SendAndReadReplyAsync("EPSV"))[0], talk.Server)!;
        using var early = DataPeer.CreateConnecting(target, null);
        await early.ConnectAsync();
        await talk.PlayAsync("C: EPSV\nS: 229 *");
        await early.ReadToAnyEndAsync();
        await talk.PlayAsync("C: RETR a\nS: 150 *\nD< secret\nS: 226 *");
    }

    [Fact]
    public async Task Ports_of_other_programs_are_passed_over()
    {
        FtpPassivePorts range = FreePorts.FindRange(3);
        using Socket first = Taken(range.First), second = Taken(range.First + 1);
        await using TestServer server = With(range);
        await using Conversation talk = await server.LogInAsync();
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(range.Last, PortIn(await talk.SendAndReadReplyAsync("EPSV"), talk));
        }

        await talk.PlayAsync("C: NLST\nS: 150 *\nD<\nS: 226 *");
    }

    [Fact]
    public async Task A_range_that_is_all_taken_answers_425_and_the_session_lives()
    {
        FtpPassivePorts range = FreePorts.FindRange(1);
        using Socket taken = Taken(range.First);
        await using TestServer server = With(range);
        await server.PlayAsync("C: EPSV\nS: 425 *port*\nC: EPRT {EPRT}\nS: 200 *\nC: NLST\nS: 150 *\nD<\nS: 226 *");
    }

    [Fact]
    public async Task A_client_that_never_connects_is_told_so_and_its_port_is_free_again()
    {
        await using TestServer server = With(FreePorts.FindRange(1), with: options => options with { DataConnectionTimeout = TimeSpan.FromSeconds(1) });
        await using Conversation talk = await server.LogInAsync(), other = await server.LogInAsync();
        await talk.PlayAsync("D: late\nC: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nS: 425 Can't open data connection: timed out after 1 s.");
        await other.PlayAsync("C: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nD<\nS: 226 *");
    }

    [Fact]
    public async Task What_was_reserved_long_ago_is_given_back_and_ports_nobody_waits_on_are_closed()
    {
        FtpPassivePorts range = FreePorts.FindRange(1);
        await using var server = new FtpServer(new FtpServerOptions { Store = new MemoryFileStore(), Authenticator = new AnonymousAuthenticator(Permissions.ReadOnly), PassivePorts = range });
        using DataConnector first = new(server, IPAddress.Loopback, IPAddress.Loopback), second = new(server, IPAddress.Loopback, IPAddress.Loopback);
        first.Listen();
        Assert.Throws<SocketException>(second.Listen);
        first.CloseIdleListener(before: 0);
        Assert.True(first.IsReady);

        first.CloseIdleListener(before: long.MaxValue);
        Assert.False(first.IsReady);
        second.Listen();
        server.PassivePorts!.CloseIdle(before: long.MaxValue); // second waits there
        Assert.Throws<SocketException>(() => Taken(range.First));
        second.CancelPreparedConnection();
        server.PassivePorts!.CloseIdle(before: long.MaxValue);
        using Socket free = Taken(range.First);
    }

    [Fact]
    public async Task A_client_that_asks_without_end_does_not_make_the_server_listen_everywhere()
    {
        FtpPassivePorts range = FreePorts.FindRange(1500);
        await using TestServer server = With(range);
        await using Conversation talk = await server.LogInAsync();
        talk.ConnectsLate = true;
        for (int i = 0; i < 3000; i++)
        {
            await talk.PlayAsync("C: EPSV\nS: 229 *");
        }

        int open = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Count(endPoint => range.First <= endPoint.Port && endPoint.Port <= range.Last);
        Assert.InRange(open, 1, 300);
        await talk.PlayAsync("C: NLST\nS: 150 *\nD<\nS: 226 *");
    }

    [Fact]
    public async Task Stopping_closes_the_ports()
    {
        FtpPassivePorts range = FreePorts.FindRange(1);
        await using TestServer server = With(range);
        await using Conversation talk = await server.LogInAsync();
        await talk.PlayAsync("D: late\nC: EPSV\nS: 229 *");
        await server.StopImmediatelyAsync();
        using Socket free = Taken(range.First);
    }

    [Theory]
    [InlineData(1023, 2000, null)]
    [InlineData(2001, 2000, null)]
    [InlineData(2000, 65536, null)]
    [InlineData(2000, 2001, 65535)]
    [InlineData(2000, 2001, 0)]
    public void Ranges_that_cannot_be_are_refused_at_the_start(int first, int last, int? external) =>
        Assert.ThrowsAny<ArgumentException>(() => With(new FtpPassivePorts(first, last) { ExternalFirst = external }));

    [Fact]
    public void A_range_that_holds_the_servers_own_port_is_refused_at_the_start() =>
        Assert.Throws<ArgumentException>(() => With(new FtpPassivePorts(2000, 2002), with: options => options with { EndPoint = new IPEndPoint(IPAddress.Loopback, 2001) }));

    private static TestServer With(FtpPassivePorts range, Wire wire = Wire.IPv4, Func<FtpServerOptions, FtpServerOptions>? with = null) =>
        new(wire, with: options => with is null ? options with { PassivePorts = range } : with(options with { PassivePorts = range }));

    private static int PortIn(string[] reply, Conversation talk) => (DataPeer.ParseTarget(reply[0], talk.Server) ?? throw talk.CreateFailure("229 was expected.")).Port;

    private static Socket Taken(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        socket.Listen(1);
        return socket;
    }
}
