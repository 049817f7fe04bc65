using System.Net;
using System.Net.Sockets;
using Fts.Client.Tests.Support;
using Fts.Protocol;

namespace Fts.Client.Tests.Pool;

/// <summary>The connection limit of the pool: what lowers it, and how it recovers.</summary>
public sealed class PoolLimitTests
{
    private readonly FakeClock _clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<string> DownloadAsync(FtpClient client, string path)
    {
        using var target = new MemoryStream();
        await client.DownloadAsync(target, path, null, null, Token);
        return System.Text.Encoding.UTF8.GetString(target.ToArray());
    }

    /// <summary>Downloads files, each of which the server sends only after the transfers of all of them have started.</summary>
    private static async Task DownloadConcurrentlyAsync(LimitedPeer peer, FtpClient client, int count)
    {
        peer.CountTransfers(count);
        string[] names = [.. Enumerable.Range(0, count).Select(number => $"file{number}")];
        Assert.Equal(names, await Task.WhenAll(names.Select(name => DownloadAsync(client, name))));
    }

    [Fact]
    public async Task Eight_connections_are_used_again_after_a_restart_that_one_transfer_survived()
    {
        await using var peer = new LimitedPeer(limit: 8);
        await using var client = new FtpClient(peer.Options(_clock, connections: 8));
        await DownloadConcurrentlyAsync(peer, client, 8);
        peer.CountTransfers(2);
        Task<string> surviving = DownloadAsync(client, "surviving");
        await peer.WaitUntilAsync(() => peer.Transfers == 1);
        peer.StopListening();
        peer.CloseIdle();
        await peer.WaitUntilAsync(() => peer.Open == 1);
        Task<FtpReply>[] waiting = [.. Enumerable.Range(0, 7).Select(_ => client.SendAsync("NOOP", null, Token))];
        await _clock.WaitForTimersAsync(TimeSpan.FromMilliseconds(500), count: 7);
        Assert.All(waiting, call => Assert.False(call.IsCompleted));
        peer.Start();
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        await Task.WhenAll(waiting);
        peer.FinishTransfers();
        Assert.Equal("surviving", await surviving);
        await DownloadConcurrentlyAsync(peer, client, 8);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("500 Out of order", false)]
    public async Task A_connection_that_fails_for_another_reason_does_not_lower_the_limit(string greeting, bool isTransient)
    {
        await using var peer = new LimitedPeer(limit: 1) { RejectionGreeting = greeting };
        await using var client = new FtpClient(peer.Options(_clock, connections: 2));
        peer.CountTransfers(2);
        Task<string> first = DownloadAsync(client, "first");
        await peer.WaitUntilAsync(() => peer.Transfers == 1);
        Task<FtpReply> second = client.SendAsync("NOOP", null, Token);
        await peer.WaitUntilAsync(() => peer.RejectedCount == 1);
        if (isTransient)
        {
            await _clock.WaitForTimersAsync(TimeSpan.FromMilliseconds(500));
        }
        else
        {
            Assert.Equal(500, (int)(await Assert.ThrowsAsync<FtpConnectionException>(() => second)).Reply!.Code);
        }

        peer.Limit = 2;
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        Task<string> third = DownloadAsync(client, "third");
        Assert.Equal(["first", "third"], await Task.WhenAll(first, third));
        await (isTransient ? second : Task.CompletedTask);
        Assert.Equal(2, peer.MaxOpenConnections);
    }

    [Theory]
    [InlineData("530 Login incorrect")]
    [InlineData("530 Too many failed login attempts")]
    public async Task A_password_that_is_rejected_while_another_connection_is_open_is_reported_and_does_not_lower_the_limit(string reply)
    {
        await using var peer = new LimitedPeer(limit: 2);
        await using var client = new FtpClient(peer.Options(_clock, connections: 2));
        peer.CountTransfers(2);
        Task<string> first = DownloadAsync(client, "first");
        await peer.WaitUntilAsync(() => peer.Transfers == 1);
        peer.PasswordReply = reply;
        Assert.Equal(530, (int)(await Assert.ThrowsAsync<FtpLoginException>(() => client.SendAsync("NOOP", null, Token))).Reply.Code);
        peer.PasswordReply = "230 in";
        Assert.Equal(["first", "second"], await Task.WhenAll(first, DownloadAsync(client, "second")));
    }

    [Fact]
    public async Task A_lowered_limit_rises_by_one_connection_after_each_recovery_time()
    {
        await using var peer = new LimitedPeer(limit: 1);
        await using var client = new FtpClient(peer.Options(_clock, connections: 3));
        peer.GreetsAfterConnections = 2;
        await Task.WhenAll(DownloadAsync(client, "a"), DownloadAsync(client, "b"));
        Assert.Equal((1, 1), (peer.MaxOpenConnections, peer.RejectedCount));
        peer.Limit = 3;
        await Task.WhenAll(DownloadAsync(client, "a"), DownloadAsync(client, "b"));
        Assert.Equal(1, peer.MaxOpenConnections);

        _clock.Advance(TimeSpan.FromSeconds(30));
        await DownloadConcurrentlyAsync(peer, client, 2);
        Assert.Equal(2, peer.MaxOpenConnections);
        _clock.Advance(TimeSpan.FromSeconds(30));
        await DownloadConcurrentlyAsync(peer, client, 3);
        Assert.Equal((3, 1), (peer.MaxOpenConnections, peer.RejectedCount));
    }

    [Fact]
    public async Task A_waiting_call_opens_one_more_connection_when_the_limit_rises()
    {
        await using var peer = new LimitedPeer(limit: 1);
        await using var client = new FtpClient(peer.Options(_clock, connections: 2));
        peer.CountTransfers(2);
        Task<string> first = DownloadAsync(client, "first");
        await peer.WaitUntilAsync(() => peer.Transfers == 1);
        Task<string> second = DownloadAsync(client, "second");
        await _clock.WaitForTimersAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(1, peer.RejectedCount);
        peer.Limit = 2;
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(["first", "second"], await Task.WhenAll(first, second));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Twenty_four_calls_of_a_new_client_share_the_connections_that_the_server_allows(int limit)
    {
        await using var peer = new LimitedPeer(limit) { GreetsAfterConnections = 4 };
        await using var client = new FtpClient(peer.Options(_clock, connections: 4));
        string[] names = [.. Enumerable.Range(0, 24).Select(number => $"file{number}")];
        Assert.Equal(names, await Task.WhenAll(names.Select(name => DownloadAsync(client, name))));
        Assert.Equal((limit, 4 - limit), (peer.MaxOpenConnections, peer.RejectedCount));
    }

    [Fact]
    public async Task A_connection_is_retried_if_the_server_still_counts_the_closed_one()
    {
        await using var peer = new LimitedPeer(limit: 1);
        await using var client = new FtpClient(peer.Options(_clock, connections: 1));
        await client.ConnectAsync(Token);
        peer.CloseIdle();
        await peer.WaitUntilAsync(() => peer.Open == 0);
        peer.Limit = 0;
        Task<FtpReply> call = client.SendAsync("NOOP", null, Token);
        await _clock.WaitForTimersAsync(TimeSpan.FromMilliseconds(500));
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        await _clock.WaitForTimersAsync(TimeSpan.FromSeconds(1));
        peer.Limit = 1;
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (int)(await call).Code);
        Assert.Equal(2, peer.RejectedCount);
    }

    [Fact]
    public async Task A_server_that_refuses_every_connection_fails_the_call_with_its_reply()
    {
        await using var peer = new LimitedPeer(limit: 0);
        await using var client = new FtpClient(peer.Options(_clock, connections: 2));
        Task<FtpReply>[] calls = [.. Enumerable.Range(0, 3).Select(_ => client.SendAsync("NOOP", null, Token))];
        foreach (Task<FtpReply> call in calls)
        {
            Assert.Equal(421, (int)(await Assert.ThrowsAsync<FtpConnectionException>(() => call)).Reply!.Code);
        }
    }

    [Fact]
    public async Task Calls_that_fail_to_connect_at_the_same_time_make_one_attempt_each()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var client = new FtpClient(new FtpClientOptions
        {
            Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port, MaxConnections = 4, TimeProvider = _clock,
        });
        Task<FtpReply>[] calls = [.. Enumerable.Range(0, 4).Select(_ => client.SendAsync("NOOP", null, Token))];
        var attempts = new List<Socket>();
        while (attempts.Count < 4)
        {
            attempts.Add(await listener.AcceptSocketAsync(Token));
        }

        attempts.ForEach(Reset);
        // A call that retries instead of failing is refused again, so that it eventually fails and its attempts can be counted.
        Task<int> counting = CountMoreAsync();
        foreach (Task<FtpReply> call in calls)
        {
            await Assert.ThrowsAsync<FtpConnectionException>(() => call.WaitAsync(TimeSpan.FromSeconds(10), Token));
        }

        listener.Stop();
        Assert.Equal(0, await counting);

        async Task<int> CountMoreAsync()
        {
            for (int count = 0; ; count++)
            {
                try
                {
                    Reset(await listener.AcceptSocketAsync(Token));
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    return count;
                }
            }
        }

        static void Reset(Socket socket)
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Dispose();
        }
    }
}
