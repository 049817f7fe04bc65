using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Serving;

/// <summary>Tests of <c>fts server</c> behind a firewall, a router or a load balancer.</summary>
public sealed class ReachabilityTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Passive_ports_and_addresses_are_shown_and_used()
    {
        // These ports are not ephemeral. The server skips ports that are in use.
        int first = Random.Shared.Next(15_000, 32_000);
        await using RunningServer server = await RunningServer.StartAsync(
            "1", "--passive-ports", $"{first}-{first + 9}=60000-60009", "--passive-address", "203.0.113.5", "--passive-address",
            "127.0.0.2=203.0.113.6");
        Assert.Contains(
            $"  passive   ports {first}-{first + 9}, announced as 60000-60009, 203.0.113.5 for other clients, 203.0.113.6 for 127.0.0.2/32\n", server.Program.Messages, StringComparison.Ordinal);
        _folder.Write("a.txt", "content");
        Assert.Equal(0, (await server.RunClientAsync(_folder, "put a.txt")).Code);
        Assert.Equal("content", server.Folder.Read("a.txt"));
        await server.Program.WaitForOutputAsync("(|||");
        string told = server.Program.Messages.Split("(|||")[1].Split('|')[0];
        Assert.InRange(int.Parse(told, CultureInfo.InvariantCulture), first, first + 9); // the client is local
    }

    [Theory]
    [InlineData("network/24", "any port, from the client's /24 (IPv6: /64)")]
    [InlineData("network/16,48", "any port, from the client's /16 (IPv6: /48)")]
    [InlineData("any", "any port, from any address")]
    public async Task Data_connections_from_another_address_are_served_if_they_are_allowed(string peers, string shown)
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--data-peers", peers);
        Assert.Contains($"  passive   {shown}\n", server.Program.Messages, StringComparison.Ordinal);
        server.Folder.Write("a.txt", "content");
        using var control = new TcpClient();
        await control.ConnectAsync(IPAddress.Loopback, server.Port, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(control.GetStream());
        await control.GetStream()
            .WriteAsync("USER anonymous\r\nPASS x\r\nEPSV\r\nRETR a.txt\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        string? line;
        do
        {
            line = await reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask()
                .WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
        }
        while (line is not null && !line.StartsWith("229 ", StringComparison.Ordinal));

        using var data = new TcpClient(new IPEndPoint(IPAddress.Parse("127.0.0.9"), 0));
        await data.ConnectAsync(
            IPAddress.Loopback, int.Parse(line!.Split('|')[3], CultureInfo.InvariantCulture), TestContext.Current.CancellationToken);
        using var content = new StreamReader(data.GetStream());
        Assert.Equal("content", await content.ReadToEndAsync(TestContext.Current.CancellationToken)
            .WaitAsync(Deadline.Default, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Behind_a_load_balancer_on_this_machine_every_login_needs_the_password()
    {
        await using RunningServer server =
            await RunningServer.StartAsync("0", "--proxy-protocol-from", "127.0.0.1", "--proxy-protocol-from", "::1");
        Assert.Contains("  proxies   127.0.0.1/32, ::1/128, with a PROXY header\n", server.Program.Messages, StringComparison.Ordinal);
        Assert.DoesNotContain("anonymous", server.Program.Messages, StringComparison.Ordinal);
        Assert.Contains("  password  ", server.Program.Messages, StringComparison.Ordinal);

        using var balancer = new TcpClient();
        await balancer.ConnectAsync(IPAddress.Loopback, server.Port, TestContext.Current.CancellationToken);
        await balancer.GetStream()
            .WriteAsync(Encoding.ASCII.GetBytes("PROXY TCP4 192.0.2.7 192.0.2.1 4711 21\r\nUSER anonymous\r\nPASS x\r\nQUIT\r\n"),
            TestContext.Current.CancellationToken);
        using var reader = new StreamReader(balancer.GetStream());
        string all = await reader.ReadToEndAsync(TestContext.Current.CancellationToken)
            .WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
        Assert.Contains("\n530 ", all, StringComparison.Ordinal);
        await server.Program.WaitForOutputAsync("connected from 192.0.2.7:4711"); // log lines follow a moment later
    }
}
