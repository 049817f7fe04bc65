using System.Text;
using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Pool;

/// <summary>
/// The server closes an idle connection, and the client notices it at its next command. The command is sent again if it cannot have changed
/// anything.
/// </summary>
public sealed class IdleDisconnectTests
{
    private const string Passive = "C: EPSV\nS: 229 ok (|||{port}|)\n", Idle = "S: 421 idle\nX", Syst = "C: SYST\nS: 215 UNIX Type: L8\n";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Commands => new()
    {
        { "C: DELE a\n", "C: DELE a\nS: 250 gone" },
        { "C: MKD a\n", "C: MKD a\nS: 257 made" },
        { "C: SIZE a\n", "C: SIZE a\nS: 213 5" },
        { "C: PWD\n", "C: PWD\nS: 257 \"/\"" },
        { "C: RNFR a\n", "C: RNFR a\nS: 350 ready\nC: RNTO b\nS: 250 done" },
        { "C: RNFR a\nS: 350 ready\nC: RNTO b\n", "C: RNFR a\nS: 350 ready\nC: RNTO b\nS: 250 done" },
        { Syst + "C: EPSV\n", Passive + "C: LIST -a d\nS: 150 go\nD> -rw-r--r-- 1 o g 5 Jan  1  2020 a\\r\\n\nD.\nS: 226 done" },
        { Syst + Passive + "C: LIST -a d\n",
            Passive + "C: LIST -a d\nS: 150 go\nD> -rw-r--r-- 1 o g 5 Jan  1  2020 a\\r\\n\nD.\nS: 226 done" },
        { Passive + "C: STOR a\n", Passive + "C: STOR a\nS: 150 go\nD< hello\nS: 226 done\nC: SIZE a\nS: 213 5" },
        { Passive + "C: RETR r\n", Passive + "C: RETR r\nS: 150 go\nD> hello\nD.\nS: 226 done" },
        { "C: SIZE g\n", "C: SIZE g\nS: 213 5\n" + Passive + "C: RETR g\nS: 150 go\nD> hello\nD.\nS: 226 done" },
        { "C: SIZE g\nS: 213 5\n" + Passive + "C: RETR g\n",
            "C: SIZE g\nS: 213 5\n" + Passive + "C: RETR g\nS: 150 go\nD> hello\nD.\nS: 226 done" },
    };

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_command_with_the_reply_421_is_sent_again_on_another_connection(string interrupted, string repeated)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE") + interrupted + Idle, ScriptedPeer.Login("SIZE") + repeated);
        await using (FtpClient client = await ConnectAsync(peer))
        {
            await RunAsync(client, repeated);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("C: SIZE a\n", "C: SIZE a\nS: 213 5", "X")]
    [InlineData("C: SIZE a\n", "C: SIZE a\nS: 213 5", "X!")]
    [InlineData("C: PWD\n", "C: PWD\nS: 257 \"/\"", "X!")]
    [InlineData(Syst + "C: EPSV\n", Passive + "C: LIST -a d\nS: 150 go\nD> -rw-r--r-- 1 o g 5 Jan  1  2020 a\\r\\n\nD.\nS: 226 done", "X")]
    [InlineData("C: RNFR a\n", "C: RNFR a\nS: 350 ready\nC: RNTO b\nS: 250 done", "X!")]
    public async Task A_command_that_changes_nothing_is_sent_again_if_the_connection_is_closed_without_a_reply(
        string interrupted, string repeated, string end)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE") + interrupted + end, ScriptedPeer.Login("SIZE") + repeated);
        await using (FtpClient client = await ConnectAsync(peer))
        {
            await RunAsync(client, repeated);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("C: DELE a\nX", "DELE")]
    [InlineData("C: DELE a\nX!", "DELE")]
    [InlineData("C: RNFR a\nS: 350 ready\nC: RNTO b\nX", "RNTO")]
    [InlineData(Passive + "C: STOR a\nX", "STOR")]
    [InlineData(Passive + "C: STOR a\nS: 150 go\nD< hello\nS: 421 idle\nX", "STOR")]
    [InlineData(Passive + "C: RETR r\nS: 150 go\nD> hel\nS: 421 idle\nX", "RETR")]
    public async Task A_command_that_the_server_may_have_executed_is_not_sent_again(string script, string verb)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE") + script);
        await using (FtpClient client = await ConnectAsync(peer))
        {
            await Assert.ThrowsAsync<FtpConnectionException>(() => RunAsync(client, $"C: {verb}"));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_command_is_sent_at_most_twice()
    {
        const string Refused = "C: DELE a\nS: 421 not for you\nX";
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + Refused, ScriptedPeer.Login() + Refused);
        await using (FtpClient client = await ConnectAsync(peer))
        {
            var e = await Assert.ThrowsAsync<FtpConnectionException>(() => client.DeleteFileAsync("a", Token));
            Assert.Equal("not for you", e.Reply?.Text);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_421_during_the_login_is_not_retried()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello\nC: USER anonymous\nS: 421 too many connections\nX");
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 1 }))
        {
            await Assert.ThrowsAsync<FtpConnectionException>(() => client.DeleteFileAsync("a", Token));
        }

        await peer.PlayedAsync();
    }

    private static async Task<FtpClient> ConnectAsync(ScriptedPeer peer)
    {
        var client = new FtpClient(peer.Options with { MaxConnections = 1 });
        await client.ConnectAsync(Token);
        return client;
    }

    /// <summary>Calls the method that sends these commands.</summary>
    private static async Task RunAsync(FtpClient client, string commands)
    {
        using var stream = new MemoryStream();
        if (commands.Contains("LIST -a d", StringComparison.Ordinal))
        {
            await client.ListAsync("d", Token).CountAsync(Token);
        }
        else if (commands.Contains("STOR", StringComparison.Ordinal))
        {
            using var source = new MemoryStream("hello"u8.ToArray());
            await client.UploadAsync(source, "a", null, null, Token);
        }
        else if (commands.Contains("RETR g", StringComparison.Ordinal))
        {
            await client.DownloadAsync(stream, "g", null, null, Token);
            Assert.Equal("hello", Encoding.UTF8.GetString(stream.ToArray()));
        }
        else if (commands.Contains("RETR", StringComparison.Ordinal))
        {
            await using Stream source = await client.OpenReadAsync("r", 0, Token);
            await source.CopyToAsync(stream, Token);
            Assert.Equal("hello", Encoding.UTF8.GetString(stream.ToArray()));
        }
        else if (commands.Contains("RNTO", StringComparison.Ordinal))
        {
            await client.RenameAsync("a", "b", overwrite: true, Token);
        }
        else if (commands.Contains("SIZE", StringComparison.Ordinal))
        {
            Assert.Equal(5, await client.GetSizeAsync("a", Token));
        }
        else if (commands.Contains("PWD", StringComparison.Ordinal))
        {
            Assert.Equal("/", await client.GetWorkingDirectoryAsync(Token));
        }
        else if (commands.Contains("MKD", StringComparison.Ordinal))
        {
            await client.CreateDirectoryAsync("a", Token);
        }
        else
        {
            await client.DeleteFileAsync("a", Token);
        }
    }
}
