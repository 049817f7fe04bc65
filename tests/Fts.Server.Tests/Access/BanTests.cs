using System.Globalization;
using System.Net;
using Fts.Accounts.Bans;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Access;

/// <summary>Bans of accounts at an address and of addresses, over all sessions. The addresses come from PROXY headers.</summary>
public sealed class BanTests
{
    private const string Office = "192.0.2.7";

    private readonly ManualClock _clock = new();
    private readonly GuessableAccounts _accounts = new();
    private readonly RecordingBanStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task After_ten_failures_the_account_is_refused_at_that_address_without_a_check_of_the_password(Wire wire)
    {
        await using TestServer server = Start(wire);
        await FailAsync(server, Office, "owner", times: 10);
        Assert.Equal(10, _accounts.Checks);
        await PlayLoginAsync(server, Office, "owner", "right", "530 Login incorrect.");
        Assert.Equal(10, _accounts.Checks);
        await PlayLoginAsync(server, "192.0.2.8", "owner", "right", "230 *");
        await PlayLoginAsync(server, Office, "guest", "wrong", "530 Login incorrect.");
        Assert.Equal(12, _accounts.Checks);
        Ban ban = Assert.Single(server.Inner.Bans!.GetBans());
        Assert.Equal(("owner@192.0.2.7", 10, BanSource.Automatic), (ban.Subject.ToString(), ban.Failures, ban.Source));
        Assert.Equal("10 failed logins within 60 min", ban.Reason);
        Assert.Equal(TimeSpan.FromMinutes(15), ban.Until - ban.Since);
    }

    [Fact]
    public async Task A_ban_ends_at_its_time_whatever_passwords_were_sent_meanwhile()
    {
        await using TestServer server = Start(Wire.IPv4);
        await FailAsync(server, Office, "owner", times: 10);
        DateTimeOffset? until = server.Inner.Bans!.GetBans()[0].Until;
        _clock.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromTicks(1));
        await PlayLoginAsync(server, Office, "owner", "right", "530 Login incorrect.");
        await PlayLoginAsync(server, Office, "owner", "wrong", "530 Login incorrect.");
        Assert.Equal(until, Assert.Single(server.Inner.Bans.GetBans()).Until);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Empty(server.Inner.Bans.GetBans());
        await PlayLoginAsync(server, Office, "owner", "right", "230 *");
    }

    [Fact]
    public async Task A_successful_login_restarts_the_count_of_its_account()
    {
        await using TestServer server = Start(Wire.IPv4);
        await FailAsync(server, Office, "owner", times: 9);
        await PlayLoginAsync(server, Office, "owner", "right", "230 *");
        await FailAsync(server, Office, "owner", times: 9);
        await PlayLoginAsync(server, Office, "owner", "right", "230 *");
    }

    [Fact]
    public async Task Failures_older_than_an_hour_do_not_count()
    {
        await using TestServer server = Start(Wire.IPv4);
        await FailAsync(server, Office, "owner", times: 9);
        _clock.Advance(TimeSpan.FromHours(1));
        await FailAsync(server, Office, "owner", times: 9);
        await PlayLoginAsync(server, Office, "owner", "right", "230 *");
    }

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7", "192.0.2.8", "192.0.2.7")]
    [InlineData("2001:db8::1", "2001:db8::ffff", "2001:db8:0:1::1", "2001:db8::/64")]
    public async Task After_fifty_different_failures_connections_of_the_address_receive_421(
        string address, string same, string other, string subject)
    {
        await using TestServer server = Start(Wire.IPv6);
        for (int i = 0; i < 50; i++)
        {
            await FailAsync(server, address, string.Create(CultureInfo.InvariantCulture, $"user{i}"), times: 1);
        }

        Assert.Equal([subject], server.Inner.Bans!.GetBans().Select(ban => ban.Subject.ToString()));
        await using Conversation banned = await ConnectAsync(server, same);
        await banned.PlayAsync("S: 421 Your address is banned (ban.active), try again later.\nS: (end)");
        await PlayLoginAsync(server, other, "owner", "right", "230 *");
    }

    [Fact]
    public async Task The_same_wrong_password_of_an_account_counts_once_for_the_address()
    {
        await using TestServer server = Start(Wire.IPv4, bans => bans with { MaxFailuresPerAccount = 0, MaxFailuresPerAddress = 3 });
        await FailAsync(server, Office, "owner", times: 10);
        await PlayLoginAsync(server, Office, "owner", "right", "230 *");
        Assert.Empty(server.Inner.Bans!.GetBans());
    }

    [Fact]
    public async Task Repeated_passwords_do_not_evict_earlier_guesses()
    {
        await using TestServer server = Start(
            Wire.IPv4, bans => bans with { MaxFailuresPerAccount = 3, MaxFailuresPerAddress = 10 });
        for (int i = 0; i < 5; i++)
        {
            await FailAsync(server, Office, string.Create(CultureInfo.InvariantCulture, $"first{i}"), times: 1);
        }

        for (int i = 0; i < 4; i++)
        {
            await FailAsync(server, Office, string.Create(CultureInfo.InvariantCulture, $"repeated{i}"), times: 2);
        }

        Assert.Empty(server.Inner.Bans!.GetBans());
        await FailAsync(server, Office, "last", times: 1);
        Assert.Equal(Office, Assert.Single(server.Inner.Bans.GetBans()).Subject.ToString());
    }

    [Fact]
    public async Task A_session_that_was_open_before_the_ban_of_its_address_cannot_log_in()
    {
        await using TestServer server = Start(Wire.IPv4);
        await using Conversation open = await ConnectAsync(server, Office);
        await open.PlayAsync("S: 220 *");
        await BanAsync(server, Office, until: null);
        await open.PlayAsync("C: USER owner\nS: 331 *\nC: PASS right\nS: 530 Login incorrect.");
        Assert.True(await server.Inner.Bans!.RemoveAsync(Parse(Office), cancellationToken: Token));
        await open.PlayAsync("C: USER owner\nS: 331 *\nC: PASS right\nS: 230 *");
    }

    [Fact]
    public async Task Networks_that_are_never_banned_are_neither_counted_nor_refused()
    {
        await using TestServer server = Start(Wire.IPv4, bans => bans with { NeverBanned = [IPNetwork.Parse("192.0.2.0/24")] });
        await FailAsync(server, Office, "owner", times: 12);
        Assert.Empty(server.Inner.Bans!.GetBans());
        await BanAsync(server, "192.0.0.0/16", until: null);
        await PlayLoginAsync(server, Office, "owner", "right", "230 *");
        await using Conversation outside = await ConnectAsync(server, "192.0.3.1");
        await outside.PlayAsync("S: 421 *\nS: (end)");
    }

    [Fact]
    public async Task Loopback_is_never_banned_by_default()
    {
        await using TestServer server = new(Wire.IPv4, configure: options => options with { Authenticator = _accounts });
        for (int i = 0; i < 12; i++)
        {
            await server.PlayFromGreetingAsync("S: 220 *\nC: USER owner\nS: 331 *\nC: PASS wrong\nS: 530 *");
        }

        await server.PlayFromGreetingAsync("S: 220 *\nC: USER owner\nS: 331 *\nC: PASS right\nS: 230 *");
    }

    [Fact]
    public async Task Bans_survive_a_restart()
    {
        await using (TestServer first = Start(Wire.IPv4))
        {
            await FailAsync(first, Office, "owner", times: 10);
            await BanAsync(first, "198.51.100.0/24", until: null);
            await BanAsync(first, "203.0.113.1", until: null);
            Assert.True(await first.Inner.Bans!.RemoveAsync(Parse("203.0.113.1"), "root", Token));
            Assert.False(await first.Inner.Bans.RemoveAsync(Parse("203.0.113.1"), "root", Token));
        }

        await using TestServer second = Start(Wire.IPv4);
        Assert.Equal(
            ["198.51.100.0/24", "owner@192.0.2.7"], second.Inner.Bans!.GetBans().Select(ban => ban.Subject.ToString()).Order());
        int checks = _accounts.Checks;
        await PlayLoginAsync(second, Office, "owner", "right", "530 Login incorrect.");
        Assert.Equal(checks + 1, _accounts.Checks); // measures the time of a wrong password, with a name that no account has
        await PlayLoginAsync(second, Office, "owner", "right", "530 Login incorrect.");
        Assert.Equal(checks + 1, _accounts.Checks);
    }

    [Fact]
    public async Task A_refresh_reads_the_bans_of_other_servers()
    {
        await using TestServer server = Start(Wire.IPv4);
        await _store.SaveAsync(new Ban(Parse(Office), "abuse", _clock.GetUtcNow(), null, BanSource.Manual, 0), Token);
        await PlayLoginAsync(server, Office, "owner", "right", "230 *");
        await server.Inner.Bans!.RefreshAsync(Token);
        await using Conversation banned = await ConnectAsync(server, Office);
        await banned.PlayAsync("S: 421 *\nS: (end)");
    }

    [Fact]
    public async Task If_the_store_fails_a_ban_applies_and_is_written_later()
    {
        await using TestServer server = Start(Wire.IPv4);
        _store.IsFailing = true;
        await Assert.ThrowsAsync<IOException>(() => BanAsync(server, Office, until: null));
        await using Conversation banned = await ConnectAsync(server, Office);
        await banned.PlayAsync("S: 421 *\nS: (end)");
        await Assert.ThrowsAsync<IOException>(async () => await server.Inner.Bans!.RefreshAsync(Token));
        _store.IsFailing = false;
        await server.Inner.Bans!.RefreshAsync(Token);
        Assert.Equal([Office], (await _store.LoadAsync(Token)).Select(ban => ban.Subject.ToString()));
        Assert.Single(server.Inner.Bans.GetBans());
    }

    [Fact]
    public async Task Ended_bans_are_removed_from_the_store()
    {
        await using TestServer server = Start(Wire.IPv4);
        await BanAsync(server, Office, until: TimeSpan.FromMinutes(1));
        _clock.Advance(TimeSpan.FromMinutes(1));
        await server.Inner.Bans!.RefreshAsync(Token);
        Assert.Empty(await _store.LoadAsync(Token));
        Assert.Equal(["192.0.2.7 Ended"], _store.Removals);
        await BanAsync(server, Office, until: null);
        Assert.True(await server.Inner.Bans.RemoveAsync(Parse(Office), "root", Token));
        Assert.Equal(["192.0.2.7 Ended", "192.0.2.7 Removed root"], _store.Removals);
    }

    [Fact]
    public async Task A_stored_ban_of_a_network_that_is_never_banned_refuses_nobody()
    {
        await _store.SaveAsync(new Ban(Parse("192.0.2.0/25"), "abuse", _clock.GetUtcNow(), null, BanSource.Manual, 0), Token);
        await using TestServer server = Start(Wire.IPv4, bans => bans with { NeverBanned = [IPNetwork.Parse("192.0.2.0/24")] });
        Assert.Equal([true], server.Inner.Bans!.GetBans().Select(ban => server.Inner.Bans.IsNeverBanned(ban.Subject)));
        await PlayLoginAsync(server, Office, "owner", "right", "230 *");
        Assert.False(server.Inner.Bans.IsNeverBanned(Parse("192.0.0.0/16"))); // refuses the clients outside the /24 network
    }

    [Fact]
    public async Task A_banned_login_takes_as_long_as_a_wrong_password()
    {
        await using TestServer server = Start(Wire.IPv4);
        TaskCompletionSource slow = _accounts.Hold("slow");
        await using Conversation guess = await ConnectAsync(server, Office);
        await guess.PlayAsync("S: 220 *\nC: USER nobody\nS: 331 *");
        await guess.SendAsync("PASS slow");
        await _accounts.WaitForChecksAsync(1);
        _clock.Advance(TimeSpan.FromMilliseconds(80));
        slow.SetResult();
        await guess.PlayAsync("S: 530 *");
        await BanAsync(server, "owner@192.0.2.7", until: null);
        await using Conversation banned = await ConnectAsync(server, Office);
        await banned.PlayAsync("S: 220 *\nC: USER owner\nS: 331 *");
        await banned.SendAsync("PASS right");
        Assert.Equal(TimeSpan.FromMilliseconds(80), await _clock.WaitForTimersAsync());
        _clock.Advance(TimeSpan.FromMilliseconds(80));
        await banned.PlayAsync("S: 530 Login incorrect.");
        Assert.Equal(1, _accounts.Checks);
    }

    private static BanSubject Parse(string text) => BanSubject.TryParse(text, out BanSubject? subject)
        ? subject
        : throw new FormatException(text);

    private Task BanAsync(TestServer server, string subject, TimeSpan? until) => server.Inner.Bans!.AddAsync(
        new Ban(Parse(subject), "abuse", _clock.GetUtcNow(), _clock.GetUtcNow() + until, BanSource.Manual, 0), Token).AsTask();

    private static Task<Conversation> ConnectAsync(TestServer server, string address) =>
        server.ConnectAsync(header: ProxyHeaders.Create(address, address.Contains(':', StringComparison.Ordinal) ? "2001:db8:f::1" : "198.51.100.1"));

    private static async Task FailAsync(TestServer server, string address, string userName, int times)
    {
        for (int i = 0; i < times; i++)
        {
            await PlayLoginAsync(server, address, userName, "wrong", "530 Login incorrect.");
        }
    }

    private static async Task PlayLoginAsync(TestServer server, string address, string userName, string password, string reply)
    {
        await using Conversation client = await ConnectAsync(server, address);
        await client.PlayAsync($"""
            S: 220 *
            C: USER {userName}
            S: 331 *
            C: PASS {password}
            S: {reply}
            """);
    }

    private TestServer Start(Wire wire, Func<FtpBanOptions, FtpBanOptions>? configure = null)
    {
        var bans = new FtpBanOptions { Store = _store };
        return new TestServer(wire, configure: options => options with
        {
            Authenticator = _accounts,
            TimeProvider = _clock,
            ProxyProtocolNetworks = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")],
            MaxConnectionsPerSecondPerAddress = 0,
            Bans = configure is null ? bans : configure(bans),
        });
    }

    /// <summary>A store of bans that a test can make fail.</summary>
    private sealed class RecordingBanStore : IBanStore
    {
        private readonly Dictionary<BanSubject, Ban> _bans = [];

        public bool IsFailing { get; set; }

        public ValueTask<IReadOnlyList<Ban>> LoadAsync(CancellationToken cancellationToken) => Run<IReadOnlyList<Ban>>(() => [.. _bans.Values]);

        public async ValueTask SaveAsync(Ban ban, CancellationToken cancellationToken) => await Run(() => _bans[ban.Subject] = ban);

        /// <summary>The removals, as text.</summary>
        public List<string> Removals { get; } = [];

        public ValueTask<bool> RemoveAsync(BanSubject subject, BanRemoval removal, CancellationToken cancellationToken) => Run(() =>
        {
            Removals.Add($"{subject} {removal.Reason} {removal.Actor}".TrimEnd());
            return _bans.Remove(subject);
        });

        private ValueTask<T> Run<T>(Func<T> action)
        {
            lock (_bans)
            {
                return IsFailing ? throw new IOException("the disk is full") : new ValueTask<T>(action());
            }
        }
    }
}
