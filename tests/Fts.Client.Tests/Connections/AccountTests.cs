using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Connections;

/// <summary>Servers that require an account (ACCT): during the login (332), or before a file is stored (532).</summary>
public sealed class AccountTests
{
    private const string Rest = "C: FEAT\nS: 502 no\nC: TYPE I\nS: 200 ok\n", Passive = "C: EPSV\nS: 229 ok (|||{port}|)\n";

    private static readonly FtpCredentials Ann = new("ann", "secret");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("C: USER ann\nS: 332 account\nC: ACCT sales\nS: 230 in\n")]
    [InlineData("C: USER ann\nS: 332 account\nC: ACCT sales\nS: 331 password\nC: PASS secret\nS: 230 in\n")]
    [InlineData("C: USER ann\nS: 331 password\nC: PASS secret\nS: 332 account\nC: ACCT sales\nS: 230 in\n")]
    [InlineData("C: USER ann\nS: 331 password\nC: PASS secret\nS: 332 account\nC: ACCT sales\nS: 202 never mind\n")]
    public async Task ACCT_is_sent_if_the_server_requests_it_at_the_login(string login)
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\n" + login + Rest);
        int requests = 0;
        FtpClientOptions options = peer.Options with
        {
            Credentials = Ann,
            RequestAccountAsync = _ =>
            {
                requests++;
                return new ValueTask<string?>("sales");
            },
        };
        await using (var client = new FtpClient(options))
        {
            await client.ConnectAsync(Token);
        }

        await peer.PlayedAsync();
        Assert.Equal(1, requests);
    }

    [Theory]
    [InlineData("C: USER ann\nS: 332 account\n")]
    [InlineData("C: USER ann\nS: 331 password\nC: PASS secret\nS: 332 account\n")]
    public async Task Without_an_account_the_login_fails_with_the_servers_reply(string login)
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\n" + login);
        await using (
            var client =
            new FtpClient(peer.Options with { Credentials = Ann, RequestAccountAsync = _ => new ValueTask<string?>((string?)null) }))
        {
            Assert.Equal(332, (int)(await Assert.ThrowsAsync<FtpLoginException>(() => client.ConnectAsync(Token))).Reply.Code);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("C: USER ann\nS: 332 account\nC: ACCT sales\nS: 332 another\n", "332")]
    [InlineData("C: USER ann\nS: 331 pw\nC: PASS secret\nS: 331 another\n", "331")]
    [InlineData("C: USER ann\nS: 332 account\nC: ACCT sales\nS: 530 no\n", "530")]
    public async Task PASS_and_ACCT_are_not_sent_twice(string login, string code)
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\n" + login);
        await using (var client = new FtpClient(peer.Options with { Credentials = Ann with { Account = "sales" } }))
        {
            var e = await Assert.ThrowsAsync<FtpLoginException>(() => client.ConnectAsync(Token));
            Assert.Equal(code, $"{(int)e.Reply.Code}");
            Assert.DoesNotContain("sales", e.ToString(), StringComparison.Ordinal);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_file_is_stored_and_renamed_after_532()
    {
        await using var peer = ScriptedPeer.Start(
            "S: 220 hi\nC: USER ann\nS: 230 in\n" + Rest
            + Passive + "C: STOR a\nS: 532 account\nC: ACCT sales\nS: 200 ok\n" + Passive
                + "C: STOR a\nS: 150 go\nD< hello\nS: 226 done\nC: SIZE a\nS: 213 5\n"
            + "C: RNFR a\nS: 350 ready\nC: RNTO b\nS: 532 account\nC: ACCT sales\nS: 202 ok\n"
            + "C: RNFR a\nS: 350 ready\nC: RNTO b\nS: 250 done");
        await using (var client = new FtpClient(peer.Options with { Credentials = Ann with { Account = "sales" } }))
        {
            using var source = new MemoryStream("hello"u8.ToArray());
            await client.UploadAsync(source, "a", null, null, Token);
            await client.RenameAsync("a", "b", overwrite: true, Token);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData(null, "S: 532 account", "STOR a: 532 account")]
    [InlineData("sales", "S: 532 account\nC: ACCT sales\nS: 530 wrong", "ACCT ****: 530 wrong")]
    [InlineData("sales", "S: 532 account\nC: ACCT sales\nS: 230 ok\n" + Passive + "C: STOR a\nS: 532 account", "STOR a: 532 account")]
    public async Task An_upload_without_an_accepted_account_fails(string? account, string script, string message)
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\nC: USER ann\nS: 230 in\n" + Rest + Passive + "C: STOR a\n" + script);
        await using (var client = new FtpClient(peer.Options with { Credentials = Ann with { Account = account } }))
        {
            using var source = new MemoryStream("hello"u8.ToArray());
            Assert.Equal(
                message, (await Assert.ThrowsAsync<FtpReplyException>(() => client.UploadAsync(source, "a", null, null, Token))).Message);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task The_account_is_masked_in_the_trace()
    {
        var lines = new List<string>();
        await using var peer =
            ScriptedPeer.Start("S: 220 hi\nC: USER ann\nS: 332 account\nC: ACCT sales\nS: 230 in\n" + Rest
            + "C: SITE PSWD old new\nS: 200 changed\nC: ACCT other\nS: 230 ok");
        await using (
            var client =
            new FtpClient(peer.Options with { Credentials = Ann with { Account = "sales" }, Trace = line => lines.Add(line.Line) }))
        {
            await client.SendRawAsync("SITE", "PSWD old new", Token);
            await client.SendRawAsync("acct", "other", Token);
        }

        await peer.PlayedAsync();
        Assert.Equal(["ACCT ****", "SITE PSWD ****", "ACCT ****"], lines.Where(line => line.Contains("****", StringComparison.Ordinal)));
        Assert.DoesNotContain(lines, line => line.Contains("sales", StringComparison.Ordinal)
            || line.Contains("old", StringComparison.Ordinal) || line.Contains("other", StringComparison.Ordinal));
    }
}
