using System.Net;
using Fts.Server.Access;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Access;

/// <summary>The session limits per block of addresses, and the file descriptors reserved for data connections.</summary>
public sealed class AdmissionTests
{
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7", true)]
    [InlineData("192.0.2.7", "192.0.2.8", false)]
    [InlineData("192.0.2.7", "::ffff:192.0.2.7", true)]
    [InlineData("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    [InlineData("0.0.0.1", "::1", false)]
    public void A_block_is_an_IPv4_address_or_the_upper_half_of_an_IPv6_address(string one, string other, bool isSame) =>
        Assert.Equal(isSame, AddressBlock.FromAddress(IPAddress.Parse(one)) == AddressBlock.FromAddress(IPAddress.Parse(other)));

    [Fact]
    public async Task By_default_100_sessions_of_one_IPv6_network_are_accepted_and_the_next_is_rejected()
    {
        await using TestServer server =
            new(Wire.IPv6, configure: options => options with
            {
                ProxyProtocolNetworks = [IPNetwork.Parse("::1/128")],
                MaxConnectionsPerSecondPerAddress = 0,
            });
        var clients = new List<Conversation>();
        for (int i = 1; i <= 100; i++)
        {
            Conversation client = await server.ConnectAsync(header: ProxyHeaders.Create($"2001:db8::{i:x}", "2001:db8:ffff::1"));
            await client.PlayAsync("S: 220 *"); // the sessions do not log in
            clients.Add(client);
        }

        await using Conversation next = await server.ConnectAsync(header: ProxyHeaders.Create("2001:db8::ffff", "2001:db8:ffff::1"));
        await next.PlayAsync("S: 421 *\nS: (end)");
        await using Conversation neighbour = await server.ConnectAsync(header: ProxyHeaders.Create("2001:db8:0:1::1", "2001:db8:ffff::1"));
        await neighbour.PlayAsync("S: 220 *");
        await clients[0].PlayAsync("C: QUIT\nS: 221 *\nS: (end)");
        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        await using Conversation later = await server.ConnectAsync(header: ProxyHeaders.Create("2001:db8::ffff", "2001:db8:ffff::1"));
        await later.PlayAsync("S: 220 *");
        foreach (Conversation client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Loopback_has_no_limit_of_its_own()
    {
        await using TestServer server = new(Wire.IPv4, configure: options => options with { MaxSessionsPerAddress = 1 });
        await using Conversation first = await server.LogInAsync(), second = await server.LogInAsync();
    }

    [Theory]
    [InlineData(767, false)]
    [InlineData(768, true)]
    [InlineData(1023, true)]
    public void The_last_quarter_of_the_descriptors_is_reserved(int descriptor, bool isReserved) =>
        Assert.Equal(isReserved, new DescriptorReserve(1024).IsReserved(descriptor));

    [Fact]
    public void Without_a_limit_nothing_is_reserved() => Assert.False(new DescriptorReserve(null).IsReserved(int.MaxValue));
}
