using System.Net;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.ProxyProtocol;

/// <summary>PROXY headers on control connections: accepted from load balancers, and rejected from all other addresses.</summary>
public sealed class ProxyProtocolTests
{
    [Theory, OnEveryWire]
    public async Task The_client_address_is_taken_from_the_header(Wire wire)
    {
        await using TestServer server = CreateServer(wire);
        await server.WriteAsync("/a", "content");
        (string client, string balancer) = wire.IsIPv4() ? ("192.0.2.7", "198.51.100.1") : ("2001:db8::7", "2001:db8::1");
        (IPEndPoint source, IPEndPoint destination) = (new(IPAddress.Parse(client), 4711), new(IPAddress.Parse(balancer), 21));
        foreach (byte[] header in (byte[][])[ProxyHeaders.Text(source, destination), ProxyHeaders.Binary(source, destination),
            ProxyHeaders.Binary(source, destination, extraBytes: 1000)])
        {
            await using Conversation session = await server.LogInAsync(header: header);
            await session.PlayAsync($"""
                C: STAT
                S: 211-Status:
                S:  Connected from {client}
                S: ...
                S: 211 End.
                C: EPSV
                S: 229 *
                C: RETR a
                S: 150 *
                D< content
                S: 226 *
                C: EPSV
                S: 229 *
                C: STOR b
                S: 150 *
                D> other content
                S: 226 *
                """);
            Assert.Equal("other content", await server.ReadAsync("/b"));
        }

        Assert.Equal(3, server.Log.Texts.Count(text => text.Contains($"connected from {source}", StringComparison.Ordinal)));
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task A_load_balancers_own_connection_has_its_own_address(Wire wire)
    {
        await using TestServer server = CreateServer(wire);
        foreach (byte[] header in (
            byte[][])[ProxyHeaders.HealthCheck, [.. "PROXY UNKNOWN\r\n"u8], [.. "PROXY UNKNOWN 192.0.2.7 192.0.2.1 1 2\r\n"u8]])
        {
            await using Conversation session = await server.LogInAsync(header: header);
            await session.PlayAsync($"""
                C: STAT
                S: 211-Status:
                S:  Connected from {wire.Loopback()}
                S: ...
                S: 211 End.
                C: EPSV
                S: 229 *
                C: NLST
                S: 150 *
                D<
                S: 226 *
                """);
        }
    }

    [Fact]
    public async Task From_another_address_a_header_is_an_unknown_command()
    {
        await using var server =
            new TestServer(Wire.IPv4, configure: options => options with { ProxyProtocolNetworks = [IPNetwork.Parse("127.0.0.9/32")] });
        await using Conversation session = await server.ConnectAsync(header: ProxyHeaders.Create("192.0.2.7"));
        await session.PlayAsync("""
            S: 220 *
            S: 500 *
            C: PROXY TCP4 192.0.2.7 198.51.100.1 4711 21
            S: 500 *
            C: STAT
            S: 211-Status:
            S:  Connected from 127.0.0.1
            S: ...
            S: 211 End.
            """);
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task A_second_header_is_an_unknown_command(Wire wire)
    {
        await using TestServer server = CreateServer(wire);
        await using Conversation session = await server.LogInAsync(header: ProxyHeaders.Create("192.0.2.7"));
        await session.PlayAsync("C: PROXY TCP4 192.0.2.8 198.51.100.1 4711 21\nS: 500 *\nC: NOOP\nS: 200 *");
    }

    [Fact]
    public async Task A_header_may_arrive_in_parts_with_commands_directly_after_it()
    {
        await using TestServer server = CreateServer(Wire.IPv4);
        (IPEndPoint client, IPEndPoint to) = (IPEndPoint.Parse("192.0.2.7:1"), IPEndPoint.Parse("192.0.2.1:21"));
        foreach (byte[] header in (byte[][])[ProxyHeaders.Text(client, to), ProxyHeaders.Binary(client, to, extraBytes: 20)])
        {
            await using Conversation session = await server.ConnectAsync();
            foreach (byte one in header[..^1])
            {
                await session.SendAsync(new[] { one });
            }

            byte[] rest = [header[^1], .. "USER anonymous\r\n"u8];
            await session.SendAsync(rest);
            await session.PlayAsync("S: 220 *\nS: 331 *\nC: PASS x\nS: 230 *");
        }
    }

    [Theory]
    [InlineData("USER anonymous\\r\\n")]
    [InlineData("PROXY TCP4 192.0.2.7 198.51.100.1 4711\\r\\n")]
    [InlineData("PROXY TCP4 192.0.2.7 198.51.100.1 4711 21\\n")]
    [InlineData("\\r\\n\\r\\n\\0\\r\\nQUIT\\n\\x11\\x11\\0\\0")]
    [InlineData("\\r\\n\\r\\n\\0\\r\\nQUIT\\n\\x21\\x11\\xff\\xff")]
    [InlineData("\\x16\\x03\\x01\\x02\\0\\x01\\0")]
    public async Task A_load_balancers_connection_without_a_header_is_closed_without_a_reply(string instead)
    {
        await using TestServer server = CreateServer(Wire.IPv4);
        await using Conversation session = await server.ConnectAsync(header: Script.Bytes(instead));
        await WaitForCloseAsync(session);
        Assert.Equal(0, server.SessionCount);
        await using Conversation next = await server.LogInAsync(header: ProxyHeaders.Create("192.0.2.7"));
    }

    [Fact]
    public async Task A_missing_or_incomplete_header_times_out()
    {
        await using TestServer server =
            CreateServer(Wire.IPv4, options => options with { ProxyHeaderTimeout = TimeSpan.FromMilliseconds(50) });
        foreach (byte[] start in (byte[][])[[], [.. "PROXY TCP4 192."u8]])
        {
            await using Conversation session = await server.ConnectAsync(header: start);
            await WaitForCloseAsync(session);
        }
    }

    [Fact]
    public async Task The_number_of_pending_headers_is_limited_by_MaxSessions()
    {
        await using TestServer server =
            CreateServer(Wire.IPv4, options => options with { MaxSessions = 2, ProxyHeaderTimeout = TimeSpan.FromMinutes(5) });
        await using Conversation first = await server.ConnectAsync(), second = await server.ConnectAsync(), third =
            await server.ConnectAsync();
        await WaitForCloseAsync(third);
        await first.SendAsync(ProxyHeaders.Create("192.0.2.7"));
        await first.PlayAsync("S: 220 *");
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_a_header()
    {
        await using TestServer server = CreateServer(Wire.IPv4, options => options with { ProxyHeaderTimeout = TimeSpan.FromMinutes(5) });
        await using Conversation session = await server.ConnectAsync();
        // the connection before is accepted, too
        await using Conversation other = await server.LogInAsync(header: ProxyHeaders.Create("192.0.2.7"));
        await server.StopImmediatelyAsync().WithDeadline();
        await WaitForCloseAsync(session);
    }

    [Fact]
    public async Task Sessions_are_counted_by_the_clients_address()
    {
        await using TestServer server = CreateServer(
            Wire.IPv4, options => options with { MaxSessionsPerAddress = 1, ProxyProtocolNetworks = [IPNetwork.Parse("127.0.0.0/30")] });
        await using Conversation first = await server.LogInAsync(header: ProxyHeaders.Create("192.0.2.7"));
        await using Conversation other = await server.LogInAsync(header: ProxyHeaders.Create("192.0.2.8"));
        foreach (string balancer in (string[])["127.0.0.1", "127.0.0.2"])
        {
            await using Conversation again = await server.ConnectAsync(IPAddress.Parse(balancer), ProxyHeaders.Create("192.0.2.7"));
            await again.PlayAsync("S: 421 *\nS: (end)");
        }

        await first.PlayAsync("C: QUIT\nS: 221 *\nS: (end)");
        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        await using Conversation later = await server.LogInAsync(header: ProxyHeaders.Create("192.0.2.7"));
    }

    [Fact]
    public async Task Simultaneous_connections_of_one_address_do_not_exceed_its_limit()
    {
        await using TestServer server = CreateServer(Wire.IPv4, options => options with { MaxSessionsPerAddress = 3 });
        Conversation[] all = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => server.ConnectAsync()));
        await Task.WhenAll(all.Select(session => session.SendAsync(ProxyHeaders.Create("192.0.2.7"))));
        string?[] greetings = await Task.WhenAll(all.Select(session => session.ReadLineAsync()));
        Assert.Equal(3, greetings.Count(line => line!.StartsWith("220 ", StringComparison.Ordinal)));
        foreach (Conversation session in all)
        {
            await session.DisposeAsync();
        }
    }

    [Fact]
    public void A_network_of_all_addresses_is_rejected_as_load_balancer() => Assert.ThrowsAny<ArgumentException>(
        () => CreateServer(Wire.IPv4, options => options with { ProxyProtocolNetworks = [IPNetwork.Parse("0.0.0.0/0")] }));

    internal static TestServer CreateServer(Wire wire, Func<FtpServerOptions, FtpServerOptions>? configure = null) =>
        new(wire, configure: options =>
    {
        FtpServerOptions behind = options with { ProxyProtocolNetworks = [new IPNetwork(wire.Loopback(), wire.IsIPv4() ? 32 : 128)] };
        return configure is null ? behind : configure(behind);
    });

    /// <summary>Waits until the connection is closed or reset. It is reset if the server closes it with unread input.</summary>
    private static async Task WaitForCloseAsync(Conversation session)
    {
        try
        {
            Assert.Null(await session.ReadLineAsync());
        }
        catch (IOException)
        {
        }
    }
}
