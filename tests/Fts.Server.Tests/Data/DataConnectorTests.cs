using System.Net;
using System.Net.Sockets;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Data;

/// <summary>PASV, EPSV, PORT and EPRT: the establishment of data connections, and the peers that are accepted.</summary>
public sealed class DataConnectorTests
{
    private const string Listing = """
        S: 150 *
        L< *a
        S: 226 *
        """;

    [Fact]
    public Task Pasv_and_port_support_IPv4() => TestServer.PlayAsync(Wire.IPv4, $"""
        C: PASV
        S: 227 *(127,0,0,1,*,*)*
        C: NLST
        {Listing}
        C: PORT {"{PORT}"}
        S: 200 *
        C: NLST
        {Listing}
        """, ("/a", "x"));

    [Fact]
    public Task Pasv_and_port_are_rejected_over_IPv6() => TestServer.PlayAsync(Wire.IPv6, """
        C: PASV
        S: 425 *EPSV*
        C: PORT 127,0,0,1,200,200
        S: 504 *
        C: NLST
        S: 425 *
        """);

    [Theory, OnEveryWire]
    public Task Epsv_and_eprt_support_IPv4_and_IPv6(Wire wire) => TestServer.PlayAsync(wire, $"""
        C: EPSV
        S: 229 *(|||*|)*
        C: NLST
        {Listing}
        C: EPSV {(wire.IsIPv4() ? 1 : 2)}
        S: 229 *
        C: NLST
        {Listing}
        C: EPRT {"{EPRT}"}
        S: 200 *
        C: NLST
        {Listing}
        """, ("/a", "x"));

    [Theory, OnEveryWire]
    public Task The_other_address_family_returns_522_with_the_supported_one(Wire wire) => TestServer.PlayAsync(wire, $"""
        C: EPSV {(wire.IsIPv4() ? 2 : 1)}
        S: 522 *({(wire.IsIPv4() ? 1 : 2)})
        C: EPSV nonsense
        S: 501 *
        C: EPRT |3|x|5000|
        S: 522 *({(wire.IsIPv4() ? 1 : 2)})
        C: EPRT {(wire.IsIPv4() ? "|2|::1|5000|" : "|1|127.0.0.1|5000|")}
        S: 522 *({(wire.IsIPv4() ? 1 : 2)})
        """);

    [Fact]
    public async Task Port_accepts_spaces_between_its_numbers()
    {
        await using TestServer server = await TestServer.WithAsync(Wire.IPv4, ("/a", "x"));
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync($"""
            C: PORT {client.Listen(extended: false).Replace(",", ", ", StringComparison.Ordinal)}
            S: 200 *
            C: NLST
            {Listing}
            """);
        await client.PlayAsync($"""
            C: PORT  {client.Listen(extended: false).Replace(",", " ,  ", StringComparison.Ordinal)} 
            S: 200 *
            C: NLST
            {Listing}
            C: PORT 127,0,0,1,2 0,0
            S: 501 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task Invalid_arguments_return_501(Wire wire)
    {
        await using var server = new TestServer(wire);
        await using Conversation client = await server.LogInAsync();
        string[] lines =
        [
            "PORT 127,0,0,1,1", "PORT 127,0,0,1,1,256", "PORT 127,0,0,1,1,2,3", "PORT a,b,c,d,e,f", "PORT 127.0.0.1.200.200",
                "PORT -1,0,0,1,200,200",
            "EPRT |1|127.0.0.1|0|", "EPRT |1|127.0.0.1|65536|", "EPRT |1|127.1|5000|", "EPRT |1|::1|5000|", "EPRT |2|::1%lo|5000|",
            "EPRT |x|::1|5000|", "EPRT |1|127.0.0.1|5000", "EPRT 1",
        ];
        foreach (string line in lines)
        {
            await client.PlayAsync($"C: {line}\nS: 501 *");
        }
    }

    [Theory, OnEveryWire]
    public async Task Another_address_or_a_low_port_is_rejected_without_a_connection_attempt(Wire wire)
    {
        await using var server = new TestServer(wire);
        await using Conversation client = await server.LogInAsync();
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        other.Listen(1);
        int port = ((IPEndPoint)other.LocalEndPoint!).Port;
        string[] lines = wire.IsIPv4()
            ? [$"PORT 127,0,0,2,{port >> 8},{port & 255}", $"EPRT |1|127.0.0.2|{port}|", "PORT 127,0,0,1,3,255", "EPRT |1|127.0.0.1|1023|",
                "PORT 0,0,0,0,200,200", "PORT 169,254,169,254,200,80"]
            : ["EPRT |2|::2|5000|", "EPRT |2|::1|1023|", $"EPRT |2|::ffff:127.0.0.2|{port}|", "EPRT |2|::|5000|", "EPRT |2|fe80::1|5000|"];
        foreach (string line in lines)
        {
            await client.PlayAsync($"C: {line}\nS: 504 *\nC: LIST\nS: 425 *");
        }

        Assert.False(other.Poll(0, SelectMode.SelectRead));
    }

    [Theory, OnEveryWire]
    public Task After_Epsv_All_only_Epsv_is_accepted_until_Rein(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV ALL
        S: 200 *
        C: PASV
        S: 503 *
        C: PORT 127,0,0,1,200,200
        S: 503 *
        C: EPRT {EPRT}
        S: 503 *
        C: ABOR
        S: 226 *
        C: EPSV
        S: 229 *
        C: RETR missing
        S: 550 *
        C: EPRT {EPRT}
        S: 503 *
        C: EPSV all
        S: 200 *
        C: EPSV
        S: 229 *
        C: RETR a
        S: 150 *
        D< x
        S: 226 *
        C: PASV
        S: 503 *
        """, ("/a", "x"));

    [Theory, OnEveryWire]
    public Task A_prepared_data_connection_serves_one_transfer(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: RETR a
        S: 150 *
        D< x
        S: 226 *
        C: RETR a
        S: 425 *
        C: EPRT {EPRT}
        S: 200 *
        C: RETR a
        S: 150 *
        D< x
        S: 226 *
        C: RETR a
        S: 425 *
        """, ("/a", "x"));

    [Theory, OnEveryWire]
    public Task A_negative_reply_of_the_store_keeps_the_prepared_data_connection(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: RETR missing
        S: 550 *
        C: RETR a
        S: 150 *
        D< x
        S: 226 *
        """, ("/a", "x"));

    [Theory, OnEveryWire]
    public Task A_client_that_connects_only_after_150_is_served(Wire wire) => TestServer.PlayAsync(wire, """
        D: late
        C: EPSV
        S: 229 *
        C: RETR a
        S: 150 *
        D< x
        S: 226 *
        C: EPSV
        S: 229 *
        C: STOR b
        S: 150 *
        D> new
        S: 226 *
        C: EPSV
        S: 229 *
        C: MLSD
        S: 150 *
        L< *a
        L< *b
        S: 226 *
        """, ("/a", "x"));

    [Theory, OnEveryWire]
    public async Task A_client_that_never_connects_receives_425_and_its_session_continues(Wire wire)
    {
        await using var server =
            new TestServer(wire, configure: options => options with { DataConnectionTimeout = TimeSpan.FromSeconds(1) });
        await server.PlayAsync("""
            D: late
            C: EPSV
            S: 229 *
            C: LIST
            S: 150 *
            S: 425 Can't open data connection: timed out after 1 s.
            C: EPSV
            S: 229 *
            C: LIST
            S: 150 *
            D<
            S: 226 *
            """);
        Assert.Contains(server.Log.Texts,
            text => text.StartsWith("[1] LIST failed: can't open the data connection: timed out after 1 s", StringComparison.Ordinal));
    }

    [Theory, OnEveryWire]
    public async Task Stat_and_abor_work_while_the_server_waits_for_the_data_connection(Wire wire)
    {
        await using var server = new TestServer(wire);
        await server.PlayAsync("""
            D: late
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            C: STAT
            S: 211-*
            S: ...
            S: 211 *
            C: ABOR
            S: 426 Transfer aborted.
            S: 226 *
            C: NOOP
            S: 200 *
            """);
        Assert.Contains(server.Log.Texts,
            text => text.StartsWith("[1] STOR a failed: can't open the data connection: the client sent ABOR", StringComparison.Ordinal));
    }

    /// <summary>The kernel neither accepts nor refuses a connection to a listener with a full queue.</summary>
    [Fact]
    public async Task An_active_client_that_does_not_respond_ends_the_transfer_with_425()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux drops what a full queue does not take.");
        await using var server =
            new TestServer(Wire.IPv4, configure: options => options with { DataConnectionTimeout = TimeSpan.FromSeconds(1) });
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen(0);
        var target = (IPEndPoint)silent.LocalEndPoint!;
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await first.ConnectAsync(target, TestContext.Current.CancellationToken).WithDeadline();
        await server.PlayAsync($"""
            C: EPRT |1|127.0.0.1|{target.Port}|
            S: 200 *
            C: NLST
            S: 425 Can't open data connection: timed out after 1 s.
            C: NOOP
            S: 200 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task An_active_client_that_does_not_listen_causes_425(Wire wire)
    {
        await using var server = new TestServer(wire);
        await using Conversation client = await server.LogInAsync();
        string nobody = client.Listen(extended: true);
        client.CloseData();
        await client.PlayAsync($"""
            C: EPRT {nobody}
            S: 200 *
            C: STOR a
            S: 425 Can't open data connection: the client refused the connection.
            C: LIST
            S: 425 *
            """);
        Assert.Null(await server.ReadAsync("/a"));
    }

    [Fact]
    public async Task A_connection_of_another_host_is_closed()
    {
        await using TestServer server = await TestServer.WithAsync(Wire.IPv4, ("/a", "secret"));
        await using Conversation client = await server.LogInAsync();
        client.ConnectsLate = true;
        string reply = (await client.SendAndReadReplyAsync("EPSV"))[0];
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        await other.ConnectAsync(DataPeer.ParseTarget(reply, client.Server)!, TestContext.Current.CancellationToken).WithDeadline();
        await client.PlayAsync("""
            C: RETR a
            S: 150 *
            D< secret
            S: 226 *
            """);
        Assert.Equal(0, await other.ReceiveAsync(new byte[10], SocketFlags.None, TestContext.Current.CancellationToken).WithDeadline());
    }

    [Theory, OnEveryWire]
    public async Task An_early_connection_does_not_serve_a_later_transfer(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "secret"));
        await using Conversation client = await server.LogInAsync();
        client.ConnectsLate = true;
        IPEndPoint target = DataPeer.ParseTarget((await client.SendAndReadReplyAsync("EPSV"))[0], client.Server)!;
        using var early = DataPeer.CreateConnecting(target, null);
        await early.ConnectAsync();
        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 *
            D< secret
            S: 226 *
            """);
        await early.ReadUntilClosedAsync();
    }
}
