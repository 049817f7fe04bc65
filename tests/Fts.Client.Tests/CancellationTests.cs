namespace Fts.Client.Tests;

public sealed class CancellationTests : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _source.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>Cancels when the client has seen or said a line that starts so.</summary>
    private FtpClientOptions CancelAt(ScriptedPeer peer, string line) => peer.Options with
    {
        Trace = trace =>
        {
            if (($"{(trace.IsSent ? 'C' : 'S')}: {trace.Line}").StartsWith(line, StringComparison.Ordinal))
            {
                _source.Cancel();
            }
        },
    };

    private Task<FtpTransferResult> DownloadAsync(FtpClient client) => client.DownloadFileAsync("a", Path.Combine(_folder.FullName, "a"), null, null, _source.Token);

    private async Task AssertCancelledAsync(Func<Task> act)
    {
        var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(act);
        Assert.Equal(_source.Token, e.CancellationToken);
        Assert.Empty(_folder.EnumerateFileSystemInfos());
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_sends_nothing()
    {
        await using var peer = ScriptedPeer.Start();
        await using var client = new FtpClient(peer.Options);
        await _source.CancelAsync();
        await AssertCancelledAsync(() => DownloadAsync(client));
        await AssertCancelledAsync(() => client.SendAsync("NOOP", null, _source.Token));
        await AssertCancelledAsync(() => FtpConnection.ConnectAsync(peer.Options, _source.Token));
    }

    [Theory]
    [InlineData("S: 220", "? never")]
    [InlineData("C: USER", "S: 220 hi\nC: USER anonymous\n? never")]
    [InlineData("C: FEAT", "S: 220 hi\nC: USER anonymous\nS: 230 in\nC: FEAT\nS: 211-slow\n? never")]
    public async Task Cancelled_while_signing_in(string at, string script)
    {
        await using var peer = ScriptedPeer.Start(script);
        await using var client = new FtpClient(CancelAt(peer, at));
        if (at == "S: 220")
        {
            _source.CancelAfter(20);
        }

        await AssertCancelledAsync(() => DownloadAsync(client));
    }

    [Fact]
    public async Task Cancelled_before_the_transfer_command_the_connection_is_replaced()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.SignIn("X") + "C: EPSV\n? never", ScriptedPeer.SignIn("X") + "C: NOOP\nS: 200 fresh");
        await using var client = new FtpClient(CancelAt(peer, "C: EPSV") with { MaxConnections = 1 });
        await AssertCancelledAsync(() => DownloadAsync(client));
        Assert.Equal("fresh", (await client.SendAsync("NOOP", null, Token)).Text);
    }

    [Theory]
    [InlineData("C: RETR", "C: ABOR\nS: 426 not started\nS: 226 ok")]
    [InlineData("C: RETR", "C: ABOR\nS: 150 go\nS: 426 stopped\nS: 226 ok")]
    [InlineData("C: RETR", "C: ABOR\nS: 550 no such file\nS: 226 nothing to abort")]
    [InlineData("S: 150", "S: 150 go\nC: ABOR\nS: 426 stopped\nS: 226 ok")]
    [InlineData("S: 150", "S: 150 go\nC: ABOR\nS: 226 was done\nS: 225 nothing to abort")]
    [InlineData("S: 150", "D> some bytes\nS: 150 go\nC: ABOR\nS: 226-was\nS: done\nS: 226 yes\nS: 502 what is ABOR?")]
    public async Task Cancelled_in_a_transfer_the_connection_comes_back_in_step(string at, string replies)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.SignIn("X") + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\n" + replies + "\nC: NOOP\nS: 200 in step");
        await using (var client = new FtpClient(CancelAt(peer, at)))
        {
            await AssertCancelledAsync(() => DownloadAsync(client));
            Assert.Equal("in step", (await client.SendAsync("NOOP", null, Token)).Text);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("S: 150 go\nC: ABOR\nS: 426 stopped\n? never")]
    [InlineData("S: 150 go\nC: ABOR\n? never")]
    [InlineData("S: 150 go\nC: ABOR\nX")]
    [InlineData("S: 150 go\nC: ABOR\nS: 421 bye\nX")]
    [InlineData("S: 150 go\nC: ABOR\nS: nonsense")]
    public async Task Cancelled_in_a_transfer_that_the_server_does_not_settle_the_connection_is_given_up(string replies)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.SignIn("X") + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\n" + replies,
            ScriptedPeer.SignIn("X") + "C: NOOP\nS: 200 fresh");
        FtpClientOptions options = CancelAt(peer, "S: 150");
        await using var client = new FtpClient(options with { MaxConnections = 1, Timeouts = options.Timeouts with { Abort = TimeSpan.FromMilliseconds(200) } });
        await AssertCancelledAsync(() => DownloadAsync(client));
        Assert.Equal("fresh", (await client.SendAsync("NOOP", null, Token)).Text);
    }

    [Fact]
    public async Task A_cancelled_upload_is_reset_so_that_half_a_file_does_not_look_whole()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.SignIn("X") + "C: EPSV\nS: 229 ok (|||{port}|)\nC: STOR a\nS: 150 go\nD< (reset)\nC: ABOR\nS: 426 stopped\nS: 226 ok");
        await using (var client = new FtpClient(CancelAt(peer, "S: 150")))
        {
            using var source = new MemoryStream(new byte[10]);
            await AssertCancelledAsync(() => client.UploadAsync(source, "a", null, null, _source.Token));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Cancelled_while_waiting_for_the_confirmation()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.SignIn("X") + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\nS: 150 go\nD> abc\nD.\nC: ABOR\nS: 226 done\nS: 225 idle");
        await using (var client = new FtpClient(peer.Options))
        {
            var cancel = new AtPhase(FtpPhase.AwaitingReply, _source.Cancel);
            await AssertCancelledAsync(() => client.DownloadFileAsync("a", Path.Combine(_folder.FullName, "a"), null, cancel, _source.Token));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Cancelled_while_waiting_for_a_free_connection()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.SignIn("X") + "C: HELP 1\n? go\nS: 200 ok");
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 1 }))
        {
            Task first = client.SendAsync("HELP", "1", Token);
            Task second = client.SendAsync("HELP", "2", _source.Token);
            await _source.CancelAsync();
            await AssertCancelledAsync(() => second);
            peer.Open("go");
            await first;
        }

        await peer.PlayedAsync();
    }
}
