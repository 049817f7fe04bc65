using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Pool;

/// <summary>Commands that are sent unchanged on a pooled connection.</summary>
public sealed class RawCommandRulesTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_raw_command_returns_any_final_reply()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login()
                + "C: SITE UMASK 022\nS: 200 set\nC: XYZW\nS: 502 no\n"
                + "C: SITE CPFR a\nS: 350 ready\nC: SITE CPTO b\nS: 250-done\nS:  all\nS: 250 end");
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal("set", (await client.SendRawAsync("SITE", "UMASK 022", Token)).Text);
            Assert.Equal(502, (int)(await client.SendRawAsync("xyzw", null, Token)).Code);
            Assert.True((await client.SendRawAsync("SITE", "CPFR a", Token)).IsIntermediate);
            Assert.Equal(["done", " all", "end"], (await client.SendRawAsync("SITE", "CPTO b", Token)).Lines);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("PASV", null), InlineData("epsv", null), InlineData("PORT", "127,0,0,1,4,1"), InlineData("EPRT", "|1|127.0.0.1|5|")]
    [InlineData("RETR", "a"), InlineData("STOR", "a"), InlineData("STOU", null), InlineData("APPE", "a"), InlineData("LIST", null),
        InlineData("NLST", null), InlineData("MLSD", null)]
    [InlineData("ABOR", null), InlineData("REST", "5"), InlineData("RANG", "0 1"), InlineData("RNFR", "a"), InlineData("RNTO", "b")]
    [InlineData("TYPE", "A"), InlineData("MODE", "Z"), InlineData("STRU", "R"), InlineData("CWD", "/"), InlineData("CDUP", null)]
    [InlineData("USER", "ann"), InlineData("PASS", "x"), InlineData("REIN", null), InlineData("QUIT", null),
        InlineData("HOST", "a.example")]
    [InlineData("AUTH", "TLS"), InlineData("PROT", "C"), InlineData("PBSZ", "0"), InlineData("CCC", null)]
    [InlineData("OPTS", "utf8 OFF"), InlineData("OPTS", "HASH SHA-1")]
    [InlineData("SITE", "a\r\nDELE b"), InlineData("DE LE", "a"), InlineData("", null)]
    public async Task A_command_that_would_desynchronise_the_connection_is_not_sent(string verb, string? argument)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + "C: NOOP\nS: 200 ok");
        await using (var client = new FtpClient(peer.Options))
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(() => client.SendRawAsync(verb, argument, Token));
            Assert.True((await client.SendRawAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.PlayedAsync();
    }
}
