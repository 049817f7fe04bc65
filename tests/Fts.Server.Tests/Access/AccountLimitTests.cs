using System.Net;
using Fts.Accounts;
using Fts.Server.Access;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Access;

/// <summary>The sessions of an account, the commands before login, and the new connections per second.</summary>
public sealed class AccountLimitTests
{
    private const string LogIn = "C: USER ann\nS: 331 *\nC: PASS x\nS: 230 *";

    private const string Refused = """
        C: USER ann
        S: 331 *
        C: PASS x
        S: 421 Too many sessions of this account (limit.sessions), try again later.
        S: (end)
        """;

    [Theory, OnEveryWire]
    public async Task A_session_beyond_the_limit_of_its_account_receives_421_until_another_ends(Wire wire)
    {
        await using TestServer server = Start(wire, maxSessions: 2);
        await using Conversation first = await GreetAsync(server), other = await GreetAsync(server);
        await first.PlayAsync(LogIn);
        await using (Conversation second = await GreetAsync(server))
        {
            await second.PlayAsync(LogIn);
            await server.PlayFromGreetingAsync($"S: 220 *\n{Refused}");
            await other.PlayAsync("C: USER ben\nS: 331 *\nC: PASS x\nS: 230 *");
            await second.PlayAsync("C: QUIT\nS: 221 *\nS: (end)");
        }

        await server.Log.WaitForAsync(RecordingLogger.Disconnected, times: 2);
        await using Conversation third = await GreetAsync(server);
        await third.PlayAsync(LogIn);
    }

    [Theory]
    [InlineData("C: REIN\nS: 220 *")]
    [InlineData("C: USER ann\nS: 331 *")]
    [InlineData("C: USER ben\nS: 331 *\nC: PASS x\nS: 230 *")]
    public async Task A_logout_makes_the_place_of_the_session_free(string logout)
    {
        await using TestServer server = Start(Wire.IPv4, maxSessions: 1);
        await using Conversation first = await GreetAsync(server);
        await first.PlayAsync(LogIn);
        await server.PlayFromGreetingAsync($"S: 220 *\n{Refused}");
        await first.PlayAsync(logout);
        await using Conversation second = await GreetAsync(server);
        await second.PlayAsync(LogIn);
        await server.PlayFromGreetingAsync($"S: 220 *\n{Refused}");
    }

    [Fact]
    public void Simultaneous_logins_do_not_exceed_the_limit()
    {
        var sessions = new AccountSessions();
        var account = new Account("ann", Permissions.ReadWrite) { Limits = new AccountLimits { MaxSessions = 5 } };
        var authenticator = new LimitedAccounts(5);
        int acquired = 0;
        Parallel.For(0, 100, _ => Interlocked.Add(ref acquired, sessions.TryAcquire(authenticator, account, out AccountSlot? _) ? 1 : 0));
        Assert.Equal(5, acquired);
    }

    [Theory, OnEveryWire]
    public async Task The_commands_before_login_are_limited_and_a_login_restarts_the_count(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { MaxCommandsBeforeLogin = 3 });
        await server.PlayFromGreetingAsync("""
            S: 220 *
            C: NOOP
            S: 200 *
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 230 *
            C: NOOP
            S: 200 *
            C: REIN
            S: 220 *
            C: NOOP
            S: 200 *
            C: NOOP
            S: 200 *
            C: NOOP
            S: 200 *
            C: NOOP
            S: 421 Too many commands before login (limit.commands), closing control connection.
            S: (end)
            """);
    }

    [Fact]
    public async Task New_connections_beyond_the_rate_of_their_address_receive_421()
    {
        await using TestServer server = new(Wire.IPv4, configure: options => options with
        {
            ProxyProtocolNetworks = [IPNetwork.Parse("127.0.0.1/32")],
            MaxConnectionsPerSecondPerAddress = 1,
            MaxConnectionsPerSecond = 1_000_000,
        });
        // The rate may add connections while the test runs, so the number of accepted connections is not exact.
        string reply = "";
        for (int i = 0; i < 1000 && !reply.StartsWith("421", StringComparison.Ordinal); i++)
        {
            await using Conversation client = await server.ConnectAsync(header: ProxyHeaders.Create("192.0.2.1"));
            reply = (await client.ReadReplyAsync())[0];
        }

        Assert.Equal("421 Too many new connections (limit.connections), try again later.", reply);
        await using Conversation other = await server.ConnectAsync(header: ProxyHeaders.Create("192.0.2.2"));
        await other.PlayAsync("S: 220 *");
    }

    [Fact]
    public void The_rate_of_all_clients_together_is_limited_and_the_rate_of_one_client_does_not_use_it_up()
    {
        using var rate = new ConnectionRate(total: 4, perAddress: 2);
        bool[] first = [.. Enumerable.Range(0, 100).Select(_ => rate.TryAcquire(GetBlock("192.0.2.1")))];
        Assert.InRange(first.Count(isAcquired => isAcquired), 4, 99);
        bool[] others = [.. Enumerable.Range(2, 100).Select(i => rate.TryAcquire(new AddressBlock(IsIPv4: true, (ulong)i)))];
        Assert.True(others[0]);
        Assert.Contains(false, others);
    }

    [Fact]
    public void Without_limits_every_connection_is_accepted()
    {
        using var rate = new ConnectionRate(total: 0, perAddress: 0);
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.True(rate.TryAcquire(GetBlock("192.0.2.1"))));
    }

    [Fact]
    public async Task Loopback_is_exempt_from_the_rates()
    {
        await using TestServer server = new(Wire.IPv4, configure: options => options with
        {
            MaxConnectionsPerSecond = 1,
            MaxConnectionsPerSecondPerAddress = 1,
        });
        for (int i = 0; i < 20; i++)
        {
            await server.PlayFromGreetingAsync("S: 220 *");
        }
    }

    private static AddressBlock GetBlock(string address) => AddressBlock.FromAddress(IPAddress.Parse(address));

    private static async Task<Conversation> GreetAsync(TestServer server)
    {
        Conversation client = await server.ConnectAsync();
        await client.PlayAsync("S: 220 *");
        return client;
    }

    private static TestServer Start(Wire wire, int maxSessions) =>
        new(wire, configure: options => options with { Authenticator = new LimitedAccounts(maxSessions) });

    /// <summary>Accepts every name and password, with a limit of sessions.</summary>
    private sealed class LimitedAccounts(int maxSessions) : IAuthenticator
    {
        public bool RequiresPassword(string userName) => true;

        public ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken) =>
            new(new Account(credentials.UserName, Permissions.ReadWrite) { Limits = new AccountLimits { MaxSessions = maxSessions } });
    }
}
