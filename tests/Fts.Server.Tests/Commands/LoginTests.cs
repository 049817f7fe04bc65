using Fts.Accounts;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Commands;

/// <summary>USER, PASS, ACCT, REIN and QUIT.</summary>
public sealed class LoginTests
{
    private static TestServer WithPassword(Wire wire, out GeneratedPasswordAuthenticator accounts, int attempts = 3)
    {
        var password = accounts = new GeneratedPasswordAuthenticator("owner", Permissions.ReadWrite);
        return new TestServer(wire,
            configure: options =>
                options with
                {
                    Authenticator = password,
                    MaxFailedLogins = attempts,
                    MaxCommandsBeforeLogin = int.MaxValue,
                    LoginDelay = TimeSpan.FromTicks(1),
                });
    }

    [Theory, OnEveryWire]
    public async Task Anonymous_logs_in_with_any_password(Wire wire)
    {
        await using var server = new TestServer(wire);
        await server.PlayFromGreetingAsync("""
            S: 220 fts ready.
            C: USER anonymous
            S: 331 *
            C: PASS
            S: 230 *
            C: PWD
            S: 257 "/" *
            C: ACCT x
            S: 202 *
            C: QUIT
            S: 221 *
            S: (end)
            """);
    }

    [Theory, OnEveryWire]
    public async Task The_correct_password_logs_in(Wire wire)
    {
        await using TestServer server = WithPassword(wire, out GeneratedPasswordAuthenticator accounts);
        await server.PlayFromGreetingAsync($"""
            S: 220 *
            C: USER owner
            S: 331 *
            C: PASS {accounts.Password}
            S: 230 *
            C: NOOP
            S: 200 *
            """);
        Assert.DoesNotContain(server.Log.Texts, text => text.Contains(accounts.Password, StringComparison.Ordinal));
    }

    [Theory, OnEveryWire]
    public async Task Known_and_unknown_names_receive_the_same_reply(Wire wire)
    {
        await using TestServer server = WithPassword(wire, out _);
        var replies = new List<string>();
        foreach (string name in (string[])["owner", "nobody", "anonymous", "../../etc"])
        {
            await using Conversation client = await server.ConnectAsync();
            await client.PlayAsync("S: 220 *");
            string[] user = await client.SendAndReadReplyAsync($"USER {name}"), password = await client.SendAndReadReplyAsync("PASS wrong");
            replies.Add($"{user[0]} | {password[0]}");
        }

        Assert.Single(replies.Distinct());
        Assert.Contains("| 530 ", replies[0], StringComparison.Ordinal);
    }

    [Theory, OnEveryWire]
    public async Task The_correct_password_logs_in_after_a_failed_login(Wire wire)
    {
        await using TestServer server = WithPassword(wire, out GeneratedPasswordAuthenticator accounts);
        await server.PlayFromGreetingAsync($"""
            S: 220 *
            C: USER owner
            S: 331 *
            C: PASS wrong
            S: 530 *
            C: PASS {accounts.Password}
            S: 503 *
            C: USER owner
            S: 331 *
            C: PASS {accounts.Password}
            S: 230 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task Too_many_failed_logins_end_the_session(Wire wire)
    {
        await using TestServer server = WithPassword(wire, out _, attempts: 2);
        await server.PlayFromGreetingAsync("""
            S: 220 *
            C: USER owner
            S: 331 *
            C: PASS a
            S: 530 *
            C: USER other
            S: 331 *
            C: PASS b
            S: 421 *
            S: (end)
            """);
    }

    [Theory, OnEveryWire]
    public async Task All_failed_logins_receive_530_until_the_limit(Wire wire)
    {
        await using TestServer server = WithPassword(wire, out _, attempts: 101);
        await using Conversation client = await server.ConnectAsync();
        await client.PlayAsync("S: 220 *");
        for (int i = 0; i < 100; i++)
        {
            await client.PlayAsync("C: USER x\nS: 331 *\nC: PASS y\nS: 530 *");
        }

        await client.PlayAsync("C: USER x\nS: 331 *\nC: PASS y\nS: 421 *\nS: (end)");
    }

    [Theory, OnEveryWire]
    public async Task PASS_before_USER_returns_503(Wire wire)
    {
        await using var server = new TestServer(wire);
        await server.PlayFromGreetingAsync("""
            S: 220 *
            C: PASS x
            S: 503 *
            C: ACCT x
            S: 530 *
            """);
    }

    [Theory, OnEveryWire]
    public Task PASS_after_login_returns_503(Wire wire) => TestServer.PlayAsync(wire, """
        C: PASS x
        S: 503 *
        C: PWD
        S: 257 *
        """);

    [Theory, OnEveryWire]
    public Task USER_revokes_the_permissions_of_the_previous_user(Wire wire) => TestServer.PlayAsync(wire, """
        C: CWD sub
        S: 250 *
        C: USER somebody
        S: 331 *
        C: PWD
        S: 530 *
        C: PASS x
        S: 530 *
        C: PWD
        S: 530 *
        C: USER anonymous
        S: 331 *
        C: PASS x
        S: 230 *
        C: PWD
        S: 257 "/" *
        C: SIZE sub/a
        S: 550 *ASCII*
        """, ("/sub/a", "a"));

    [Theory, OnEveryWire]
    public Task REIN_resets_everything_except_the_connection(Wire wire) => TestServer.PlayAsync(wire, """
        C: CWD sub
        S: 250 *
        C: OPTS MLST size;
        S: 200 *
        C: EPSV ALL
        S: 200 *
        C: RNFR a
        S: 350 *
        C: REIN
        S: 220 *
        C: PWD
        S: 530 *
        C: PASS x
        S: 503 *
        C: USER ftp
        S: 331 *
        C: PASS x
        S: 230 *
        C: PWD
        S: 257 "/" *
        C: RNTO b
        S: 503 *
        C: LIST
        S: 425 *
        C: EPRT {EPRT}
        S: 200 *
        C: FEAT
        S: 211-*
        S: ...
        S:  MLST type\*;size\*;modify\*;*
        S: ...
        S: 211 *
        """, ("/sub/a", "a"));

    [Theory, OnEveryWire]
    public async Task QUIT_before_login_returns_221(Wire wire)
    {
        await using var server = new TestServer(wire);
        await server.PlayFromGreetingAsync("""
            S: 220 *
            C: QUIT
            S: 221 *
            S: (end)
            """);
    }
}
