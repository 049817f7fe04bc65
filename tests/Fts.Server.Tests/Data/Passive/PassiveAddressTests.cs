using System.Net;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Server.Data.Passive;
using Fts.Server.ProxyProtocol;
using Fts.Server.Tests.Support;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Data.Passive;

/// <summary>The addresses and ports in the replies to PASV and EPSV if a router translates addresses.</summary>
public sealed class PassiveAddressTests
{
    private static readonly FtpPassiveAddress[] Several =
    [
        new("203.0.113.5"),
        new("203.0.113.6") { Network = IPNetwork.Parse("10.0.0.0/8") },
        new("203.0.113.7") { Network = IPNetwork.Parse("10.1.0.0/16") },
    ];

    [Theory]
    [InlineData("192.0.2.7", "10.1.2.3", "203.0.113.5", 60001)] // a client beyond the router
    [InlineData("192.0.2.7", "198.51.100.1", "203.0.113.5", 60001)]
    [InlineData("192.168.1.7", "10.1.2.3", "203.0.113.5", 60001)] // a private address of another range
    [InlineData("172.17.0.1", "172.31.0.2", "172.31.0.2", 50001)] // the server's own range
    [InlineData("192.168.1.7", "192.168.200.1", "192.168.200.1", 50001)]
    [InlineData("127.0.0.1", "127.0.0.1", "127.0.0.1", 50001)]
    [InlineData("169.254.1.1", "169.254.1.2", "169.254.1.2", 50001)]
    [InlineData("10.2.0.7", "10.1.2.3", "203.0.113.6", 60001)] // configured, so the own network does not apply
    [InlineData("10.1.0.7", "10.1.2.3", "203.0.113.7", 60001)] // the smaller of two configured networks
    public void The_replies_contain_the_address_and_port_that_the_client_can_reach(string peer, string local, string address, int port)
    {
        var addresses =
            new PassiveAddresses(Options(Several) with { PassivePorts = new FtpPassivePorts(50000, 50009) { ExternalFirst = 60000 } });
        var endPoints = new ConnectionEndPoints(new IPEndPoint(IPAddress.Parse(local), 21), new IPEndPoint(IPAddress.Parse(peer), 4711));
        Assert.Equal((address, port), ($"{addresses.GetAddress(endPoints)}", addresses.GetPort(endPoints, 50001)));
    }

    [Fact]
    public async Task A_host_name_keeps_its_address_if_it_cannot_be_resolved_or_the_order_changes()
    {
        var endPoints = new ConnectionEndPoints(IPEndPoint.Parse("10.0.0.1:21"), IPEndPoint.Parse("192.0.2.7:4711"));
        string[]? answer = null;
        var addresses = new PassiveAddresses(Options(new FtpPassiveAddress("ftp.example.org")) with
        {
            ResolveNameAsync = (_, _) => answer is null ? throw new SocketException((int)SocketError.HostNotFound)
                : Task.FromResult(Array.ConvertAll(answer, IPAddress.Parse)),
        });
        Assert.False(await addresses.ResolveAsync(CancellationToken.None));
        Assert.Null(addresses.GetAddress(endPoints));
        foreach ((string[]? found, bool isFound, string expected) in ((string[]?, bool, string)[])
            [(["203.0.113.5", "203.0.113.6"], true, "203.0.113.5"), (["203.0.113.6", "203.0.113.5"], true, "203.0.113.5"),
                (null, false, "203.0.113.5"), ([], false, "203.0.113.5"), (["203.0.113.9"], true, "203.0.113.9")])
        {
            answer = found;
            Assert.Equal(isFound, await addresses.ResolveAsync(CancellationToken.None));
            Assert.Equal(expected, $"{addresses.GetAddress(endPoints)}");
        }
    }

    [Fact]
    public async Task Pasv_returns_the_external_address_and_port_and_Epsv_the_external_port()
    {
        FtpPassivePorts range = FreePorts.FindRange(1) with { ExternalFirst = 60000 };
        await using TestServer server = new(Wire.IPv4, configure: options => options with
        {
            PassivePorts = range,
            PassiveAddresses = [new FtpPassiveAddress("203.0.113.5") { Network = IPNetwork.Parse("127.0.0.2/32") }],
        });
        await using Conversation beyond = await server.LogInAsync(IPAddress.Parse("127.0.0.2")), local = await server.LogInAsync();
        await beyond.PlayAsync($"D: late\nC: PASV\nS: 227 *(203,0,113,5,{60000 >> 8},{60000 & 255})*\nC: EPSV\nS: 229 *(|||60000|)*");
        await local.PlayAsync(
            $"D: late\nC: PASV\nS: 227 *(127,0,0,1,{range.First >> 8},{range.First & 255})*\nC: EPSV\nS: 229 *(|||{range.First}|)*\nC: NLST\nS: 150 *\nD<\nS: 226 *");

        // The reply contains the external port, which the router forwards to the local one.
        await beyond.PlayAsync("C: NLST\nS: 150 *");
        using var client = DataPeer.CreateConnecting(new IPEndPoint(IPAddress.Loopback, range.First), null, IPAddress.Parse("127.0.0.2"));
        Assert.Empty(await client.ReadToEndAsync());
        await beyond.PlayAsync("S: 226 *");
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task Only_Pasv_fails_until_the_host_name_is_resolved(Wire wire)
    {
        var resolving = new TaskCompletionSource<IPAddress[]>();
        await using TestServer server = new(wire, configure: options => options with
        {
            PassiveAddresses = [new FtpPassiveAddress("ftp.example.org") { Network = IPNetwork.Parse("127.0.0.0/8") }],
            ResolveNameAsync = (_, cancellationToken) => resolving.Task.WaitAsync(cancellationToken),
        });
        await using Conversation session = await server.LogInAsync();
        await session.PlayAsync("C: PASV\nS: 425 *EPSV*\nC: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nD<\nS: 226 *");
        if (wire.IsIPv4())
        {
            // Now the name is resolved. The server uses the address after its next resolution, so PASV is repeated.
            resolving.SetResult([IPAddress.Loopback]);
            string reply;
            do
            {
                reply = (await session.SendAndReadReplyAsync("PASV"))[0];
            }
            while (reply.StartsWith("425", StringComparison.Ordinal) && !TestContext.Current.CancellationToken.IsCancellationRequested);
            Assert.StartsWith("227 Entering Passive Mode (127,0,0,1,", reply, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("::1")]
    [InlineData("10.0.1")]
    [InlineData("10.0.0.256")]
    [InlineData("1234")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("two words")]
    [InlineData("a..b")]
    public void An_address_that_Pasv_cannot_return_is_rejected_at_the_start(string host) =>
        Assert.ThrowsAny<ArgumentException>(() => new FtpServer(Options(new FtpPassiveAddress(host))));

    [Fact]
    public void Two_addresses_for_the_same_network_are_rejected_at_the_start()
    {
        Assert.Throws<ArgumentException>(() => new FtpServer(Options(new("203.0.113.5"), new FtpPassiveAddress("203.0.113.6"))));
        Assert.Throws<ArgumentException>(() => new FtpServer(Options(Several[1], Several[1] with { Host = "203.0.113.9" })));
    }

    private static FtpServerOptions Options(params FtpPassiveAddress[] addresses) =>
        new() { Store = new MemoryFileStore(), Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite),
            PassiveAddresses = addresses };
}
