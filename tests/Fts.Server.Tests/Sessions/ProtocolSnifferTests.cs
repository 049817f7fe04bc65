using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Sessions;

/// <summary>Connections of clients of other protocols.</summary>
public sealed class ProtocolSnifferTests
{
    [Theory, OnEveryWire]
    public async Task Unknown_commands_before_login_are_limited(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { MaxUnknownCommands = 4 });
        await server.PlayFromGreetingAsync("""
            S: 220 *
            C: XYZZY
            S: 500 *
            C: \x16\x03\x01
            S: 500 *
            C: USER ftp
            S: 331 *
            C:
            S: 500 *
            C: PLUGH
            S: 421 *
            S: (end)
            """);
    }

    [Theory, OnEveryWire]
    public async Task Unknown_commands_after_login_are_not_limited(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { MaxUnknownCommands = 3 });
        await using Conversation client = await server.LogInAsync();
        for (int i = 0; i < 10; i++)
        {
            await client.PlayAsync("C: XYZZY\nS: 500 *");
        }
    }

    [Theory, OnEveryWire]
    public async Task A_browser_is_disconnected_before_its_request_body_is_read(Wire wire)
    {
        foreach (string verb in (string[])["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"])
        {
            await using TestServer server = await TestServer.WithAsync(wire, ("/a", "x"));
            await server.PlayFromGreetingAsync($"""
                C> {verb} / HTTP/1.1\r\nHost: x\r\n\r\nUSER ftp\r\nPASS x\r\nDELE a\r\n
                S: 220 *
                S: 421 *
                S: (end)
                """);
            Assert.Equal("x", await server.ReadAsync("/a"));
        }
    }

    [Theory, OnEveryWire]
    public async Task An_http_verb_also_ends_a_session_after_login(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "x"));
        await server.PlayAsync("""
            C> POST / HTTP/1.1\r\nDELE a\r\n
            S: 421 *
            S: (end)
            """);
        Assert.Equal("x", await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public async Task Control_characters_reach_no_log(Wire wire)
    {
        await using TestServer server = new(wire);
        await server.PlayFromGreetingAsync("""
            S: 220 *
            C: USER evil\x1b[31m\x07name
            S: 331 *
            C: PASS x
            S: 530 *
            """);
        Assert.Contains(server.Log.Texts, text => text.Contains("evil", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.Texts, text => text.Any(char.IsControl));
    }

    [Theory, OnEveryWire]
    public async Task Control_characters_of_file_names_reach_no_log(Wire wire)
    {
        await using TestServer server = new(wire);
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: ALLO 9
            S: 200 *
            C: STOR kept\x1b]0;x\x07
            S: 150 *
            D> begun
            S: 451 * Kept 5 bytes; send REST 5 to resume.
            C: DELE absent\x1b]0;x\x07
            S: 550 *
            """);
        Assert.Contains(
            server.Log.Texts, text => text.Contains("kept 5 bytes of /kept\\x1b]0;x\\x07 for resumption", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.Texts, text => text.Any(char.IsControl));
    }

    /// <summary>
    /// Requests that a web page can make a browser send, with FTP commands in the body. M-SEARCH is not a valid FTP verb, and PRI starts
    /// HTTP/2.
    /// </summary>
    [Theory, OnEveryWire]
    public async Task A_request_with_any_method_ends_the_session_at_its_first_line(Wire wire)
    {
        foreach (string line in (
            string[])["PROPFIND / HTTP/1.1", "PRI * HTTP/2.0", "M-SEARCH * HTTP/1.1", "USER anonymous HTTP/1.1", "NOOP / HTTP/1.0"])
        {
            await using TestServer server = await TestServer.WithAsync(wire, ("/a", "x"));
            await server.PlayFromGreetingAsync($"""
                C> {line}\r\nHost: x\r\n\r\nUSER anonymous\r\nPASS x\r\nDELE a\r\n
                S: 220 *
                S: 421 *
                S: (end)
                """);
            Assert.Equal("x", await server.ReadAsync("/a"));
        }
    }

    [Theory, OnEveryWire]
    public async Task A_request_after_blank_lines_also_ends_the_session(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "x"));
        await server.PlayFromGreetingAsync("""
            C> \r\n\r\nREPORT / HTTP/1.1\r\n\r\nUSER anonymous\r\nPASS x\r\nDELE a\r\n
            S: 220 *
            S: 500 *
            S: 500 *
            S: 421 *
            S: (end)
            """);
        Assert.Equal("x", await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public async Task A_request_with_an_unknown_method_also_ends_a_session_after_login(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "x"));
        await server.PlayAsync("""
            C> PROPFIND / HTTP/1.1\r\nDELE a\r\n
            S: 421 *
            S: (end)
            """);
        Assert.Equal("x", await server.ReadAsync("/a"));
    }

    /// <summary>A ClientHello with FTP commands in its session ticket, and one without a line end.</summary>
    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task A_tls_handshake_without_AUTH_ends_the_session_at_its_first_byte(Wire wire)
    {
        foreach (string rest in (string[])["", "\\x03\\x01\\x02\\0\\x01\\0\\r\\nUSER anonymous\\r\\nPASS x\\r\\nDELE a\\r\\n"])
        {
            await using TestServer server = await TestServer.WithAsync(wire, ("/a", "x"));
            await server.PlayFromGreetingAsync($"""
                C> \x16{rest}
                S: 220 *
                S: 421 *
                S: (end)
                """);
            Assert.Equal("x", await server.ReadAsync("/a"));
        }
    }

    [Theory, OnEveryWire]
    public async Task A_binary_first_line_ends_the_session(Wire wire)
    {
        foreach (string line in (string[])["\\0", "\\x80\\x2e\\x01", "AB\\x01CD", "\\xff\\xf4\\x16\\x03", "\\x7f"])
        {
            await using TestServer server = await TestServer.WithAsync(wire, ("/a", "x"));
            await server.PlayFromGreetingAsync($"""
                C> {line}\r\nUSER anonymous\r\nPASS x\r\nDELE a\r\n
                S: 220 *
                S: 421 *
                S: (end)
                """);
            Assert.Equal("x", await server.ReadAsync("/a"));
        }
    }

    [Theory, OnEveryWire]
    public async Task A_first_line_beyond_the_limit_ends_the_session(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "x"));
        await server.PlayFromGreetingAsync($"""
            C> REPORT /{new string('x', 5000)} HTTP/1.1\r\nUSER anonymous\r\nPASS x\r\nDELE a\r\n
            S: 220 *
            S: 421 *
            S: (end)
            """);
        Assert.Equal("x", await server.ReadAsync("/a"));
    }

    [Fact]
    public async Task Behind_a_load_balancer_the_first_line_after_the_header_counts()
    {
        foreach (string line in (string[])["PROPFIND / HTTP/1.1", "\\x16\\x03\\x01"])
        {
            await using TestServer server =
                new(Wire.IPv4, configure: options => options with { ProxyProtocolNetworks = [System.Net.IPNetwork.Parse("127.0.0.0/8")] });
            await server.WriteAsync("/a", "x");
            await using Conversation client = await server.ConnectAsync(header: ProxyHeaders.Create("192.0.2.7"));
            await client.PlayAsync($"""
                C> {line}\r\nUSER anonymous\r\nPASS x\r\nDELE a\r\n
                S: 220 *
                S: 421 *
                S: (end)
                """);
            Assert.Equal("x", await server.ReadAsync("/a"));
        }
    }

    [Theory, OnEveryWire]
    public async Task Usual_first_commands_are_answered(Wire wire)
    {
        foreach ((string line, string reply) in ((string, string)[])
            [("OPTS UTF8 ON", "200"), ("", "500"), ("  ", "500"), ("\\xff\\xf4\\xff\\xf2ABOR", "226"), ("\\xff\\xfb\\x01CLNT x", "200"),
                ("user anonymous", "331"), ("USER \\xe4", "501"),
             ("\\x09NOOP", "500"), ("FEAT", "211-*\nS: ...\nS: 211"), ("CLNT HTTP/1.1", "200"), ("CLNT HTTP/x client", "200")])
        {
            await using TestServer server = new(wire);
            await server.PlayFromGreetingAsync($"""
                C> {line}\r\n
                S: 220 *
                S: {reply} *
                C: USER anonymous
                S: 331 *
                """);
        }
    }

    [Theory, OnEveryWire]
    public async Task Invalid_utf8_before_login_counts_as_an_unknown_command(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { MaxUnknownCommands = 2 });
        await server.PlayFromGreetingAsync("""
            S: 220 *
            C: USER \xe4
            S: 501 *
            C: USER \xe4
            S: 421 *
            S: (end)
            """);
    }
}
