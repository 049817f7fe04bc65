namespace Fts.Server.Tests.Sessions;

/// <summary>Peers that are no FTP clients.</summary>
public sealed class StrangerTests
{
    [Theory, OnEveryWire]
    public async Task Unknown_commands_before_sign_in_are_limited(Wire wire)
    {
        await using TestServer server = new(wire, with: options => options with { MaxUnknownCommands = 4 });
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
    public async Task Unknown_commands_of_somebody_signed_in_are_not(Wire wire)
    {
        await using TestServer server = new(wire, with: options => options with { MaxUnknownCommands = 3 });
        await using Conversation talk = await server.SignInAsync();
        for (int i = 0; i < 10; i++)
        {
            await talk.PlayAsync("C: XYZZY\nS: 500 *");
        }
    }

    [Theory, OnEveryWire]
    public async Task A_browser_is_shown_the_door_before_its_body_is_read(Wire wire)
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
    public async Task An_http_verb_ends_a_signed_in_session_too(Wire wire)
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
            S: 451 * 5 bytes are kept, REST 5 continues.
            C: DELE absent\x1b]0;x\x07
            S: 550 *
            """);
        Assert.Contains(server.Log.Texts, text => text.Contains("5 bytes of /kept\\x1b]0;x\\x07 are kept to be continued", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.Texts, text => text.Any(char.IsControl));
    }
}
