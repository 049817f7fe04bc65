using System.Net;
using System.Net.Sockets;
using System.Text;
using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Proxies;

/// <summary>
/// Proxies that send incomplete, invalid, endless or no responses. The client fails with one clear line, within its time limit.
/// </summary>
public sealed class HostileProxyTests : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(20));
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    public HostileProxyTests() => _listener.Start();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        _stop.Dispose();
        _folder.Delete(recursive: true);
    }

    [Theory]
    // The selection of the authentication method.
    [InlineData("", "", "closed the connection before its response was complete", true)]
    [InlineData("", "05", "closed the connection before its response was complete", true)]
    [InlineData("", "0400", "sent an invalid SOCKS5 reply: 0400", false)]
    [InlineData("", "4854", "sent an invalid SOCKS5 reply: 4854", false)]
    [InlineData("", "05FF", "requires a user name, and none was given", false)]
    [InlineData("", "0502", "selected an authentication method that the client did not offer (2)", false)]
    [InlineData("", "0501", "selected an authentication method that the client did not offer (1)", false)]
    [InlineData("ann", "05FF", "accepts neither anonymous access nor a user name with password", false)]
    // The authentication.
    [InlineData("ann", "0502 0101", "rejected the user name or password (status 1)", false)]
    [InlineData("ann", "0502 0500", "sent an invalid SOCKS5 reply: 0500", false)]
    [InlineData("ann", "0502 01", "closed the connection before its response was complete", true)]
    // The reply to CONNECT.
    [InlineData("", "0500 05", "closed the connection before its response was complete", true)]
    [InlineData("", "0500 0501", "cannot connect to files.example port 21: general failure (1)", true)]
    [InlineData("", "0500 0502000100000000", "cannot connect to files.example port 21: not allowed by the rules of the proxy (2)", false)]
    [InlineData("", "0500 0504000100000000", "cannot connect to files.example port 21: host unreachable (4)", true)]
    [InlineData("", "0500 05FE000100000000", "cannot connect to files.example port 21: unknown reply code (254)", false)]
    [InlineData("", "0500 0400000100000000", "sent an invalid SOCKS5 reply: 0400", false)]
    [InlineData("", "0500 05000700", "sent an invalid SOCKS5 reply: 05000700", false)]
    [InlineData("", "0500 05000002", "sent an invalid SOCKS5 reply: 05000002", false)]
    [InlineData("", "0500 0500000300", "sent an invalid SOCKS5 reply: 05000003", false)]
    [InlineData("", "0500 0500000105050505", "closed the connection before its response was complete", true)]
    [InlineData("", "0500 05000003FF414141", "closed the connection before its response was complete", true)]
    public Task An_error_of_a_SOCKS_proxy_is_reported(string user, string answer, string message, bool isTransient) =>
        ConnectAsync(
            FtpProxyKind.Socks5, user, Convert.FromHexString(answer.Replace(" ", "", StringComparison.Ordinal)), message, isTransient);

    [Theory]
    [InlineData("", "closed the connection before its response was complete", true)]
    [InlineData("HTTP/1.1 20", "closed the connection before its response was complete", true)]
    [InlineData("HTTP/1.1 200 OK\r\nVia: x\r\n", "closed the connection before its response was complete", true)]
    [InlineData("HTTP/1.1 403 Not to \e[31mFTP\r\n\r\nbecause", "cannot connect to files.example port 21: 403 Not to \\x1b[31mFTP", false)]
    [InlineData("HTTP/1.0 503 Later\n\n", "cannot connect to files.example port 21: 503 Later", true)]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://login\r\n\r\n", "cannot connect to files.example port 21: 302 Found", false)]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\n\r\n", "cannot connect to files.example port 21: 101 Switching Protocols", false)]
    [InlineData("HTTP/1.1 407 Who?\r\n\r\n", "requires a user name, and none was given: 407 Who?", false)]
    [InlineData("HTTP/2 200\r\n\r\n", "sent an invalid HTTP response: HTTP/2 200", false)]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n", "sent an invalid HTTP response: HTTP/1.1 2000 OK", false)]
    [InlineData("HTTP/1.1 +20 OK\r\n\r\n", "sent an invalid HTTP response: HTTP/1.1 +20 OK", false)]
    [InlineData("HTTP/1.1 099 OK\r\n\r\n", "sent an invalid HTTP response: HTTP/1.1 099 OK", false)]
    [InlineData("220 an FTP server\r\n", "sent an invalid HTTP response: 220 an FTP server", false)]
    [InlineData("\0\u0005\u00ff", "sent an invalid HTTP response: \\x00\\x05\u00ff", false)]
    public Task An_error_of_an_HTTP_proxy_is_reported(string answer, string message, bool isTransient) =>
        ConnectAsync(FtpProxyKind.HttpConnect, "", Encoding.Latin1.GetBytes(answer), message, isTransient);

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n", "X: more of the same\r\n")]
    [InlineData("HTTP/1.1 200 ", "without an end ")]
    [InlineData("", "HTTP/1.1 103 Early Hints\r\n\r\n")]
    public Task Endless_headers_are_an_error_at_the_limit(string start, string again) => ConnectAsync(
        FtpProxyKind.HttpConnect, "", Encoding.Latin1.GetBytes(start + string.Concat(Enumerable.Repeat(again, 100_000))), "of headers",
        isTransient: false);

    [Theory]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n220 the server\r\n")]
    [InlineData("HTTP/1.0 200 OK\n\n220 the server\r\n")]
    [InlineData("HTTP/1.1 200\r\nContent-Length: 16\r\n\r\n220 the server\r\n")]
    public async Task Data_after_the_headers_is_from_the_server(string answer)
    {
        Task serving = AnswerAsync(Encoding.Latin1.GetBytes(answer), closes: false);
        await using (
            FtpConnection connection = await FtpConnection.ConnectAsync(
            Options(FtpProxyKind.HttpConnect, "") with { Timeouts = new FtpTimeouts { Resync = TimeSpan.FromMilliseconds(100) } }, Token))
        {
            Assert.Equal("the server", connection.Greeting.Text);
        }

        await serving;
    }

    [Fact]
    public Task A_long_reason_is_shortened_in_the_message() => ConnectAsync(
        FtpProxyKind.HttpConnect, "", Encoding.Latin1.GetBytes($"HTTP/1.1 500 {new string('x', 10_000)}\r\n\r\n"), new string('x', 100),
        isTransient: true, most: 500);

    [Theory]
    [InlineData(FtpProxyKind.Socks5, "")]
    [InlineData(FtpProxyKind.Socks5, "0500")]
    [InlineData(FtpProxyKind.Socks5, "050005")]
    [InlineData(FtpProxyKind.HttpConnect, "")]
    [InlineData(FtpProxyKind.HttpConnect, "485454502F312E3120323030204F4B0D0A")]
    public async Task A_proxy_that_stops_responding_times_out(FtpProxyKind kind, string answer)
    {
        Task serving = AnswerAsync(Convert.FromHexString(answer), closes: false);
        FtpClientOptions options = Options(kind, "") with { Timeouts = new FtpTimeouts { Connect = TimeSpan.FromMilliseconds(200) } };
        var e = await Assert.ThrowsAsync<FtpProxyException>(() => FtpConnection.ConnectAsync(options, Token));
        Assert.Contains("did not respond: timed out after 0.2 s while waiting for the proxy", e.Message, StringComparison.Ordinal);
        Assert.IsType<FtpTimeoutException>(e.InnerException);
        await _stop.CancelAsync();
        await Task.WhenAny(serving);
    }

    [Fact]
    public async Task The_wait_for_a_proxy_can_be_cancelled()
    {
        Task serving = AnswerAsync([], closes: false);
        using var cancel = new CancellationTokenSource();
        Task connecting = FtpConnection.ConnectAsync(Options(FtpProxyKind.Socks5, ""), cancel.Token);
        await cancel.CancelAsync();
        Assert.Equal(cancel.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting)).CancellationToken);
        await _stop.CancelAsync();
        await Task.WhenAny(serving);
    }

    [Fact]
    public async Task An_unreachable_proxy_is_distinguished_from_an_unreachable_server()
    {
        FtpClientOptions options = Options(FtpProxyKind.Socks5, "");
        _listener.Stop();
        var e = await Assert.ThrowsAsync<FtpProxyException>(() => FtpConnection.ConnectAsync(options, Token));
        Assert.StartsWith($"the proxy {options.Proxy} cannot be reached: ", e.Message, StringComparison.Ordinal);
        Assert.Equal((FtpOperationPhase.Proxy, true), (e.Phase, e.IsTransient));
    }

    [Fact]
    public async Task A_proxy_failure_during_a_transfer_leaves_the_existing_file()
    {
        string local = Path.Combine(_folder.FullName, "a");
        await File.WriteAllTextAsync(local, "old", Token);
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("X") + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\nS: 150 go\nD> half\n? cut\nD!\nS: 226 all fine");
        await using RelayProxy proxy = RelayProxy.Start(FtpProxyKind.Socks5);
        await using var client = new FtpClient(peer.Options with { Host = "files.example", Proxy = proxy.Address });
        await Assert.ThrowsAsync<FtpConnectionException>(
            () => client.DownloadFileAsync(local, "a", null, new AtFirstByte(() => peer.Open("cut")), Token));
        Assert.Equal("old", await File.ReadAllTextAsync(local, Token));
        Assert.Single(_folder.EnumerateFileSystemInfos());
    }

    /// <summary>Runs an action at the first data, so that the reset happens during the transfer and not while the proxy connects.</summary>
    private sealed class AtFirstByte(Action act) : IProgress<FtpProgress>
    {
        public void Report(FtpProgress value)
        {
            if (value.Stage == FtpTransferStage.Transferring)
            {
                act();
            }
        }
    }

    private FtpClientOptions Options(FtpProxyKind kind, string user) => new()
    {
        Host = "files.example",
        Proxy = new FtpProxy(kind, "127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port) { UserName = user.Length > 0 ? user : null,
            Password = "secret" },
        Timeouts = new FtpTimeouts { Connect = TimeSpan.FromSeconds(10) },
    };

    private async Task ConnectAsync(FtpProxyKind kind, string user, byte[] answer, string message, bool isTransient, int most = 300)
    {
        Task serving = AnswerAsync(answer, closes: true);
        FtpClientOptions options = Options(kind, user);
        var e = await Assert.ThrowsAsync<FtpProxyException>(() => FtpConnection.ConnectAsync(options, Token));
        Assert.StartsWith($"the proxy {options.Proxy} ", e.Message, StringComparison.Ordinal);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(e.Message, char.IsControl);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
        Assert.InRange(e.Message.Length, 1, most);
        Assert.Equal(isTransient, e.IsTransient);
        await serving;
    }

    /// <summary>Sends the whole response after the first bytes of the client, and reads until the client closes the connection.</summary>
    private async Task AnswerAsync(byte[] answer, bool closes)
    {
        using Socket client = await _listener.AcceptSocketAsync(_stop.Token);
        byte[] buffer = new byte[4096];
        try
        {
            // Wait for bytes of the client, because a response before the request could cause a reset.
            await client.ReceiveAsync(buffer, _stop.Token);
            for (int sent = 0; sent < answer.Length;)
            {
                sent += await client.SendAsync(answer.AsMemory(sent), _stop.Token);
            }

            if (closes)
            {
                client.Shutdown(SocketShutdown.Send);
            }

            while (await client.ReceiveAsync(buffer, _stop.Token) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // The client closed the connection.
        }
    }
}
