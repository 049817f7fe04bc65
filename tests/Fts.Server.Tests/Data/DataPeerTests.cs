using System.Net;
using System.Net.NetworkInformation;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Data;

/// <summary>Data connections from another address than the control connection's (<see cref="FtpServerOptions.DataPeers"/>).</summary>
public sealed class DataPeerTests
{
    private static readonly IPAddress Near = IPAddress.Parse("127.0.0.9"), Far = IPAddress.Parse("127.0.9.1");

    public static TheoryData<bool> WithAndWithoutRange => [true, false];

    [Theory, MemberData(nameof(WithAndWithoutRange))]
    public async Task By_default_only_the_same_address_is_served(bool hasRange)
    {
        await using TestServer server = await StartAsync(FtpDataPeers.Same, hasRange);
        await using Conversation client = await LogInAsync(server);
        await AssertRejectsAsync(client, Near);
        await AssertAcceptsAsync(client, IPAddress.Loopback);
    }

    [Theory, MemberData(nameof(WithAndWithoutRange))]
    public async Task The_same_network_is_served_if_it_is_allowed(bool hasRange)
    {
        await using TestServer server = await StartAsync(FtpDataPeers.Network(24), hasRange);
        await using Conversation client = await LogInAsync(server);
        await AssertAcceptsAsync(client, Near);
        await AssertRejectsAsync(client, Far);
        await AssertAcceptsAsync(client, IPAddress.Loopback);
    }

    [Theory, MemberData(nameof(WithAndWithoutRange))]
    public async Task Every_address_is_served_if_that_is_allowed(bool hasRange)
    {
        await using TestServer server = await StartAsync(FtpDataPeers.Any, hasRange);
        await using Conversation client = await LogInAsync(server);
        await AssertAcceptsAsync(client, Far);
        await AssertAcceptsAsync(client, IPAddress.Loopback);
    }

    [Fact]
    public async Task Sessions_of_one_network_use_different_passive_ports()
    {
        await using TestServer server = await StartAsync(FtpDataPeers.Network(24), range: FreePorts.FindRange(2));
        await using Conversation first = await LogInAsync(server), second = await LogInAsync(server, Near), third =
            await LogInAsync(server);
        await using Conversation other = await LogInAsync(server, Far);
        IPEndPoint one = GetTarget(await first.SendAndReadReplyAsync("EPSV")), two = GetTarget(await second.SendAndReadReplyAsync("EPSV"));

        Assert.NotEqual(one.Port, two.Port);
        await third.PlayAsync("C: EPSV\nS: 425 *");
        await AssertAcceptsAsync(other, Far);
    }

    [Theory]
    [InlineData("same", false, false)]
    [InlineData("network", true, false)]
    [InlineData("any", true, false)]
    public async Task Port_accepts_only_the_allowed_addresses(string peers, bool near, bool loopbackOfAnother)
    {
        FtpDataPeers allowed = peers == "same" ? FtpDataPeers.Same : peers == "any" ? FtpDataPeers.Any : FtpDataPeers.Network(24);
        Assert.Equal(near, allowed.AcceptsTarget(IPAddress.Parse("192.0.2.9"), IPAddress.Parse("192.0.2.1")));
        Assert.Equal(peers == "any", allowed.AcceptsTarget(IPAddress.Parse("198.51.100.1"), IPAddress.Parse("192.0.2.1")));
        Assert.Equal(peers == "any", allowed.AcceptsTarget(IPAddress.Parse("2001:db8::1"), IPAddress.Parse("2001:db9::1")));
        Assert.Equal(near, allowed.AcceptsTarget(IPAddress.Parse("2001:db8::1"), IPAddress.Parse("2001:db8::2")));
        foreach (string target in (string[])["127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "169.254.1.1", "::1", "::", "fe80::1",
            "fec0::1", "ff02::1", "::ffff:127.0.0.2", "::ffff:0.0.0.0"])
        {
            Assert.Equal(loopbackOfAnother, allowed.AcceptsTarget(IPAddress.Parse(target), IPAddress.Parse("192.0.2.1")));
        }

        Assert.True(allowed.AcceptsTarget(IPAddress.Loopback, IPAddress.Loopback));
        Assert.True(allowed.AcceptsTarget(IPAddress.Parse("fe80::1"), IPAddress.Parse("fe80::1%1")));
    }

    [Fact]
    public void Port_rejects_the_addresses_of_this_machine()
    {
        IPAddress[] own = [.. NetworkInterface.GetAllNetworkInterfaces().SelectMany(one => one.GetIPProperties().UnicastAddresses)
            .Select(one => one.Address)];
        Assert.NotEmpty(own);
        Assert.All(own, address => Assert.False(FtpDataPeers.Any.AcceptsTarget(address, IPAddress.Parse("192.0.2.1"))));
    }

    [Fact]
    public async Task Port_to_another_address_requires_a_port_of_at_least_1024()
    {
        await using TestServer server = await StartAsync(FtpDataPeers.Any);
        await using Conversation client = await LogInAsync(server);
        await client.PlayAsync("""
            C: PORT 192,0,2,1,3,255
            S: 504 *not allowed (data.peer).
            C: PORT 127,0,0,2,200,200
            S: 504 *not allowed (data.peer).
            C: PORT 192,0,2,1,4,0
            S: 200 *
            """);
    }

    [Theory]
    [InlineData(7, 64)]
    [InlineData(33, 64)]
    [InlineData(24, 31)]
    [InlineData(24, 129)]
    public void An_invalid_prefix_length_is_rejected(int prefix, int prefix6) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => FtpDataPeers.Network(prefix, prefix6));

    private static async Task<TestServer> StartAsync(FtpDataPeers peers, bool hasRange = false, FtpPassivePorts? range = null)
    {
        var server = new TestServer(Wire.IPv4, configure: options => options with
        {
            // Every listener of this machine accepts connections to addresses of 127.0.0.0/8.
            EndPoint = new IPEndPoint(IPAddress.Any, 0), DataPeers = peers, PassivePorts = range
                ?? (hasRange ? FreePorts.FindRange(2) : null),
        });
        await server.WriteAsync("/a", "content");
        return server;
    }

    private static async Task<Conversation> LogInAsync(TestServer server, IPAddress? from = null)
    {
        Conversation client = await Conversation.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.EndPoint.Port), from, null);
        await client.PlayAsync("S: 220 *\nC: USER anonymous\nS: 331 *\nC: PASS x\nS: 230 *\nC: TYPE I\nS: 200 *");
        client.ConnectsLate = true;
        return client;
    }

    private static IPEndPoint GetTarget(string[] reply) => DataPeer.ParseTarget(reply[0], IPAddress.Loopback)!;

    private static async Task AssertAcceptsAsync(Conversation client, IPAddress from)
    {
        using var peer = DataPeer.CreateConnecting(GetTarget(await client.SendAndReadReplyAsync("EPSV")), null, from);
        await client.SendAsync("RETR a");
        Assert.Equal("content", System.Text.Encoding.ASCII.GetString(await peer.ReadToEndAsync()));
        await client.PlayAsync("S: 150 *\nS: 226 *");
    }

    /// <summary>Verifies that the server closes the connection without sending a byte, and that the session still waits for its own
    /// client.</summary>
    private static async Task AssertRejectsAsync(Conversation client, IPAddress from)
    {
        IPEndPoint target = GetTarget(await client.SendAndReadReplyAsync("EPSV"));
        await client.SendAsync("RETR a");
        using var other = DataPeer.CreateConnecting(target, null, from);
        Assert.Empty(await other.ReadToEndAsync());
        using var own = DataPeer.CreateConnecting(target, null);
        Assert.NotEmpty(await own.ReadToEndAsync());
        await client.PlayAsync("S: 150 *\nS: 226 *");
    }
}
