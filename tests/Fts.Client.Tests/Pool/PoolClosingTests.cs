using Fts.Client.Pool;
using Fts.Client.Tests.Support;
using Fts.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fts.Client.Tests.Pool;

/// <summary>Disposal of a client in use, and idle connections that the server closes.</summary>
public sealed class PoolClosingTests
{
    private readonly FakeClock _clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Disposal_ends_running_and_waiting_calls()
    {
        await using var peer =
            ScriptedPeer.Start(
            ScriptedPeer.Login()
            + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\nS: 150 go\n! begun\nC: ABOR\nS: 426 stopped\nS: 226 aborted");
        var client = new FtpClient(peer.Options with { MaxConnections = 1 });
        using var target = new MemoryStream();
        Task<FtpTransferResult> running = client.DownloadAsync(target, "a", null, null, Token);
        Task<FtpReply> waiting = client.SendAsync("NOOP", null, Token);
        Task<FtpReply> waitingWithoutToken = client.SendAsync("NOOP", null, CancellationToken.None);
        await peer.WaitForSignalAsync("begun");
        await client.DisposeAsync();
        Assert.True(running.IsCompleted && waiting.IsCompleted && waitingWithoutToken.IsCompleted);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waitingWithoutToken);
        await peer.PlayedAsync();
        await client.DisposeAsync();
    }

    [Fact]
    public async Task A_connection_granted_to_a_call_that_was_cancelled_before_it_used_it_is_closed_after_the_disposal()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hello");
        FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token);
        var slots = new PoolSlots(peer.Options with { MaxConnections = 2 }, NullLogger.Instance);
        await slots.AcquireAsync(null, Token);
        await slots.AcquireAsync(null, Token);
        var reply = new FtpReply(FtpReplyCode.ServiceNotAvailable, "too many connections");
        var refusal = new FtpConnectionException(FtpOperationPhase.Greeting, "refused") { Reply = reply };
        PoolWaiter waiter = Assert.IsType<PoolWaiter>(slots.EndFailedAttempt(refusal, started: 0));
        Assert.True(slots.TryReleaseIdle(connection));
        Assert.Same(connection, (await waiter.Granted).IdleConnection);
        Assert.Empty(slots.Close());
        slots.LeaveQueue(waiter);
        Assert.False(connection.IsUsable);
        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Disposal_closes_the_connection_of_an_open_stream_and_of_an_enumeration()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login() + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\nS: 150 go\nD> abc",
            ScriptedPeer.Login("MLST type*;") + "C: EPSV\nS: 229 ok (|||{port}|)\nC: MLSD\nS: 150 go\nD> type=file; a\\r\\n\n");
        var client = new FtpClient(peer.Options);
        Stream stream = await client.OpenReadAsync("a", 0, Token);
        await stream.ReadExactlyAsync(new byte[3], Token);
        IAsyncEnumerator<FtpEntry> entries = client.ListAsync("", Token).GetAsyncEnumerator(Token);
        Assert.True(await entries.MoveNextAsync());
        await client.DisposeAsync();
        await peer.PlayedAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await stream.ReadExactlyAsync(new byte[1], Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await entries.MoveNextAsync());
        await stream.DisposeAsync();
        await entries.DisposeAsync();
    }

    [Fact]
    public async Task Of_four_dead_idle_connections_only_one_delays_a_call()
    {
        await using var peer = new LimitedPeer(limit: 8);
        FtpClientOptions options = peer.CreateOptions(_clock, connections: 4);
        await using var client =
            new FtpClient(
            options with { Timeouts = options.Timeouts with { IdleProbeAfter = TimeSpan.FromSeconds(15),
            Reply = TimeSpan.FromMilliseconds(500) } });
        peer.HoldTransfersUntilStarted(4);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async number =>
        {
            using var target = new MemoryStream();
            await client.DownloadAsync(target, $"{number}", null, null, Token);
        }));
        Assert.Equal((4, 0), (peer.OpenConnections, peer.NoopCount));
        _clock.Advance(TimeSpan.FromMinutes(5));
        peer.IgnoresNoop = true;
        Assert.Equal("no", (await client.SendAsync("HELP", "1", Token)).Text);
        Assert.Equal(1, peer.NoopCount);
        await peer.WaitUntilAsync(() => peer.OpenConnections == 1);
    }

    [Fact]
    public async Task A_second_command_on_a_connection_in_use_throws_and_is_not_sent()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\nC: HELP 1\n? go\nS: 200 one\nC: HELP 3\nS: 200 three");
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token))
        {
            Task<FtpReply> first = connection.SendAsync("HELP", "1", Token);
            await Assert.ThrowsAsync<InvalidOperationException>(() => connection.SendAsync("HELP", "2", Token));
            await Assert.ThrowsAsync<InvalidOperationException>(
                () => connection.OpenDataAsync("RETR", "a", 0, FtpDataDirection.Receive, Token));
            peer.OpenGate("go");
            Assert.Equal("one", (await first).Text);
            Assert.Equal("three", (await connection.SendAsync("HELP", "3", Token)).Text);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_command_while_a_data_connection_is_being_opened_throws_and_is_not_sent()
    {
        await using var peer = ScriptedPeer.Start(
            "S: 220 hi\nC: EPSV\n? go\nS: 229 ok (|||{port}|)\nC: RETR a\nS: 150 go\nD> abc\nD.\nS: 226 done\nC: NOOP\nS: 200 ok");
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token))
        {
            Task<FtpDataStream> opening = connection.OpenDataAsync("RETR", "a", 0, FtpDataDirection.Receive, Token);
            await Assert.ThrowsAsync<InvalidOperationException>(() => connection.SendAsync("NOOP", null, Token));
            peer.OpenGate("go");
            await using (FtpDataStream data = await opening)
            {
                Assert.Equal(3, await data.ReadAsync(new byte[10], Token));
                Assert.Equal(226, (int)(await data.CompleteAsync(Token)).Code);
            }

            Assert.Equal(200, (int)(await connection.SendAsync("NOOP", null, Token)).Code);
        }

        await peer.PlayedAsync();
    }
}
