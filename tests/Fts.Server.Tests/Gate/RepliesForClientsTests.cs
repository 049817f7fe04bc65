using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Gate;

/// <summary>Replies to missing permissions that keep curl, lftp and rclone from reporting a wrong result.</summary>
public sealed class RepliesForClientsTests
{
    [Theory, OnEveryWire]
    public async Task SIZE_needs_the_permission_to_list_or_to_read_because_curl_sends_it_before_RETR(Wire wire)
    {
        await using TestServer server = Create(wire, "/=r,/listed=l,/box=c");
        await server.WriteAsync("/a", "12345");
        await server.WriteAsync("/listed/b", "123");
        await server.WriteAsync("/box/c", "1");
        await PlayAsync(server, """
            C: SIZE a
            S: 213 5
            C: SIZE missing
            S: 550 No such file or directory.
            C: MDTM a
            S: 550 Permission denied (permission.list).
            C: SIZE listed/b
            S: 213 3
            C: SIZE box/c
            S: 550 Permission denied (permission.list).
            """);
    }

    [Theory, OnEveryWire]
    public async Task MKD_returns_550_for_an_existing_directory_and_553_without_the_permission(Wire wire)
    {
        await using TestServer server = Create(wire, "/=lr,/made=m");
        await server.WriteAsync("/existing/", "");
        await server.WriteAsync("/made/existing/", "");
        await PlayAsync(server, """
            C: MKD existing
            S: 553 Permission denied (permission.make-directory).
            C: XMKD missing
            S: 553 Permission denied (permission.make-directory).
            C: MKD made/existing
            S: 550 *
            C: MKD made/new
            S: 257 *
            """);
    }

    [Theory]
    [InlineData("/=lrcwandm", false)]
    [InlineData("/=lrcwandmt", true)]
    [InlineData("/=lr,/in=lrt", true)]
    public async Task FEAT_lists_MFMT_and_MFF_only_if_the_account_can_set_times_somewhere(string rules, bool isListed)
    {
        await using TestServer server = Create(Wire.IPv4, rules);
        await using Conversation client = await server.ConnectAsync();
        await client.PlayAsync("S: 220 *");
        string[] before = await client.SendAndReadReplyAsync("FEAT");
        await client.PlayAsync("C: USER ann\nS: 331 *\nC: PASS x\nS: 230 *");
        string[] after = await client.SendAndReadReplyAsync("FEAT");
        Assert.Equal([" MFMT", " MFF Modify;UNIX.mode;"], before.Where(line => line.StartsWith(" MF", StringComparison.Ordinal)));
        Assert.Equal(
            isListed ? [" MFMT", " MFF Modify;UNIX.mode;"] : [], after.Where(line => line.StartsWith(" MF", StringComparison.Ordinal)));
    }

    private static TestServer Create(Wire wire, string rules) =>
        new(wire, configure: options => options with { Authenticator = new RuleAccounts().Add("ann", rules) });

    private static async Task PlayAsync(TestServer server, string script)
    {
        await using Conversation client = await server.ConnectAsync();
        await client.PlayAsync("S: 220 *\nC: USER ann\nS: 331 *\nC: PASS x\nS: 230 *\nC: TYPE I\nS: 200 *");
        await client.PlayAsync(script);
    }
}
