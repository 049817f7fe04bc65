using System.Net;
using System.Security.Authentication;
using Fts.Server.Data;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Sessions;

/// <summary>The list of sessions, and ending sessions from outside.</summary>
public sealed class SessionInfoTests
{
    [Theory, OnEveryWire]
    public async Task A_session_is_listed_with_its_account_client_and_encryption(Wire wire)
    {
        await using TestServer server = new(wire);
        Assert.Empty(server.Inner.GetSessions());
        await using Conversation client = await server.ConnectAsync();
        await client.PlayAsync("S: 220 *");
        FtpSessionInfo before = Assert.Single(server.Inner.GetSessions());
        Assert.Equal((1, null, null, null), (before.Id, before.Account, before.LastCommand, before.Transfer));
        await client.PlayAsync("C: USER anonymous\nS: 331 *\nC: PASS x\nS: 230 *");
        FtpSessionInfo after = Assert.Single(server.Inner.GetSessions());
        Assert.Equal((1, "anonymous", "PASS"), (after.Id, after.Account, after.LastCommand));
        Assert.Equal(wire.Loopback(), after.Client.Address);
        SslProtocols? expected = wire switch { Wire.Tls12 => SslProtocols.Tls12, Wire.Tls13 => SslProtocols.Tls13, _ => null };
        Assert.Equal(expected, after.Tls?.Protocol);
        Assert.Equal(before.Client, after.Client);
        await client.PlayAsync("C: QUIT\nS: 221 *\nS: (end)");
        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        Assert.Empty(server.Inner.GetSessions());
    }

    [Fact]
    public async Task The_client_of_a_load_balancer_is_listed()
    {
        await using TestServer server =
            new(Wire.IPv4, configure: options => options with { ProxyProtocolNetworks = [IPNetwork.Parse("127.0.0.1/32")] });
        await using Conversation client = await server.LogInAsync(header: ProxyHeaders.Create("192.0.2.7"));
        Assert.Equal(IPEndPoint.Parse("192.0.2.7:4711"), Assert.Single(server.Inner.GetSessions()).Client);
    }

    [Theory, OnEveryWire]
    public async Task A_running_upload_is_listed_with_its_path_and_bytes(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/in/", ""));
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("C: CWD in\nS: 250 *\nC: ALLO 10\nS: 20*");
        DataPeer data = await client.OpenDataAsync();
        await client.PlayAsync("C: STOR a.txt\nS: 150 *\nD+ abcd");
        await client.WaitUntilReceivedAsync(4);
        FtpTransferInfo transfer = Assert.Single(server.Inner.GetSessions()).Transfer!;
        Assert.Equal(
            (FtpTransferKind.Upload, "STOR", "/in/a.txt", 4L, (long?)10L),
            (transfer.Kind, transfer.Verb, transfer.Path, transfer.Bytes, transfer.TotalBytes));
        await client.PlayAsync("D> efghij\nS: 226 *");
        Assert.Null(Assert.Single(server.Inner.GetSessions()).Transfer);
    }

    [Fact]
    public async Task A_listing_that_waits_for_its_data_connection_is_listed()
    {
        await using TestServer server = await TestServer.WithAsync(Wire.IPv4, ("/in/", ""));
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("D: late\nC: CWD in\nS: 250 *\nC: EPSV\nS: 229 *\nC: MLSD\nS: 150 *");
        FtpTransferInfo transfer = Assert.Single(server.Inner.GetSessions()).Transfer!;
        Assert.Equal((FtpTransferKind.Listing, "MLSD", "/in"), (transfer.Kind, transfer.Verb, transfer.Path));
    }

    [Theory, OnEveryWire]
    public async Task An_ended_session_receives_426_for_its_transfer_and_421_with_the_reason(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation client = await server.LogInAsync();
        await client.OpenDataAsync();
        await client.PlayAsync("C: STOR a.txt\nS: 150 *\nD+ abcd");
        await client.WaitUntilReceivedAsync(4);
        Assert.True(server.Inner.EndSession(1, "Maintenance."));
        await client.PlayAsync("S: 426 *\nS: 421 Maintenance.\nS: (end)");
        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        Assert.False(server.Inner.EndSession(1, "Maintenance."));
    }

    [Fact]
    public async Task Sessions_that_match_are_ended_and_others_continue()
    {
        await using TestServer server = new(Wire.IPv4);
        await using Conversation anonymous = await server.LogInAsync(), other = await server.ConnectAsync();
        await other.PlayAsync("S: 220 *");
        Assert.Equal(1, server.Inner.EndSessions(session => session.Account == "anonymous", "Two\r\nlines."));
        await anonymous.PlayAsync(@"S: 421 Two\x0d\x0alines.");
        await other.PlayAsync("C: NOOP\nS: 200 *");
        Assert.False(server.Inner.EndSession(77, "No such session."));
    }

    [Fact]
    public void The_speed_is_measured_over_the_last_second()
    {
        var speed = new TransferSpeed(startedAt: 10_000);
        Assert.Equal(2_000, speed.GetBytesPerSecond(now: 10_500, bytes: 1_000));
        speed.Sample(now: 11_000, bytes: 2_000);
        Assert.Equal(2_000, speed.GetBytesPerSecond(now: 11_100, bytes: 2_200));
        speed.Sample(now: 12_000, bytes: 10_000);
        Assert.Equal(8_000, speed.GetBytesPerSecond(now: 12_000, bytes: 10_000));
        Assert.Equal(0, speed.GetBytesPerSecond(now: 12_600, bytes: 10_000));
    }
}
