using Fts.Accounts;
using Fts.Server.Tests.Support;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Commands;

/// <summary>HOST selects one of several hosts on one address (RFC 7151).</summary>
public sealed class HostTests
{
    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task A_host_selected_before_login_has_its_own_files_and_greeting(Wire wire)
    {
        await using TestServer server = await WithHostsAsync(wire);
        await server.PlayFromGreetingAsync("""
            S: 220 fts ready.
            C: HOST ONE.example
            S: 220 This is one.
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 230 *
            C: TYPE I
            S: 200 *
            C: EPSV
            S: 229 *
            C: RETR who
            S: 150 *
            D< one
            S: 226 *
            """);
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task Without_HOST_the_default_host_serves_the_client(Wire wire)
    {
        await using TestServer server = await WithHostsAsync(wire);
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: RETR who
            S: 150 *
            D< default
            S: 226 *
            """);
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task The_last_HOST_applies_and_the_server_address_selects_the_default_host(Wire wire)
    {
        await using TestServer server = await WithHostsAsync(wire);
        string own = wire.IsIPv4() ? "127.0.0.1" : "[::1]", other = wire.IsIPv4() ? "127.0.0.2" : "[::2]";
        await server.PlayFromGreetingAsync($"""
            S: 220 *
            C: HOST one.example
            S: 220 This is one.
            C: HOST two.example
            S: 220 fts ready.
            C: HOST {other}
            S: 504 *
            C: HOST {own}
            S: 220 fts ready.
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 230 *
            C: SIZE who
            S: 550 *
            C: TYPE I
            S: 200 *
            C: SIZE who
            S: 213 7
            """);
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task Unknown_and_invalid_hosts_are_rejected(Wire wire)
    {
        await using TestServer server = await WithHostsAsync(wire);
        await server.PlayFromGreetingAsync("""
            S: 220 *
            C: HOST one.example
            S: 220 This is one.
            C: HOST three.example
            S: 504 *
            C: HOST one.example.
            S: 501 *
            C: HOST one..example
            S: 501 *
            C: HOST one.example:21
            S: 501 *
            C: HOST one.example two.example
            S: 501 *
            C: HOST -one
            S: 501 *
            C: HOST ::1
            S: 501 *
            C: HOST [127.0.0.1]
            S: 501 *
            C: HOST [fe80
            S: 501 *
            C: HOST 1.2.3.4.5
            S: 501 *
            C: HOST 127.1
            S: 501 *
            C: HOST mü.example
            S: 501 *
            C: HOST
            S: 501 *
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 230 *
            C: TYPE I
            S: 200 *
            C: SIZE who
            S: 213 3
            """);
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task HOST_after_USER_is_rejected(Wire wire)
    {
        await using TestServer server = await WithHostsAsync(wire);
        await server.PlayFromGreetingAsync("""
            S: 220 *
            C: USER anonymous
            S: 331 *
            C: HOST one.example
            S: 503 *
            C: PASS x
            S: 230 *
            C: HOST one.example
            S: 503 *
            C: TYPE I
            S: 200 *
            C: SIZE who
            S: 213 7
            """);
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task USER_keeps_the_host_and_REIN_resets_it(Wire wire)
    {
        await using TestServer server = await WithHostsAsync(wire);
        await server.PlayFromGreetingAsync("""
            S: 220 *
            C: HOST one.example
            S: 220 *
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 230 *
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 230 *
            C: TYPE I
            S: 200 *
            C: SIZE who
            S: 213 3
            C: REIN
            S: 220 *
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 230 *
            C: TYPE I
            S: 200 *
            C: SIZE who
            S: 213 7
            C: REIN
            S: 220 *
            C: HOST one.example
            S: 220 This is one.
            """);
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task An_account_exists_only_on_its_own_host(Wire wire)
    {
        var owner = new GeneratedPasswordAuthenticator("owner", Permissions.ReadWrite);
        await using TestServer server = await WithHostsAsync(wire, one => one with { Authenticator = owner });
        await server.PlayFromGreetingAsync($"""
            S: 220 *
            C: USER owner
            S: 331 *
            C: PASS {owner.Password}
            S: 530 *
            C: HOST one.example
            S: 220 *
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 530 *
            C: USER owner
            S: 331 *
            C: PASS {owner.Password}
            S: 230 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task A_server_without_hosts_accepts_any_HOST(Wire wire)
    {
        await using TestServer server = new(wire);
        string own = wire.IsIPv4() ? "127.0.0.1" : "[::1]";
        await using Conversation client = await server.ConnectPlainAsync();
        await client.PlayAsync($"""
            S: 220 fts ready.
            C: HOST anything.example
            S: 220 fts ready.
            C: HOST {own}
            S: 220 fts ready.
            C: HOST 192.0.2.7
            S: 504 *
            C: HOST any thing
            S: 501 *
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 230 *
            """);
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task Stores_with_equal_file_identities_do_not_share_hashes(Wire wire)
    {
        await using TestServer server = await WithHostsAsync(wire);
        await using Conversation one = await LogInAsync(server, "one.example"), two = await LogInAsync(server, "two.example");
        // Set the time before the first hash: setting it clears the cache, and hashes of recently changed files are not cached.
        await one.PlayAsync("C: MFMT 20200101000000 who\nS: 213 *");
        await two.PlayAsync("C: MFMT 20200101000000 who\nS: 213 *");

        Assert.NotEqual(await one.SendAndReadReplyAsync("XMD5 who"), await two.SendAndReadReplyAsync("XMD5 who"));
    }

    private static async Task<Conversation> LogInAsync(TestServer server, string host)
    {
        Conversation client = await server.ConnectAsync();
        await client.PlayAsync($"""
            S: 220 *
            C: HOST {host}
            S: 220 *
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 230 *
            """);
        return client;
    }

    /// <summary>Returns a server with a default host and two named hosts, each with a file that identifies it.</summary>
    private static async Task<TestServer> WithHostsAsync(Wire wire, Func<FtpHost, FtpHost>? configure = null)
    {
        var anybody = new AnonymousAuthenticator(Permissions.ReadWrite);
        var one = new FtpHost { Name = "one.example", Store = new MemoryFileStore(), Authenticator = anybody, Greeting = "This is one." };
        var two = new FtpHost { Name = "Two.Example", Store = new MemoryFileStore(), Authenticator = anybody };
        var server = new TestServer(wire, configure: options => options with { Hosts = [configure is null ? one : configure(one), two] });
        await server.WriteAsync("/who", "default");
        await TestServer.WriteAsync(one.Store, "/who", "one");
        await TestServer.WriteAsync(two.Store, "/who", "two");
        return server;
    }

    [Fact]
    public void Invalid_hosts_are_rejected_by_the_constructor()
    {
        Assert.Throws<ArgumentException>(() => Make(Host("a"), Host("A")));
        Assert.Throws<ArgumentException>(() => Make(Host("a b")));
        Assert.Throws<ArgumentException>(() => Make(Host("127.0.0.1")));
        Assert.Throws<ArgumentException>(() => Make(Host("a") with { Certificates = TestServer.Certificates }));
        Assert.Throws<ArgumentException>(() => Make(Host("a") with { Greeting = " " }));
        _ = Make(Host("a"), Host("b"), Host("xn--m-eha.example"), Host("under_score"));

        static FtpHost Host(string name) =>
            new() { Name = name, Store = new MemoryFileStore(), Authenticator = new AnonymousAuthenticator(Permissions.None) };
        static FtpServer Make(params FtpHost[] hosts) =>
            new(new FtpServerOptions { Store = new MemoryFileStore(), Authenticator = new AnonymousAuthenticator(Permissions.None),
            Hosts = hosts });
    }
}
