using System.Net;
using Fts.Accounts.Bans;
using Fts.Accounts.Login;
using Fts.Accounts.Settings;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Logins;

/// <summary>Logins whose names no account has, and which another server checks.</summary>
public sealed class TakeOverTests
{
    private readonly OtherServer _other = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnEveryWire]
    public async Task An_accepted_password_creates_the_account_and_logs_the_client_in(Wire wire)
    {
        await using var server = new AccountServer(wire, takeOver: _other);
        await server.Server.PlayFromGreetingAsync("""
            S: 220 *
            C: USER anna
            S: 331 *
            C: PASS old secret
            S: 230 *
            C: PWD
            S: 257 "/" *
            """);
        AccountSettings account = (await server.Accounts.FindAccountAsync("anna", Token))!.Value;
        Assert.Equal(("old secret-upgraded", "/homes/%u"), (account.PasswordHash, account.Access.Home));
        Assert.Equal(["anna"], _other.Created);
    }

    [Fact]
    public async Task The_other_server_is_asked_only_until_the_account_exists()
    {
        await using var server = new AccountServer(takeOver: _other);
        await PlayAsync(server, "anna", "old secret", "230 *");
        await PlayAsync(server, "anna", "old secret-upgraded", "230 *"); // the hash of this test is the password itself
        await PlayAsync(server, "anna", "old secret", "530 Login incorrect.");
        Assert.Equal(["anna old secret"], _other.Checks);
    }

    [Theory]
    [InlineData(TakeOverCheck.Rejected, "login failed for anna from 127.0.0.1 ")]
    [InlineData(TakeOverCheck.Busy, "login failed for anna from 127.0.0.1 (limit.logins)")]
    [InlineData(TakeOverCheck.Unavailable, "login failed for anna from 127.0.0.1 (legacy.unavailable)")]
    public async Task Without_an_accepted_password_the_reply_is_that_of_a_wrong_password(TakeOverCheck check, string text)
    {
        _other.Result = check;
        await using var server = new AccountServer(takeOver: _other);
        await PlayAsync(server, "anna", "old secret", "530 Login incorrect.");
        Assert.Null(await server.Accounts.FindAccountAsync("anna", Token));
        Assert.Equal((0, 1), server.Verifications);
        Assert.Contains(server.Server.Log.Texts, line => line.Contains(text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("anonymous")]
    [InlineData("FTP")]
    [InlineData("../up")]
    [InlineData("a/b")]
    public async Task A_name_that_no_account_can_have_is_rejected_without_asking(string name)
    {
        await using var server = new AccountServer(takeOver: _other);
        await PlayAsync(server, name, "old secret", "530 Login incorrect.");
        Assert.Empty(_other.Checks);
    }

    [Fact]
    public async Task An_existing_account_without_a_password_is_never_checked_by_the_other_server()
    {
        await using var server = new AccountServer(takeOver: _other);
        await server.AddAsync("anna", account => account with { PasswordHash = null });
        await PlayAsync(server, "anna", "old secret", "530 Login incorrect.");
        Assert.Empty(_other.Checks);
    }

    [Theory]
    [InlineData("anna")]
    [InlineData("ANNA")]
    public async Task The_name_of_a_disabled_or_removed_account_is_never_checked_in_any_case(string name)
    {
        await using var server = new AccountServer(takeOver: _other);
        await server.AddAsync("Anna", account => account with { IsEnabled = false });
        await PlayAsync(server, name, "old secret", "530 Login incorrect.");
        await server.Accounts.ApplyAsync([AccountChange.RemoveAccount("Anna")], Token);
        await PlayAsync(server, name, "old secret", "530 Login incorrect.");
        await PlayAsync(server, "Anna", "old secret", "530 Login incorrect.");
        Assert.Empty(_other.Checks);
        Assert.Empty(_other.Created);
    }

    [Fact]
    public async Task If_another_login_creates_a_similar_name_first_the_login_is_refused()
    {
        await using var server = new AccountServer(takeOver: _other);
        _other.BeforeAnswer = () => server.AddAsync("ANNA");
        await PlayAsync(server, "anna", "old secret", "530 Login incorrect.");
        Assert.Empty(_other.Created);
        Assert.Null(await server.Accounts.FindAccountAsync("anna", Token));
    }

    [Fact]
    public async Task A_client_that_is_banned_reaches_the_other_server_no_more()
    {
        _other.Result = TakeOverCheck.Rejected;
        await using var server = new AccountServer(takeOver: _other, configure: options => options with
        {
            Bans = new FtpBanOptions { NeverBanned = [], MaxFailuresPerAccount = 2 },
        });
        await PlayAsync(server, "anna", "one", "530 Login incorrect.");
        await PlayAsync(server, "anna", "two", "530 Login incorrect.");
        Ban ban = Assert.Single(server.Server.Inner.Bans!.GetBans());
        Assert.Equal("anna@127.0.0.1", ban.Subject.ToString());
        await PlayAsync(server, "anna", "old secret", "530 Login incorrect.");
        Assert.Equal(["anna one", "anna two"], _other.Checks);
    }

    [Fact]
    public async Task If_another_login_creates_the_account_first_its_password_decides()
    {
        await using var server = new AccountServer(takeOver: _other);
        _other.BeforeAnswer = () => server.AddAsync("anna", account => account with { PasswordHash = "first" });
        await PlayAsync(server, "anna", "old secret", "530 Login incorrect.");
        Assert.Empty(_other.Created);
        Assert.Equal("first", (await server.Accounts.FindAccountAsync("anna", Token))!.Value.PasswordHash);
    }

    [Fact]
    public async Task If_the_account_cannot_be_created_the_login_is_refused()
    {
        _other.Group = "missing";
        await using var server = new AccountServer(takeOver: _other);
        await PlayAsync(server, "anna", "old secret", "530 Login incorrect.");
        Assert.Contains(server.Server.Log.Texts, line => line.Contains("(legacy.unavailable)", StringComparison.Ordinal));
    }

    private static Task PlayAsync(AccountServer server, string name, string password, string reply) =>
        server.Server.PlayFromGreetingAsync($"""
            S: 220 *
            C: USER {name}
            S: 331 *
            C: PASS {password}
            S: {reply}
            """);

    /// <summary>The other server. It accepts the passwords of the test.</summary>
    private sealed class OtherServer : IAccountTakeOver
    {
        public TakeOverCheck Result { get; set; } = TakeOverCheck.Accepted;

        public string? Group { get; set; }

        public Func<Task>? BeforeAnswer { get; set; }

        public List<string> Checks { get; } = [];

        public List<string> Created { get; } = [];

        public async ValueTask<TakeOverCheck> CheckAsync(string userName, string password, CancellationToken cancellationToken)
        {
            Checks.Add($"{userName} {password}");
            await (BeforeAnswer?.Invoke() ?? Task.CompletedTask);
            return Result;
        }

        public AccountSettings CreateAccount(string name, string passwordHash) => new(name)
        {
            PasswordHash = passwordHash,
            Groups = Group is null ? [] : [Group],
            Access = new() { Home = "/homes/%u" },
        };

        public void ReportCreated(string name, IPAddress client) => Created.Add(name);
    }
}
