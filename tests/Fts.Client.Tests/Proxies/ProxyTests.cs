using System.Text;
using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Proxies;

/// <summary>Control and data connections through a correct proxy.</summary>
public sealed class ProxyTests
{
    private const string Transfers = """
        C: EPSV
        S: 229 ok (|||{port}|)
        C: RETR a
        S: 150 go
        D> one
        D.
        S: 226 done
        C: EPSV
        S: 229 ok (|||{port}|)
        C: STOR b
        S: 150 go
        D< two
        S: 226 done

        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>FEAT before USER, which the client sends to a named host to check for HOST.</summary>
    private static string Login(string host = "files.example") =>
        System.Net.IPAddress.TryParse(host, out _) ? ScriptedPeer.Login("X")
            : ScriptedPeer.Login("X").Replace("C: USER", "C: FEAT\nS: 530 sign in first\nC: USER", StringComparison.Ordinal);

    private static FtpClientOptions UseProxy(ScriptedPeer peer, RelayProxy proxy, string host = "files.example") =>
        peer.Options with { Host = host, Proxy = proxy.Address };

    private static async Task<string> DownloadAsync(FtpClient client, string path)
    {
        using var target = new MemoryStream();
        await client.DownloadAsync(target, path, new FtpTransferOptions { PreserveLastModified = false }, null, Token);
        return Encoding.UTF8.GetString(target.ToArray());
    }

    [Theory]
    [InlineData(FtpProxyKind.Socks5, "files.example")]
    [InlineData(FtpProxyKind.HttpConnect, "files.example")]
    [InlineData(FtpProxyKind.Socks5, "192.0.2.7")]
    [InlineData(FtpProxyKind.HttpConnect, "192.0.2.7")]
    public async Task Commands_and_data_go_to_the_host_as_the_proxy_sees_it(FtpProxyKind kind, string host)
    {
        await using var peer = ScriptedPeer.Start(Login(host) + Transfers);
        await using RelayProxy proxy = RelayProxy.Start(kind);
        await using (var client = new FtpClient(UseProxy(peer, proxy, host)))
        {
            Assert.Equal("one", await DownloadAsync(client, "a"));
            using var source = new MemoryStream("two"u8.ToArray());
            await client.UploadAsync(source, "b", null, null, Token);
        }

        await peer.PlayedAsync();
        Assert.Equal([host, host, host], proxy.RequestedHosts);
    }

    [Theory]
    [InlineData(FtpProxyKind.Socks5)]
    [InlineData(FtpProxyKind.HttpConnect)]
    public async Task A_name_with_other_characters_is_sent_to_the_proxy_in_its_ASCII_form(FtpProxyKind kind)
    {
        await using var peer = ScriptedPeer.Start(Login());
        await using RelayProxy proxy = RelayProxy.Start(kind);
        await using (var client = new FtpClient(UseProxy(peer, proxy, "b\u00fccher.example.")))
        {
            await client.ConnectAsync(Token);
        }

        Assert.Equal(["xn--bcher-kva.example"], proxy.RequestedHosts);
    }

    [Theory]
    [InlineData(FtpProxyKind.Socks5)]
    [InlineData(FtpProxyKind.HttpConnect)]
    public async Task Over_IPv6_only_EPSV_is_sent(FtpProxyKind kind)
    {
        await using var peer = ScriptedPeer.StartV6(
            ScriptedPeer.Login("X") + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\nS: 150 go\nD> one\nD.\nS: 226 done\nC: EPSV\nS: 502 no");
        await using RelayProxy proxy = RelayProxy.Start(kind);
        await using (var client = new FtpClient(UseProxy(peer, proxy, "2001:db8::7")))
        {
            Assert.Equal("one", await DownloadAsync(client, "a"));
            Assert.Equal("EPSV", (await Assert.ThrowsAsync<FtpReplyException>(() => DownloadAsync(client, "a"))).Command);
        }

        await peer.PlayedAsync();
        Assert.Equal(["2001:db8::7", "2001:db8::7"], proxy.RequestedHosts);
    }

    [Theory]
    [InlineData(FtpPassiveAddressSource.ControlConnection, "C: EPSV\nS: 502 no\nC: PASV\n", "files.example")]
    [InlineData(FtpPassiveAddressSource.ServerReply, "C: PASV\n", "10.9.8.7")]
    public async Task The_address_in_a_PASV_reply_is_used_only_if_the_options_allow_it(
        FtpPassiveAddressSource source, string commands, string host)
    {
        await using var peer =
            ScriptedPeer.Start(Login() + commands + "S: 227 ok (10,9,8,7,{p1},{p2})\nC: RETR a\nS: 150 go\nD> one\nD.\nS: 226 done");
        await using RelayProxy proxy = RelayProxy.Start(FtpProxyKind.Socks5);
        await using (var client = new FtpClient(UseProxy(peer, proxy) with { PassiveAddressSource = source }))
        {
            Assert.Equal("one", await DownloadAsync(client, "a"));
        }

        await peer.PlayedAsync();
        Assert.Equal(["files.example", host], proxy.RequestedHosts);
    }

    [Theory]
    [InlineData(FtpProxyKind.Socks5, "ann", "p\u00e4ss:word", true)]
    [InlineData(FtpProxyKind.HttpConnect, "ann", "p\u00e4ss:word", true)]
    [InlineData(FtpProxyKind.Socks5, "ann", "wrong", false)]
    [InlineData(FtpProxyKind.HttpConnect, "ann", "wrong", false)]
    [InlineData(FtpProxyKind.Socks5, null, "", false)]
    [InlineData(FtpProxyKind.HttpConnect, null, "", false)]
    public async Task The_password_for_the_proxy_is_sent_to_the_proxy_only(FtpProxyKind kind, string? user, string password, bool isRight)
    {
        await using var peer = ScriptedPeer.Start(Login());
        await using RelayProxy proxy = RelayProxy.Start(kind, ("ann", "p\u00e4ss:word"));
        FtpClientOptions options = UseProxy(peer, proxy) with { Proxy = proxy.Address with { UserName = user, Password = password } };
        await using var client = new FtpClient(options);
        Exception? e = await Record.ExceptionAsync(() => client.ConnectAsync(Token));
        Assert.Equal(isRight, e is null);
        if (!isRight)
        {
            var refused = Assert.IsType<FtpProxyException>(e);
            Assert.False(refused.IsTransient);
            Assert.Matches("rejected the user name or password|requires a user name", refused.Message);
            Assert.DoesNotContain("wrong", refused.ToString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(FtpProxyKind.Socks5)]
    [InlineData(FtpProxyKind.HttpConnect)]
    public async Task TLS_through_a_proxy_validates_the_host_name_of_the_server(FtpProxyKind kind)
    {
        await using var peer = ScriptedPeer.Start("""
            S: 220 hello
            C: AUTH TLS
            S: 234 go
            TLS
            C: FEAT
            S: 500 what
            C: USER anonymous
            S: 230 in
            C: PBSZ 0
            S: 200 ok
            C: PROT P
            S: 200 private
            C: FEAT
            S: 500 what
            C: TYPE I
            S: 200 binary
            C: SIZE a
            S: 502 no
            C: EPSV
            S: 229 ok (|||{port}|)
            C: RETR a
            S: 150 go
            D TLS
            D> secret
            D.
            S: 226 done
            """);
        await using RelayProxy proxy = RelayProxy.Start(kind);
        FtpServerIdentity? shown = null;
        FtpClientOptions options =
            UseProxy(peer, proxy) with { Tls = FtpTlsMode.Required,
            Trust = new FtpTrust { Authorities = [TestCertificate.Valid],
            ValidateAsync = (identity, _) => ValueTask.FromResult((shown = identity) is not null) } };
        await using (var client = new FtpClient(options))
        {
            Assert.Equal("secret", await DownloadAsync(client, "a"));
        }

        await peer.PlayedAsync();
        // The certificate is for 127.0.0.1, to which the proxy connects, and not for the requested name.
        Assert.Contains("files.example", shown!.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Four_concurrent_connections_have_four_tunnels()
    {
        string[] scripts =
            [.. Enumerable.Range(1, 4).Select(
            i => Login("192.0.2.7") + $"C: EPSV\nS: 229 ok (|||{{port}}|)\nC: RETR *\nS: 150 go\n! {i}\n? all\nD> data\nD.\nS: 226 done")];
        await using var peer = ScriptedPeer.Start(scripts);
        await using RelayProxy proxy = RelayProxy.Start(FtpProxyKind.Socks5);
        await using (var client = new FtpClient(UseProxy(peer, proxy, "192.0.2.7") with { MaxConnections = 4 }))
        {
            Task<string>[] transfers = [.. Enumerable.Range(1, 4).Select(i => DownloadAsync(client, $"{i}"))];
            await Task.WhenAll(Enumerable.Range(1, 4).Select(i => peer.WaitForSignalAsync($"{i}")));
            peer.OpenGate("all");
            Assert.Equal(["data", "data", "data", "data"], await Task.WhenAll(transfers));
        }

        await peer.PlayedAsync();
        Assert.Equal(8, proxy.RequestedHosts.Count);
    }

    [Fact]
    public async Task A_passive_port_that_the_proxy_cannot_reach_is_an_error_and_the_connection_stays_usable()
    {
        await using var peer = ScriptedPeer.Start(
            Login() + "C: EPSV\nS: 229 ok (|||1|)\nC: RETR a\nC: ABOR\nS: 425 no data connection\nS: 226 aborted\nC: NOOP\nS: 200 ok");
        await using RelayProxy proxy = RelayProxy.Start(FtpProxyKind.Socks5);
        await using (var client = new FtpClient(UseProxy(peer, proxy) with { DataMode = FtpDataMode.Automatic }))
        {
            var e = await Assert.ThrowsAsync<FtpProxyException>(() => DownloadAsync(client, "a"));
            Assert.Contains("cannot connect to files.example port 1: connection refused (5)", e.Message, StringComparison.Ordinal);
            Assert.True(e.IsTransient);
            Assert.True((await client.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData(FtpProxyKind.Socks5, "C: EPSV\nS: 502 no\nC: PASV\nS: 502 neither")]
    [InlineData(FtpProxyKind.HttpConnect, "C: EPSV\nS: 502 no\nC: PASV\nS: 502 neither")]
    public async Task Active_mode_is_rejected_with_a_proxy_and_never_used_as_fallback(FtpProxyKind kind, string replies)
    {
        await using var peer = ScriptedPeer.Start(Login() + replies);
        await using RelayProxy proxy = RelayProxy.Start(kind);
        var e = Assert.Throws<ArgumentException>(() => new FtpClient(UseProxy(peer, proxy) with { DataMode = FtpDataMode.Active }));
        Assert.Contains("Active mode does not work through a proxy", e.Message, StringComparison.Ordinal);
        await using (var client = new FtpClient(UseProxy(peer, proxy) with { DataMode = FtpDataMode.Automatic }))
        {
            Assert.Equal("PASV", (await Assert.ThrowsAsync<FtpReplyException>(() => DownloadAsync(client, "a"))).Command);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("files.example\r\nX: y")]
    [InlineData("files.example:21/x")]
    [InlineData("a b")]
    public void An_invalid_host_name_is_rejected_before_anything_is_sent_to_the_proxy(string host) =>
        Assert.ThrowsAny<ArgumentException>(
            () => new FtpClient(new FtpClientOptions { Host = host, Proxy = new FtpProxy(FtpProxyKind.HttpConnect, "127.0.0.1", 1) }));

    [Theory]
    [InlineData("", 1, "ann", "")]
    [InlineData("p", 0, "ann", "")]
    [InlineData("p", 70000, "ann", "")]
    [InlineData("p", 1, "", "")]
    [InlineData("p", 1, "an:n", "")]
    [InlineData("p", 1, "ann", "a\r\nX: y")]
    [InlineData("p", 1, "ann", "long")]
    public void An_invalid_proxy_is_rejected_immediately(string host, int port, string user, string password)
    {
        var proxy = new FtpProxy(
            FtpProxyKind.HttpConnect, host, port) { UserName = user, Password = password == "long" ? new string('\u00e9', 128) : password };
        Assert.ThrowsAny<ArgumentException>(() => new FtpClient(new FtpClientOptions { Host = "h", Proxy = proxy }));
    }

    [Fact]
    public void A_proxy_is_formatted_as_a_url_without_its_password() =>
        Assert.Equal(
            "socks5://ann@[::1]:1080", new FtpProxy(FtpProxyKind.Socks5, "::1", 1080) { UserName = "ann", Password = "secret" }.ToString());
}
