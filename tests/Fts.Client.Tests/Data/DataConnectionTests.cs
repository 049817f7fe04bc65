using Fts.Client.Tests.Support;
using Fts.Protocol;

namespace Fts.Client.Tests.Data;

public sealed class DataConnectionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<string> DownloadAsync(FtpClient client, string path)
    {
        using var target = new MemoryStream();
        await client.DownloadAsync(target, path, null, null, Token);
        return System.Text.Encoding.UTF8.GetString(target.ToArray());
    }

    [Fact]
    public async Task After_a_rejected_EPSV_only_PASV_is_sent_and_its_address_is_ignored()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + """
            C: EPSV
            S: 500 what?
            C: PASV
            S: 227 Entering Passive Mode (10,9,8,7,{p1},{p2}).
            C: RETR a
            S: 150 go
            D> one
            D.
            S: 226 done
            C: PASV
            S: 227 =192,0,2,1,{p1},{p2}
            C: RETR b
            S: 125 go
            D> two
            D.
            S: 250 done
            """);
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal("one", await DownloadAsync(client, "a"));
            Assert.Equal("two", await DownloadAsync(client, "b"));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task In_active_mode_the_server_connects_to_the_client()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + """
            C: PORT 127,0,0,1,*
            S: 200 ok
            C: RETR a
            S: 150 go
            D> one
            D.
            S: 226 done
            """);
        await using (var client = new FtpClient(peer.Options with { DataMode = FtpDataMode.Active }))
        {
            Assert.Equal("one", await DownloadAsync(client, "a"));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task In_active_mode_a_missing_connect_times_out_and_aborts_the_transfer()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + """
            C: PORT 127,0,0,1,*
            S: 200 ok
            C: RETR a
            S: 150 go
            C: ABOR
            S: 425 cannot connect
            S: 226 abor done
            """);
        FtpClientOptions options = peer.Options with { DataMode = FtpDataMode.Active };
        await using (
            var client = new FtpClient(options with { Timeouts = options.Timeouts with { Connect = TimeSpan.FromMilliseconds(300) } }))
        {
            var e = await Assert.ThrowsAsync<FtpTimeoutException>(() => DownloadAsync(client, "a"));
            Assert.Equal(FtpOperationPhase.OpenData, e.Phase);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_rejected_data_connection_is_an_error_and_the_control_connection_stays_usable()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + """
            C: EPSV
            S: 229 ok (|||1|)
            C: RETR a
            C: ABOR
            S: 425 no data connection
            S: 226 aborted
            C: NOOP
            S: 200 ok
            """);
        await using (var client = new FtpClient(peer.Options))
        {
            var e = await Assert.ThrowsAsync<FtpConnectionException>(() => DownloadAsync(client, "a"));
            Assert.Equal(FtpOperationPhase.OpenData, e.Phase);
            Assert.True((await client.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("S: 229 look for yourself\nC: PASV\nS: 227 and there", typeof(FtpProtocolException))]
    [InlineData("S: 229 (|||0|)\nC: PASV\nS: 227 (127,0,0,1,0,0)", typeof(FtpProtocolException))]
    [InlineData("S: 229 (|||99999|)\nC: PASV\nS: 227 (127,0,0,1,256,0)", typeof(FtpProtocolException))]
    [InlineData("S: 200 sure\nC: PASV\nS: 200 sure", typeof(FtpProtocolException))]
    [InlineData("S: 421 no\nX", typeof(FtpConnectionException))]
    [InlineData("S: 451 not now\nC: PASV\nS: 451 not now", typeof(FtpReplyException))]
    [InlineData("S: 502 no\nC: PASV\nS: 502 neither", typeof(FtpReplyException))]
    [InlineData("S: 502 no\nC: PASV\nS: 227 somewhere", typeof(FtpProtocolException))]
    [InlineData("S: 502 no\nC: PASV\nS: 227 (127,0,0,1,0,0)", typeof(FtpProtocolException))]
    [InlineData("X", typeof(FtpConnectionException))]
    public async Task An_invalid_passive_reply_is_an_error(string replies, Type error)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + "C: EPSV\n" + replies);
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.IsType(error, await Record.ExceptionAsync(() => DownloadAsync(client, "a")));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_rejected_REST_is_an_error_and_RETR_is_not_sent()
    {
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login() + "C: EPSV\nS: 229 ok (|||{port}|)\nC: REST 5\nS: 502 no\nC: NOOP\nS: 200 ok");
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal("REST 5", (await Assert.ThrowsAsync<FtpReplyException>(() => client.OpenReadAsync("a", 5, Token))).Command);
            Assert.True((await client.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_stalled_transfer_times_out()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("X") + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\nS: 150 go\nD> x\nC: ABOR\nS: 426 stopped\nS: 226 ok");
        FtpClientOptions options = peer.Options;
        await using (
            var client =
            new FtpClient(options with { Timeouts = options.Timeouts with { TransferStall = TimeSpan.FromMilliseconds(100) } }))
        {
            Assert.Equal(FtpOperationPhase.Transfer, (await Assert.ThrowsAsync<FtpTimeoutException>(() => DownloadAsync(client, "a"))).Phase);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_missing_final_reply_times_out()
    {
        await using var peer =
            ScriptedPeer.Start(
            ScriptedPeer.Login("X")
            + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\nS: 150 go\nD> x\nD.\nC: ABOR\nS: 226 done\nS: 225 nothing to abort");
        FtpClientOptions options = peer.Options;
        await using (
            var client = new FtpClient(options with { Timeouts = options.Timeouts with { FinalReply = TimeSpan.FromMilliseconds(100) } }))
        {
            Assert.Equal(
                FtpOperationPhase.FinalReply, (await Assert.ThrowsAsync<FtpTimeoutException>(() => DownloadAsync(client, "a"))).Phase);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_connection_runs_one_transfer_at_a_time()
    {
        await using var peer =
            ScriptedPeer.Start("S: 220 hi\nC: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\nS: 150 go (3 bytes)\nD> abc\nD.\nS: 226 done");
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token))
        {
            await using FtpDataStream data = await connection.OpenDataAsync("RETR", "a", 0, FtpDataDirection.Receive, Token);
            Assert.Equal(3, data.AnnouncedLength);
            await Assert.ThrowsAsync<InvalidOperationException>(() => connection.SendAsync("NOOP", null, Token));
            await data.CopyToAsync(Stream.Null, Token);
            Assert.Equal(FtpReplyCode.TransferComplete, (await data.CompleteAsync(Token)).Code);
        }

        await peer.PlayedAsync();
    }
}
