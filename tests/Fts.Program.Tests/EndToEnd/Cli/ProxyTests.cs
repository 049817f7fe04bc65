using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Fts.Client;
using Fts.Client.Tests.Support;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Cli;

/// <summary>Tests of the client behind a proxy.</summary>
public sealed class ProxyTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(FtpProxyKind.Socks5, "optional")]
    [InlineData(FtpProxyKind.HttpConnect, "optional")]
    [InlineData(FtpProxyKind.HttpConnect, "off")]
    public async Task Files_are_transferred_through_a_proxy_in_both_directions(FtpProxyKind kind, string tls)
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--tls", tls);
        await using RelayProxy proxy = RelayProxy.Start(kind, ("ann", "sesame"));
        server.Folder.Write("there", "from there");
        _folder.Write("here", "from here");
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", server.PortText, "1", "--proxy", FormatProxyUrl(proxy, "ann")],
            "get there\nput here\nls\n", ("FTS_PROXY_PASSWORD", "sesame"));
        Assert.True(code == 0, messages);
        Assert.Equal(("from there", "from here"), (File.ReadAllText(_folder["there"]), File.ReadAllText(server.Folder["here"])));
        Assert.Contains($"connected to 127.0.0.1:{server.PortText} through {FormatProxyUrl(proxy, "ann")} as anonymous", messages,
            StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", messages, StringComparison.Ordinal);
        // One connection for commands and one for each transfer. Over TLS there is one more after the upload, to test whether the server
        // renews tickets.
        Assert.Equal(tls == "off" ? 4 : 5, proxy.RequestedHosts.Count);
    }

    [Fact]
    public async Task A_proxy_of_a_variable_is_used_for_other_machines_only()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        await using RelayProxy proxy = RelayProxy.Start(FtpProxyKind.Socks5);
        (string, string?) variable = ("all_proxy", FormatProxyUrl(proxy));
        Assert.Equal(0, (await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", server.PortText], "ls\n", variable)).Code);
        Assert.Empty(proxy.RequestedHosts);
        (int code, _, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["client", "files.example", server.PortText], "ls\n", variable);
        Assert.True(code == 0, messages);
        Assert.Equal(["files.example", "files.example"], proxy.RequestedHosts);
    }

    [Theory]
    [InlineData(FtpProxyKind.Socks5, "rejected the user name or password (status 1)")]
    [InlineData(FtpProxyKind.HttpConnect, "rejected the user name or password: 407 Sign in, please")]
    public async Task A_failed_proxy_login_exits_with_3_and_names_the_proxy(FtpProxyKind kind, string said)
    {
        await using RelayProxy proxy = RelayProxy.Start(kind, ("ann", "sesame"));
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "files.example", "21", "--proxy", FormatProxyUrl(proxy, "ann")], "ls\n",
            ("FTS_PROXY_PASSWORD", "guess"));
        Assert.Equal(3, code);
        Assert.StartsWith($"error: cannot connect to files.example:21: the proxy {FormatProxyUrl(proxy, "ann")} {said}\n", messages,
            StringComparison.Ordinal);
        Assert.DoesNotContain("guess", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_response_of_a_proxy_is_printed_escaped()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task answering = AnswerAsync(listener, "HTTP/1.1 403 \e]0;title\a No FTP here\r\n\r\n");
        string port = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        (int code, _, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["client", "files.example", "21", "--proxy", $"127.0.0.1:{port}"], "ls\n");
        Assert.Equal(3, code);
        Assert.Contains(
            "cannot connect to files.example port 21: 403 \\x1b]0;title\\x07 No FTP here\n", messages, StringComparison.Ordinal);
        await answering.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("--proxy socks5://127.0.0.1:1 --active", "--active cannot be used with the proxy socks5://127.0.0.1:1")]
    [InlineData("--active --passive", "cannot be combined")]
    [InlineData("--proxy http://ann:sesame@127.0.0.1:1", "FTS_PROXY_PASSWORD")]
    [InlineData("--proxy http://127.0.0.1", "the port is missing")]
    [InlineData("--proxy", "--proxy needs a value")]
    [InlineData("--passive-address mine", "must be control or server")]
    public async Task A_usage_error_is_one_line_and_exits_with_2(string options, string said)
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["client", .. options.Split(' ')]);
        Assert.Equal(2, code);
        Assert.Contains(said, messages, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", messages, StringComparison.Ordinal);
        Assert.Equal(1, messages.Count(c => c == '\n'));
    }

    private static string FormatProxyUrl(RelayProxy proxy, string? user = null) => (proxy.Address with { UserName = user }).ToString();

    private static async Task AnswerAsync(TcpListener listener, string answer)
    {
        using Socket client = await listener.AcceptSocketAsync();
        await client.ReceiveAsync(new byte[4096]);
        await client.SendAsync(Encoding.ASCII.GetBytes(answer));
    }
}
