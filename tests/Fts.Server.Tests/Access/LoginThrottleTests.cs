using System.Net;
using Fts.Server.Tests.Support;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Access;

/// <summary>Delays after failed logins, per address and per account and address, over all sessions.</summary>
public sealed class LoginThrottleTests
{
    private readonly ManualClock _clock = new();
    private readonly GuessableAccounts _accounts = new();

    [Theory, OnEveryWire]
    public async Task After_a_wrong_password_the_correct_one_is_delayed_on_another_connection(Wire wire)
    {
        await using TestServer server = Start(wire);
        await FailAsync(server, "owner");
        await using Conversation client = await SendPasswordAsync(server, "owner", "right");
        Assert.Equal(TimeSpan.FromSeconds(1), await _clock.WaitForTimersAsync());
        Assert.Equal(1, _accounts.Checks);
        _clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal([TimeSpan.FromMilliseconds(1)], _clock.Waiting);
        Assert.Equal(1, _accounts.Checks);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await client.PlayAsync("S: 230 *\nC: PWD\nS: 257 *");
        Assert.Equal(2, _accounts.Checks);
    }

    [Fact]
    public async Task Without_failures_no_login_waits()
    {
        await using TestServer server = Start(Wire.IPv4);
        for (int i = 0; i < 3; i++)
        {
            await using Conversation client = await SendPasswordAsync(server, "owner", "right");
            await client.PlayAsync("S: 230 *");
        }

        Assert.Empty(_clock.Waiting);
    }

    [Theory]
    [InlineData("owner")]
    [InlineData("nobody")]
    [InlineData("anonymous")]
    public async Task The_delay_of_an_account_doubles_to_16_seconds_whether_the_account_exists_or_not(string userName)
    {
        await using TestServer server = Start(Wire.IPv4);
        await FailAsync(server, userName);
        var delays = new List<double>();
        for (int i = 0; i < 7; i++)
        {
            await using Conversation client = await SendPasswordAsync(server, userName, "wrong");
            delays.Add((await _clock.WaitForTimersAsync()).TotalSeconds);
            _clock.Advance(TimeSpan.FromSeconds(delays[^1]));
            await client.PlayAsync("S: 530 Login incorrect.");
        }

        Assert.Equal([1, 2, 4, 8, 16, 16, 16], delays);
    }

    [Fact]
    public async Task The_delay_of_an_address_doubles_to_8_seconds_for_every_account()
    {
        await using TestServer server = Start(Wire.IPv4);
        await FailAsync(server, "a");
        var delays = new List<double>();
        foreach (string userName in (string[])["b", "c", "d", "e", "f", "g", "h", "i", "a"])
        {
            await using Conversation client = await SendPasswordAsync(server, userName, "wrong");
            delays.Add((await _clock.WaitForTimersAsync()).TotalSeconds);
            _clock.Advance(TimeSpan.FromSeconds(delays[^1]));
            await client.PlayAsync("S: 530 *");
        }

        Assert.Equal([1, 1, 2, 2, 4, 4, 8, 8, 8], delays);
    }

    [Fact]
    public async Task After_an_early_disconnect_the_delay_applies_to_the_next_connection()
    {
        await using TestServer server = Start(Wire.IPv4);
        await FailAsync(server, "owner");
        await using (Conversation closed = await SendPasswordAsync(server, "owner", "wrong"))
        {
            await _clock.WaitForTimersAsync();
        }

        await using Conversation client = await SendPasswordAsync(server, "owner", "right");
        _clock.Advance(TimeSpan.FromSeconds(1));
        await _accounts.WaitForChecksAsync(2); // that of the closed connection
        Assert.Equal(TimeSpan.FromSeconds(2), await _clock.WaitForTimersAsync());
        Assert.Equal(2, _accounts.Checks);
        _clock.Advance(TimeSpan.FromSeconds(2));
        await client.PlayAsync("S: 230 *");
    }

    [Fact]
    public async Task Guesses_on_many_connections_are_checked_one_at_a_time_and_further_ones_are_refused()
    {
        await using TestServer server = Start(Wire.IPv4);
        await FailAsync(server, "owner");
        var clients = new List<Conversation>();
        for (int i = 0; i < 40; i++)
        {
            clients.Add(await SendPasswordAsync(server, "owner", i == 10 ? "right" : "wrong"));
        }

        // With a delay of one second, 16 guesses fit into 16 seconds. The others are refused without a check.
        await server.Log.WaitForAsync(RecordingLogger.TooManyFailedLogins, times: 24);
        for (int check = 2; check <= 6; check++)
        {
            await _clock.WaitForTimersAsync();
            Assert.Equal(check - 1, _accounts.Checks);
            Assert.Single(_clock.Waiting);
            _clock.Advance(_clock.Waiting[0]);
            await _accounts.WaitForChecksAsync(check);
        }

        foreach (Conversation client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_guess_that_was_sent_before_another_failed_receives_its_reply_after_the_delay()
    {
        await using TestServer server = Start(Wire.IPv4);
        TaskCompletionSource wrong = _accounts.Hold("wrong"), right = _accounts.Hold("right");
        await using Conversation first = await SendPasswordAsync(server, "owner", "wrong"), second =
            await SendPasswordAsync(server, "owner", "right");
        await _accounts.WaitForChecksAsync(2);
        wrong.SetResult();
        await first.PlayAsync("S: 530 *");
        right.SetResult();
        Assert.Equal(TimeSpan.FromSeconds(1), await _clock.WaitForTimersAsync());
        Assert.DoesNotContain(server.Log.Texts, text => text.Contains("logged in as", StringComparison.Ordinal));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await second.PlayAsync("S: 230 *");
    }

    [Fact]
    public async Task A_login_clears_its_account_but_not_its_address()
    {
        await using TestServer server = Start(Wire.IPv4);
        await FailAsync(server, "owner");
        await using (Conversation client = await SendPasswordAsync(server, "owner", "right"))
        {
            await _clock.WaitForTimersAsync();
            _clock.Advance(TimeSpan.FromSeconds(1));
            await client.PlayAsync("S: 230 *");
        }

        await FailAsync(server, "owner"); // the first failure of the account after its login, the second of the address
        await using (Conversation client = await SendPasswordAsync(server, "owner", "wrong"))
        {
            Assert.Equal(TimeSpan.FromSeconds(1), await _clock.WaitForTimersAsync());
            _clock.Advance(TimeSpan.FromSeconds(1));
            await client.PlayAsync("S: 530 *");
        }

        await using Conversation other = await SendPasswordAsync(server, "other", "wrong");
        Assert.Equal(TimeSpan.FromSeconds(2), await _clock.WaitForTimersAsync()); // the third failure of the address
    }

    [Fact]
    public async Task A_failure_expires_after_a_minute()
    {
        await using TestServer server = Start(Wire.IPv4);
        await FailAsync(server, "owner");
        _clock.Advance(TimeSpan.FromMinutes(1));
        await FailAsync(server, "owner");
        await using Conversation client = await SendPasswordAsync(server, "owner", "right");
        Assert.Equal(TimeSpan.FromSeconds(1), await _clock.WaitForTimersAsync());
        _clock.Advance(TimeSpan.FromSeconds(1));
        await client.PlayAsync("S: 230 *");
    }

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7", true)]
    [InlineData("192.0.2.7", "192.0.2.8", false)]
    [InlineData("2001:db8::7", "2001:db8::ffff:1", true)]
    [InlineData("2001:db8::7", "2001:db8:0:1::7", false)]
    public async Task The_delay_applies_to_the_client_in_the_PROXY_header(string failed, string next, bool waits)
    {
        Wire wire = failed.Contains(':', StringComparison.Ordinal) ? Wire.IPv6 : Wire.IPv4;
        await using TestServer server =
            Start(wire, options => options with { ProxyProtocolNetworks = [new IPNetwork(wire.Loopback(), wire.IsIPv4() ? 32 : 128)] });
        string balancer = wire.IsIPv4() ? "198.51.100.1" : "2001:db8:ffff::1";
        await FailAsync(server, "owner", ProxyHeaders.Create(failed, balancer));
        await using Conversation client = await SendPasswordAsync(server, "owner", "right", ProxyHeaders.Create(next, balancer));
        if (waits)
        {
            Assert.Equal(TimeSpan.FromSeconds(1), await _clock.WaitForTimersAsync());
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        await client.PlayAsync("S: 230 *");
    }

    [Fact]
    public async Task All_loopback_addresses_of_a_user_share_the_delay()
    {
        await using TestServer server = Start(Wire.IPv4);
        await FailAsync(server, "owner");
        await using Conversation client = await server.ConnectAsync(IPAddress.Parse("127.0.0.2"));
        await client.PlayAsync("S: 220 *\nC: USER owner\nS: 331 *\nC: PASS right");
        Assert.Equal(TimeSpan.FromSeconds(1), await _clock.WaitForTimersAsync());
    }

    [Fact]
    public async Task The_delay_applies_to_all_hosts()
    {
        await using TestServer server =
            Start(Wire.IPv4, options =>
            options with { Hosts = [new FtpHost { Name = "other.example", Store = new MemoryFileStore(), Authenticator = _accounts }] });
        await FailAsync(server, "owner");
        await using Conversation client = await server.ConnectAsync();
        await client.PlayAsync("S: 220 *\nC: HOST other.example\nS: 220 *\nC: USER owner\nS: 331 *\nC: PASS right");
        Assert.Equal(TimeSpan.FromSeconds(1), await _clock.WaitForTimersAsync());
    }

    [Fact]
    public async Task Failures_of_other_addresses_do_not_evict_an_address_with_more()
    {
        await using TestServer server = Start(
            Wire.IPv4, options => options with { ProxyProtocolNetworks = [IPNetwork.Parse("127.0.0.1/32")], MaxTrackedAddresses = 3 });
        byte[] attacker = ProxyHeaders.Create("192.0.2.1");
        await FailAsync(server, "owner", attacker);
        await using (Conversation again = await SendPasswordAsync(server, "owner", "wrong", attacker))
        {
            await _clock.WaitForTimersAsync();
            _clock.Advance(TimeSpan.FromSeconds(1));
            await again.PlayAsync("S: 530 *");
        }

        for (int i = 2; i <= 9; i++)
        {
            await FailAsync(server, "owner", ProxyHeaders.Create($"192.0.2.{i}"));
        }

        await using Conversation client = await SendPasswordAsync(server, "owner", "right", attacker);
        Assert.Equal(TimeSpan.FromSeconds(2), await _clock.WaitForTimersAsync());
    }

    [Theory, OnEveryWire]
    public async Task A_known_account_does_not_wait_for_the_failures_of_others(Wire wire)
    {
        await using TestServer server = Start(wire);
        await using (Conversation before = await SendPasswordAsync(server, "owner", "right"))
        {
            await before.PlayAsync("S: 230 *");
        }

        await FailAsync(server, "a");
        var guesses = new List<Conversation>();
        for (int i = 0; i < 20; i++)
        {
            guesses.Add(await SendPasswordAsync(server, $"guess{i}", "wrong"));
        }

        await server.Log.WaitForAsync(RecordingLogger.TooManyFailedLogins); // no further guess may wait
        await using Conversation client = await SendPasswordAsync(server, "owner", "right");
        await client.PlayAsync("S: 230 *");
        foreach (Conversation guess in guesses)
        {
            await guess.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_known_account_waits_for_its_own_failures()
    {
        await using TestServer server = Start(Wire.IPv4);
        await using (Conversation before = await SendPasswordAsync(server, "owner", "right"))
        {
            await before.PlayAsync("S: 230 *");
        }

        await FailAsync(server, "owner");
        var delays = new List<double>();
        for (int i = 0; i < 6; i++)
        {
            await using Conversation guess = await SendPasswordAsync(server, "owner", "wrong");
            delays.Add((await _clock.WaitForTimersAsync()).TotalSeconds);
            _clock.Advance(TimeSpan.FromSeconds(delays[^1]));
            await guess.PlayAsync("S: 530 *");
        }

        Assert.Equal([1, 2, 4, 8, 16, 16], delays);
        await using Conversation other = await SendPasswordAsync(server, "other", "wrong");
        Assert.Equal(TimeSpan.FromSeconds(8), await _clock.WaitForTimersAsync()); // its failures also count for the address
    }

    [Fact]
    public async Task An_account_is_known_at_the_address_of_its_login_only_and_for_a_day()
    {
        await using TestServer server =
            Start(Wire.IPv4, options => options with { ProxyProtocolNetworks = [IPNetwork.Parse("127.0.0.1/32")] });
        byte[] known = ProxyHeaders.Create("192.0.2.1"), unknown = ProxyHeaders.Create("192.0.2.2");
        await using (Conversation before = await SendPasswordAsync(server, "owner", "right", known))
        {
            await before.PlayAsync("S: 230 *");
        }

        await FailAsync(server, "a", unknown);
        await using (Conversation otherAddress = await SendPasswordAsync(server, "owner", "right", unknown))
        {
            Assert.Equal(TimeSpan.FromSeconds(1), await _clock.WaitForTimersAsync());
            _clock.Advance(TimeSpan.FromSeconds(1));
            await otherAddress.PlayAsync("S: 230 *");
        }

        _clock.Advance(TimeSpan.FromHours(24));
        await FailAsync(server, "a", known);
        await using Conversation later = await SendPasswordAsync(server, "owner", "right", known);
        Assert.Equal(TimeSpan.FromSeconds(1), await _clock.WaitForTimersAsync());
    }

    [Fact]
    public async Task Eight_logins_may_wait_however_long_the_delay_is()
    {
        await using TestServer server = Start(Wire.IPv4);
        await FailAsync(server, "owner");
        for (int i = 0; i < 5; i++)
        {
            await using Conversation guess = await SendPasswordAsync(server, "owner", "wrong");
            _clock.Advance(await _clock.WaitForTimersAsync());
            await guess.PlayAsync("S: 530 *");
        }

        var waiting = new List<Conversation>();
        for (int i = 0; i < 8; i++)
        {
            waiting.Add(await SendPasswordAsync(server, "owner", "right"));
            await server.Log.WaitForAsync(RecordingLogger.Connected, times: 7 + i);
        }

        Assert.Equal(TimeSpan.FromSeconds(16), await _clock.WaitForTimersAsync());
        _clock.Advance(TimeSpan.FromSeconds(16));
        foreach (Conversation client in waiting)
        {
            await client.PlayAsync("S: 230 *"); // the first login clears the account's failures
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_delay_does_not_count_towards_the_login_timeout()
    {
        await using TestServer server = Start(Wire.IPv4, options => options with { LoginTimeout = TimeSpan.FromSeconds(2) });
        await FailAsync(server, "owner");
        await using Conversation client = await SendPasswordAsync(server, "owner", "wrong");
        await _clock.WaitForTimersAsync();
        for (int i = 0; i < 2; i++)
        {
            // The monitor closes the second silent session in a later check than the first.
            await using Conversation silent = await server.ConnectAsync();
            await silent.PlayAsync("S: 220 *\nS: 421 *\nS: (end)");
        }

        _clock.Advance(TimeSpan.FromSeconds(1));
        await client.PlayAsync("S: 530 *\nC: QUIT\nS: 221 *");
    }

    private TestServer Start(Wire wire, Func<FtpServerOptions, FtpServerOptions>? configure = null) => new(wire, configure: options =>
    {
        FtpServerOptions delayed = options with { Authenticator = _accounts, LoginDelay = TimeSpan.FromSeconds(1), TimeProvider = _clock };
        return configure is null ? delayed : configure(delayed);
    });

    /// <summary>Connects and sends a password. The caller reads the reply.</summary>
    private static async Task<Conversation> SendPasswordAsync(TestServer server, string userName, string password, byte[]? header = null)
    {
        Conversation client = await server.ConnectAsync(header: header);
        await client.PlayAsync($"S: 220 *\nC: USER {userName}\nS: 331 *\nC: PASS {password}");
        return client;
    }

    /// <summary>Performs a failed login that is not delayed.</summary>
    private static async Task FailAsync(TestServer server, string userName, byte[]? header = null)
    {
        await using Conversation client = await SendPasswordAsync(server, userName, "wrong", header);
        await client.PlayAsync("S: 530 *");
    }
}
