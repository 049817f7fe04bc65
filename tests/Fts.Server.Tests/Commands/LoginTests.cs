using Fts.Accounts;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Commands;

/// <summary>USER, PASS, ACCT, REIN and QUIT.</summary>
public sealed class LoginTests
{
    private static TestServer WithPassword(Wire wire, out OneTimePasswordAuthenticator accounts, int attempts = 3)
    {
        var password = accounts = new OneTimePasswordAuthenticator("owner", Permissions.ReadWrite);
        return new TestServer(wire, with: options => options with { Authenticator = password, MaxFailedLogins = attempts, LoginDelay = TimeSpan.FromTicks(1) });
    }

    [Theory, OnEveryWire]
    public async Task Anonymous_signs_in_with_any_password(Wire wire)
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
    public async Task The_right_password_signs_in(Wire wire)
    {
        await using TestServer server = WithPassword(wire, out OneTimePasswordAuthenticator accounts);
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
    public async Task A_known_and_an_unknown_name_are_refused_in_the_same_words(Wire wire)
    {
        await using TestServer server = WithPassword(wire, out _);
        var words = new List<string>();
        foreach (string name in (string[])["owner", "nobody", "anonymous", "../../etc"])
        {
            await using Conversation talk = await server.ConnectAsync();
            await talk.PlayAsync("S: 220 *");
            words.Add($"{(await talk.SendAndReadReplyAsync($"USER {name}"))[0]} | {(await talk.SendAndReadReplyAsync("PASS wrong"))[0]}");
        }

        Assert.Single(words.Distinct());
        Assert.Contains("| 530 ", words[0], StringComparison.Ordinal);
    }

    [Theory, OnEveryWire]
    public async Task After_a_refusal_the_right_password_still_signs_in(Wire wire)
    {
        await using TestServer server = WithPassword(wire, out OneTimePasswordAuthenticator accounts);
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
    public async Task Too_many_refusals_end_the_session(Wire wire)
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
    public async Task A_refusal_is_one_after_any_number_of_others(Wire wire)
    {
        await using TestServer server = WithPassword(wire, out _, attempts: 101);
        await using Conversation talk = await server.ConnectAsync();
        await talk.PlayAsync("S: 220 *");
        for (int i = 0; i < 100; i++)
        {
            await talk.PlayAsync("C: USER x\nS: 331 *\nC: PASS y\nS: 530 *");
        }

        await talk.PlayAsync("C: USER x\nS: 331 *\nC: PASS y\nS: 421 *\nS: (end)");
    }

    [Theory, OnEveryWire]
    public async Task Pass_before_user_answers_503(Wire wire)
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
    public Task Pass_once_signed_in_answers_503_and_changes_nothing(Wire wire) => TestServer.PlayAsync(wire, """
        C: PASS x
        S: 503 *
        C: PWD
        S: 257 *
        """);

    [Theory, OnEveryWire]
    public Task A_new_user_drops_the_rights_of_the_one_before(Wire wire) => TestServer.PlayAsync(wire, """
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
    public Task Rein_forgets_everything_but_the_connection(Wire wire) => TestServer.PlayAsync(wire, """
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
    public async Task Quit_before_sign_in_says_goodbye(Wire wire)
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
