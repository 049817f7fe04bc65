using System.Net;
using Fts.Accounts;
using Fts.Accounts.Login;
using Fts.Accounts.Settings;
using Fts.Server.Tests.Support;
using Fts.Storage;

namespace Fts.Server.Tests.Logins;

/// <summary>Logins to accounts of a database, and changes of these accounts while clients are logged in.</summary>
public sealed class DatabaseAccountTests
{
    private const string Key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The refused accounts, and the rule that the log contains.</summary>
    public static TheoryData<string, string?> RefusedAccounts => new()
    {
        { "unknown", null },
        { "wrong-password", null },
        { "without-password", null },
        { "disabled", "account.disabled" },
        { "expired", "account.expired" },
        { "elsewhere", "network.denied" },
        { "tls", "tls.required" },
        { "night", "account.hours" },
        { "homeless", "home.unavailable" },
        { "anonymous", null },
    };

    [Theory, OnEveryWire]
    public async Task An_account_logs_in_with_its_password(Wire wire)
    {
        await using var server = new AccountServer(wire);
        await server.AddAsync("anna", account => account with { Access = new() { RequiresTls = wire.Tls() is not null } });
        await using Conversation client = await server.LogInAsync("anna");
        await client.PlayAsync("""
            C: PWD
            S: 257 "/" *
            """);
    }

    [Theory]
    [MemberData(nameof(RefusedAccounts))]
    public async Task Every_refused_login_has_the_same_reply_and_the_log_names_the_rule(string name, string? rule)
    {
        await using var server = new AccountServer();
        await server.AddAsync("wrong-password", account => account with { PasswordHash = "other" });
        await server.AddAsync("without-password", account => account with { PasswordHash = null });
        await server.AddAsync("disabled", account => account with { IsEnabled = false });
        await AddAsync(server, "expired", new() { ExpiresAt = DateTimeOffset.UnixEpoch });
        await AddAsync(server, "elsewhere", new() { Networks = [IPNetwork.Parse("192.0.2.0/24")] });
        await AddAsync(server, "tls", new() { RequiresTls = true });
        TimeOnly now = TimeOnly.FromDateTime(DateTime.Now);
        await AddAsync(server, "night", new() { Hours = new AllowedHours(now.AddHours(6), now.AddHours(7)) });
        await AddAsync(server, "homeless", new() { Home = "/missing" });
        await server.Server.PlayFromGreetingAsync($"""
            S: 220 *
            C: USER {name}
            S: 331 User name okay, need password.
            C: PASS secret
            S: 530 Login incorrect.
            C: PWD
            S: 530 *
            """);
        Assert.Equal(1, server.Verifications.Known + server.Verifications.Unknown);
        string line = Assert.Single(server.Server.Log.Texts, text => text.Contains("login failed", StringComparison.Ordinal));
        Assert.EndsWith(rule is null ? $"login failed for {name} from 127.0.0.1" : $"({rule})", line.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_hides_every_other_rule()
    {
        await using var server = new AccountServer();
        await server.AddAsync("disabled", account => account with { IsEnabled = false, PasswordHash = "other" });
        await server.Server.PlayFromGreetingAsync("""
            S: 220 *
            C: USER disabled
            S: 331 *
            C: PASS secret
            S: 530 Login incorrect.
            """);
        Assert.DoesNotContain(server.Server.Log.Texts, text => text.Contains("account.disabled", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_busy_verifier_refuses_the_login()
    {
        await using var server = new AccountServer { NextCheck = PasswordCheck.Busy };
        await server.AddAsync("anna");
        await server.Server.PlayFromGreetingAsync("""
            S: 220 *
            C: USER anna
            S: 331 *
            C: PASS secret
            S: 530 Login incorrect.
            """);
        Assert.Contains(server.Server.Log.Texts, text => text.Contains("(limit.logins)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_imported_hash_is_replaced_at_the_first_login()
    {
        await using var server = new AccountServer { NextCheck = PasswordCheck.AcceptedNeedsUpgrade };
        await server.AddAsync("anna", account => account with { Access = new() { MaxSessions = 3 } });
        await using Conversation client = await server.LogInAsync("anna");
        AccountSettings anna = (await server.Accounts.FindAccountAsync("anna", Token))!.Value;
        Assert.Equal(("secret-upgraded", 3), (anna.PasswordHash, anna.Access.MaxSessions));
    }

    [Fact]
    public async Task Anonymous_clients_log_in_until_the_first_account_exists_and_never_after_it_was_removed()
    {
        const string Refused = """
            S: 220 *
            C: USER anonymous
            S: 331 *
            C: PASS secret
            S: 530 Login incorrect.
            """;
        await using var server = new AccountServer();
        await using Conversation before = await server.LogInAsync("anonymous");
        await server.AddAsync("anna");
        await server.Server.PlayFromGreetingAsync(Refused);
        await server.Accounts.ApplyAsync([AccountChange.RemoveAccount("anna")], TestContext.Current.CancellationToken);
        await server.Server.PlayFromGreetingAsync(Refused);
    }

    [Fact]
    public async Task Anonymous_clients_log_in_beside_accounts_only_if_no_account_has_that_name()
    {
        await using var server = new AccountServer(unknownUsers: new AnonymousAuthenticator(Permissions.ReadOnly));
        await server.AddAsync("ftp", account => account with { IsEnabled = false });
        await using Conversation client = await server.LogInAsync("anonymous");
        await server.Server.PlayFromGreetingAsync("""
            S: 220 *
            C: USER ftp
            S: 331 *
            C: PASS secret
            S: 530 Login incorrect.
            """);
    }

    [Fact]
    public async Task Each_account_sees_its_home_and_its_mounts()
    {
        await using var server = new AccountServer();
        await AddAsync(server, "anna", new() { Home = "/a", Mounts = [new MountSettings(At("/pub"), "/p", IsReadOnly: true)] });
        await AddAsync(server, "bob", new() { Home = "/b", Mounts = [new MountSettings(At("/pub"), "/p", IsReadOnly: false)] });
        await using Conversation bob = await server.LogInAsync("bob");
        await bob.PlayAsync("""
            C: TYPE I
            S: 200 *
            C: EPSV
            S: 229 *
            C: STOR pub/news
            S: 150 *
            D> hello
            S: 226 *
            """);
        await using Conversation anna = await server.LogInAsync("anna");
        await anna.PlayAsync("""
            C: TYPE I
            S: 200 *
            C: EPSV
            S: 229 *
            C: NLST
            S: 150 *
            L< pub
            S: 226 *
            C: EPSV
            S: 229 *
            C: RETR pub/news
            S: 150 *
            D< hello
            S: 226 *
            C: DELE pub/news
            S: 550 *
            C: RMD pub
            S: 550 *
            C: RNFR pub
            S: 350 *
            C: RNTO other
            S: 550 *
            C: MKD own
            S: 257 *
            """);
        Assert.NotNull(await server.Directories["/a"].GetEntryAsync(At("/own"), Token));
        Assert.Null(await server.Directories["/b"].GetEntryAsync(At("/own"), Token));
    }

    [Fact]
    public async Task A_change_applies_from_the_next_command_and_keeps_the_working_directory()
    {
        await using var server = new AccountServer();
        await server.AddAsync("anna");
        await using Conversation client = await server.LogInAsync("anna");
        await client.PlayAsync("""
            C: MKD work
            S: 257 *
            C: CWD work
            S: 250 *
            C: MKD first
            S: 257 *
            """);
        await server.ChangeAsync("anna", account => account with
        {
            Access = new() { Rules = [new PermissionRule(StorePath.Root, Permissions.ReadOnly)] },
        });
        await client.PlayAsync("""
            C: PWD
            S: 257 "/work" *
            C: MKD second
            S: 553 *
            """);
    }

    [Theory]
    [InlineData("disable"), InlineData("remove"), InlineData("deny network")]
    public async Task A_session_of_an_account_that_can_no_longer_log_in_ends(string change)
    {
        await using var server = new AccountServer();
        await server.AddAsync("anna");
        await using Conversation client = await server.LogInAsync("anna");
        if (change == "remove")
        {
            await server.Accounts.ApplyAsync([AccountChange.RemoveAccount("anna")], Token);
            await server.Authenticator.RefreshAsync(Token);
        }
        else
        {
            await server.ChangeAsync("anna", account => change == "disable"
                ? account with { IsEnabled = false }
                : account with { Access = new() { Networks = [IPNetwork.Parse("192.0.2.0/24")] } });
        }

        // The session monitor may end an idle session before the next command.
        await client.PlayAsync("""
            C: NOOP
            S: 421 Account no longer available, closing control connection.
            S: (end)
            """);
    }

    [Fact]
    public async Task Disabling_ends_an_idle_session_and_aborts_a_transfer()
    {
        await using var server = new AccountServer();
        await server.AddAsync("anna");
        await using Conversation idle = await server.LogInAsync("anna"), busy = await server.LogInAsync("anna");
        await busy.PlayAsync("""
            C: TYPE I
            S: 200 *
            C: EPSV
            S: 229 *
            C: STOR file
            S: 150 *
            D+ begin
            """);
        await server.ChangeAsync("anna", account => account with { IsEnabled = false });
        await idle.PlayAsync("""
            S: 421 Account no longer available, closing control connection.
            S: (end)
            """);
        await busy.PlayAsync("""
            S: 426 *
            S: 421 Account no longer available, closing control connection.
            S: (end)
            """);
        Assert.Null(await server.Server.ReadAsync("/file"));
    }

    [Fact]
    public async Task An_account_expires_during_its_session()
    {
        var clock = new AdjustableClock();
        await using var server = new AccountServer(time: clock);
        await AddAsync(server, "anna", new() { ExpiresAt = clock.Now + TimeSpan.FromHours(1) });
        await using Conversation client = await server.LogInAsync("anna");
        await server.Authenticator.RefreshAsync(Token);
        await client.PlayAsync("""
            C: NOOP
            S: 200 *
            """);
        clock.Now += TimeSpan.FromHours(2);
        await server.Authenticator.RefreshAsync(Token);
        await client.PlayAsync("""
            C: NOOP
            S: 421 *
            S: (end)
            """);
    }

    [Fact]
    public async Task A_key_logs_in_only_its_own_account_over_tls()
    {
        await using var server = new AccountServer();
        await server.AddAsync("anna", account => account with { PasswordHash = null, KeyFingerprints = [Key] });
        await server.AddAsync("bob");
        Assert.Equal("anna", await FindAsync("anna", Key, isEncrypted: true));
        Assert.Null(await FindAsync("bob", Key, isEncrypted: true));
        Assert.Null(await FindAsync("anna", Key, isEncrypted: false));
        Assert.Null(await FindAsync("anna", Key.Replace('A', 'B'), isEncrypted: true));
        await server.ChangeAsync("anna", account => account with { IsEnabled = false });
        Assert.Null(await FindAsync("anna", Key, isEncrypted: true));

        async Task<string?> FindAsync(string name, string key, bool isEncrypted)
        {
            var credentials = new Credentials(name, "", IPAddress.Loopback, isEncrypted)
            {
                Certificate = new ClientCertificate("CN=anna", "anna", key),
            };
            return (await server.Authenticator.AuthenticateByCertificateAsync(credentials, Token))?.Name;
        }
    }

    private sealed class AdjustableClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }

    private static Task AddAsync(AccountServer server, string name, AccessSettings access) =>
        server.AddAsync(name, account => account with { Access = access });

    private static StorePath At(string path) => StorePath.Root.Resolve(path)!.Value;
}
