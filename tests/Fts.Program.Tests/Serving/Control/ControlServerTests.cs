using System.Net.Sockets;
using System.Text;
using Fts.Accounts;
using Fts.ProgramTests.Support;
using Fts.Server;
using Fts.Serving.Control;
using Fts.Storage.Memory;

namespace Fts.ProgramTests.Serving.Control;

/// <summary>The protocol of the control socket, in the test process.</summary>
public sealed class ControlServerTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private readonly List<string> _failures = [];
    private FtpServer _server = null!;
    private ControlServer _control = null!;
    private int _refreshes;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = new FtpServer(new FtpServerOptions
        {
            Store = new MemoryFileStore(),
            Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite),
        });
        await _server.StartAsync(Token);
        var requests = new ControlRequests(_server, _ =>
        {
            _refreshes++;
            return default;
        });
        _control = new ControlServer(ControlSocket.Bind(_folder.Path), requests, _failures.Add);
        _control.Start();
    }

    public async ValueTask DisposeAsync()
    {
        await _control.DisposeAsync();
        await _server.DisposeAsync();
        Assert.Empty(_folder.Names);
        Assert.Empty(_failures);
        _folder.Dispose();
    }

    [Theory]
    [InlineData("""{"version":1,"request":"ban-list"}""", """{"version":1,"result":{"bans":[]}}""")]
    [InlineData("""{"version":1,"request":"refresh"}""", """{"version":1,"result":{}}""")]
    [InlineData("""{"version":1,"request":"kick","parameters":{"sessions":[7]}}""", """{"version":1,"result":{"ended":[]}}""")]
    [InlineData("""{"version":1,"request":"ban-remove","parameters":{"subject":"192.0.2.7"}}""", "\"not-found\"")]
    [InlineData("""{"version":1,"request":"ban-add","parameters":{"subject":"x","reason":""}}""", "\"invalid\"")]
    [InlineData("""{"version":1,"request":"ban-add","parameters":{"subject":"127.0.0.1","reason":"r"}}""", "never banned")]
    [InlineData("""{"version":1,"request":"ban-add","parameters":{"subject":"192.0.2.7"}}""", "\"invalid\"")]
    [InlineData("""{"version":1,"request":"kick"}""", "\"invalid\"")]
    [InlineData("""{"version":1,"request":"flush"}""", "\"unsupported\"")]
    [InlineData("""{"version":1,"request":"recount","parameters":{"account":"ann"}}""", "\"unsupported\"")]
    [InlineData("""{"version":1,"request":"shutdown"}""", "\"unsupported\"")]
    [InlineData("""{"version":2,"request":"status"}""", "\"unsupported\"")]
    [InlineData("null", "\"invalid\"")]
    [InlineData("{", "\"invalid\"")]
    [InlineData("", "\"invalid\"")]
    public async Task Each_line_has_one_response_line(string request, string expected)
    {
        using Socket client = ControlSocket.TryConnect(_folder.Path)!;
        var lines = new ControlLines(client, 1_000_000);
        for (int i = 0; i < 2; i++)
        {
            await client.SendAsync(Encoding.UTF8.GetBytes(request + "\n"), Token);
            Assert.Contains(expected, Encoding.UTF8.GetString((await lines.ReadAsync(Token))!.Value.Span), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_request_can_arrive_in_pieces_and_together_with_the_next()
    {
        using Socket client = ControlSocket.TryConnect(_folder.Path)!;
        var lines = new ControlLines(client, 1_000_000);
        byte[] two = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("""{"version":1,"request":"refresh"}""" + "\n", 2)));
        foreach (byte[] piece in two.Chunk(40))
        {
            await client.SendAsync(piece, Token);
        }

        Assert.NotNull(await lines.ReadAsync(Token));
        Assert.NotNull(await lines.ReadAsync(Token));
        Assert.Equal(2, _refreshes);
    }

    [Fact]
    public async Task Too_long_a_request_closes_the_connection()
    {
        using Socket client = ControlSocket.TryConnect(_folder.Path)!;
        byte[] bytes = Encoding.UTF8.GetBytes(new string('x', ControlServer.MaxRequestBytes * 2));
        try
        {
            await client.SendAsync(bytes, Token);
            Assert.Equal(0, await client.ReceiveAsync(new byte[1], Token));
        }
        catch (SocketException)
        {
            // The server closed the connection before it had received all bytes.
        }
    }

    [Fact]
    public async Task The_status_contains_each_session()
    {
        using var session = new TcpClient();
        await session.ConnectAsync(_server.EndPoint, Token);
        using var reader = new StreamReader(session.GetStream());
        Assert.StartsWith("220 ", await reader.ReadLineAsync(Token), StringComparison.Ordinal);
        using ControlClient client = ControlClient.TryConnect(_folder.Path)!;
        StatusResult status = await client.SendAsync(
            "status", new ControlNothing(), ControlJson.Default.ControlNothing, ControlJson.Default.StatusResult, Token);
        SessionStatus row = Assert.Single(status.Sessions);
        Assert.Equal((1, null, "127.0.0.1", Environment.ProcessId), (row.Id, row.Account, row.Address, status.ProcessId));
        KickResult kicked = await client.SendAsync(
            "kick", new KickParameters([1, 1, 2], "Bye."), ControlJson.Default.KickParameters, ControlJson.Default.KickResult, Token);
        Assert.Equal([1], kicked.Ended);
        Assert.Equal("421 Session ended by the administrator: Bye.", await reader.ReadLineAsync(Token));
    }

    [Fact]
    public async Task A_refresh_without_a_server_does_nothing()
    {
        using var other = new TestFolder();
        Assert.True(await ControlClient.TryRefreshAsync(_folder.Path, Token));
        Assert.False(await ControlClient.TryRefreshAsync(other.Path, Token));
        Assert.Equal(1, _refreshes);
    }

    [Fact]
    public void Another_server_cannot_use_the_same_directory()
    {
        var e = Assert.Throws<ControlException>(() => ControlSocket.Bind(_folder.Path));
        Assert.Contains("another server uses the state directory", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_socket_of_a_killed_server_is_replaced_and_only_its_owner_can_access_it()
    {
        using var folder = new TestFolder();
        string directory = Directory.CreateDirectory(folder[new string('d', 150)]).FullName; // longer than sun_path
        string path = Path.Combine(directory, ControlSocket.FileName);
        // A file that no socket listens on, as after kill -9.
        File.WriteAllText(path, "");
        using (Socket socket = ControlSocket.Bind(directory))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            using Socket client = ControlSocket.TryConnect(directory)!;
            using Socket accepted = socket.Accept();
            Assert.True(ControlSocket.IsAllowedPeer(accepted, "ann", out string? user));
            Assert.Equal(Environment.IsPrivilegedProcess ? "root" : "ann", user);
        }
    }
}
