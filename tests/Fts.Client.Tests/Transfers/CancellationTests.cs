using Fts.Client.Tests.Downloads;
using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Transfers;

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

    /// <summary>Cancels when the client sends or receives a line with this prefix.</summary>
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

    private Task<FtpTransferResult> DownloadAsync(FtpClient client) =>
        client.DownloadFileAsync(Path.Combine(_folder.FullName, "a"), "a", null, null, _source.Token);

    private async Task AssertCancelledAsync(Func<Task> call)
    {
        var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(call);
        Assert.Equal(_source.Token, e.CancellationToken);
        Assert.Empty(_folder.EnumerateFileSystemInfos());
    }

    [Fact]
    public async Task A_call_with_a_cancelled_token_sends_nothing()
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
    public async Task A_cancellation_during_login_ends_the_call(string line, string script)
    {
        await using var peer = ScriptedPeer.Start(script);
        await using var client = new FtpClient(CancelAt(peer, line));
        if (line == "S: 220")
        {
            _source.CancelAfter(20);
        }

        await AssertCancelledAsync(() => DownloadAsync(client));
    }

    [Fact]
    public async Task After_a_cancellation_before_the_transfer_command_the_connection_is_replaced()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("X") + "C: EPSV\n? never", ScriptedPeer.Login("X") + "C: NOOP\nS: 200 fresh");
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
    public async Task After_a_cancelled_transfer_the_connection_is_resynchronised(string line, string replies)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("X") + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\n" + replies + "\nC: NOOP\nS: 200 in step");
        await using (var client = new FtpClient(CancelAt(peer, line) with { MaxConnections = 1 }))
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
    public async Task After_a_cancelled_transfer_whose_abort_the_server_does_not_confirm_the_connection_is_replaced(string replies)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("X") + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\n" + replies,
            ScriptedPeer.Login("X") + "C: NOOP\nS: 200 fresh");
        FtpClientOptions options = CancelAt(peer, "S: 150");
        await using var client = new FtpClient(
            options with { MaxConnections = 1, Timeouts = options.Timeouts with { Resync = TimeSpan.FromMilliseconds(200) } });
        await AssertCancelledAsync(() => DownloadAsync(client));
        Assert.Equal("fresh", (await client.SendAsync("NOOP", null, Token)).Text);
    }

    [Fact]
    public async Task A_cancelled_upload_is_reset_so_that_a_truncated_file_does_not_look_complete()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("X")
                + "C: EPSV\nS: 229 ok (|||{port}|)\nC: STOR a\nS: 150 go\nD< (reset)\nC: ABOR\nS: 426 stopped\nS: 226 ok");
        await using (var client = new FtpClient(CancelAt(peer, "S: 150")))
        {
            using var source = new MemoryStream(new byte[10]);
            await AssertCancelledAsync(() => client.UploadAsync(source, "a", null, null, _source.Token));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_cancellation_while_the_final_reply_is_awaited_aborts_the_transfer()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("X")
                + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\nS: 150 go\nD> abc\nD.\nC: ABOR\nS: 226 done\nS: 225 idle");
        await using (var client = new FtpClient(peer.Options))
        {
            var cancel = new ActionAtStage(FtpTransferStage.AwaitingReply, _source.Cancel);
            await AssertCancelledAsync(
                () => client.DownloadFileAsync(Path.Combine(_folder.FullName, "a"), "a", null, cancel, _source.Token));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_cancellation_while_waiting_for_a_connection_ends_the_call()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + "C: HELP 1\n? go\nS: 200 ok");
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 1 }))
        {
            Task first = client.SendAsync("HELP", "1", Token);
            Task second = client.SendAsync("HELP", "2", _source.Token);
            await _source.CancelAsync();
            await AssertCancelledAsync(() => second);
            peer.OpenGate("go");
            await first;
        }

        await peer.PlayedAsync();
    }

    /// <summary>Returns options with which the client waits indefinitely for the replies to ABOR.</summary>
    private static FtpClientOptions WithoutResyncTimeout(FtpClientOptions options) =>
        options with { MaxConnections = 1, Timeouts = options.Timeouts with { Resync = Timeout.InfiniteTimeSpan } };

    private const string Passive = "C: EPSV\nS: 229 ok (|||{port}|)\n";

    private const string AbortConfirmed = "C: ABOR\n? seen\nS: 426 stopped\nS: 226 aborted\nC: NOOP\nS: 200 in step";

    [Theory]
    [InlineData("RETR a", "S: 150 go\n")]
    [InlineData("RETR a", "")]
    [InlineData("STOR a", "S: 150 go\nD< (reset)\n")]
    [InlineData("LIST", "S: 150 go\n")]
    public async Task A_cancelled_call_ends_before_the_server_confirms_the_abort(string command, string started)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("X") + (command == "LIST" ? "C: SYST\nS: 215 Windows_NT\n" : "") + Passive
                + $"C: {command}\n{started}{AbortConfirmed}");
        await using (var client = new FtpClient(WithoutResyncTimeout(CancelAt(peer, started.Length > 0 ? "S: 150" : $"C: {command}"))))
        {
            using var source = new MemoryStream(new byte[10]);
            await AssertCancelledAsync(async () =>
            {
                switch (command)
                {
                    case "LIST":
                        await foreach (FtpEntry _ in client.ListAsync("", _source.Token))
                        {
                        }

                        break;
                    case "STOR a":
                        await client.UploadAsync(source, "a", null, null, _source.Token);
                        break;
                    default:
                        await DownloadAsync(client);
                        break;
                }
            });
            peer.OpenGate("seen");
            Assert.Equal("in step", (await client.SendAsync("NOOP", null, Token)).Text);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_cancelled_download_ends_before_the_server_confirms_the_abort_and_keeps_its_bytes()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("MLST size*;modify*;", "REST STREAM")
            + "C: MLST a\nS: 250-Listing\nS:  type=file;size=10;modify=20260102030405; a\nS: 250 End\n" + Passive
                + "C: RETR a\nS: 150 go\nD> hello\nD.\n" + AbortConfirmed);
        await using (var client = new FtpClient(WithoutResyncTimeout(peer.Options)))
        {
            var cancel = new ActionAtStage(FtpTransferStage.AwaitingReply, _source.Cancel);
            var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => client.DownloadFileAsync(Path.Combine(_folder.FullName, "a"), "a", null, cancel, _source.Token));
            Assert.Equal(_source.Token, e.CancellationToken);
            Assert.Equal(
                [".a.fts-part", ".a.fts-part-of"],
                _folder.EnumerateFileSystemInfos().Select(info => info.Name).Order(StringComparer.Ordinal));
            // The read succeeds only because the transfer has released its lock.
            Assert.Equal("hello", await File.ReadAllTextAsync(Path.Combine(_folder.FullName, ".a.fts-part"), Token));
            peer.OpenGate("seen");
            Assert.Equal("in step", (await client.SendAsync("NOOP", null, Token)).Text);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_stream_whose_read_was_cancelled_is_disposed_without_waiting_for_the_server()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login() + Passive + "C: RETR a\nS: 150 go\nD> abc\n? never", ScriptedPeer.Login() + "C: NOOP\nS: 200 fresh");
        await using var client = new FtpClient(WithoutResyncTimeout(peer.Options));
        await using (Stream stream = await client.OpenReadAsync("a", 0, Token))
        {
            await stream.ReadExactlyAsync(new byte[3], Token);
            Task read = stream.ReadExactlyAsync(new byte[1], _source.Token).AsTask();
            await _source.CancelAsync();
            await AssertCancelledAsync(() => read);
        }

        Assert.Equal("fresh", (await client.SendAsync("NOOP", null, Token)).Text);
    }

    [Fact]
    public async Task Disposal_waits_for_the_abort_of_a_cancelled_transfer_and_then_sends_QUIT()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("X") + Passive
                + "C: RETR a\nS: 150 go\nC: ABOR\n? seen\nS: 426 stopped\nS: 226 aborted\nC: QUIT\nS: 221 bye");
        var client = new FtpClient(WithoutResyncTimeout(CancelAt(peer, "S: 150")));
        await AssertCancelledAsync(() => DownloadAsync(client));
        ValueTask disposal = client.DisposeAsync();
        peer.OpenGate("seen");
        await disposal;
        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Disposal_closes_a_connection_whose_abort_the_server_never_confirms()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + Passive + "C: RETR a\nS: 150 go\nC: ABOR");
        FtpClientOptions options = CancelAt(peer, "S: 150");
        var client = new FtpClient(options with { Timeouts = options.Timeouts with { Resync = TimeSpan.FromMilliseconds(200) } });
        await AssertCancelledAsync(() => DownloadAsync(client));
        await client.DisposeAsync();
        // The script ends when the client closes the connection.
        await peer.PlayedAsync();
    }

    [Fact]
    public async Task The_next_command_of_a_connection_waits_for_the_abort_of_a_cancelled_transfer()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\n" + Passive + "C: RETR a\nS: 150 go\n" + AbortConfirmed);
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(WithoutResyncTimeout(peer.Options), Token))
        {
            FtpDataStream data = await connection.OpenDataAsync("RETR", "a", 0, FtpDataDirection.Receive, _source.Token);
            await _source.CancelAsync();
            await data.DisposeAsync();
            Assert.True(connection.IsUsable);
            Task<Protocol.FtpReply> next = connection.SendAsync("NOOP", null, Token);
            Assert.False(next.IsCompleted);
            peer.OpenGate("seen");
            Assert.Equal("in step", (await next).Text);
        }

        await peer.PlayedAsync();
    }
}
