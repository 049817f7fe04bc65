using Fts.Accounts;
using Fts.Server.Tests.Support;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Sessions;

/// <summary>Stopping the server.</summary>
public sealed class StopTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private const string Reply421AndClose = """
        S: 421 *
        S: (end)
        """;

    [Theory, OnEveryWire]
    public async Task Stopping_lets_transfers_finish_and_sends_421_to_idle_sessions(Wire wire)
    {
        await using TestServer server =
            new(wire, configure: options => options with { FinalReplyGrace = TimeSpan.FromMilliseconds(50) });
        await using Conversation idle = await server.LogInAsync(), connected = await server.ConnectAsync(), busy =
            await server.LogInAsync();
        await busy.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ first
            """);
        Task stopping = server.StopAsync(Token);
        await idle.PlayAsync(Reply421AndClose);
        await connected.PlayAsync($"S: 220 *\n{Reply421AndClose}");
        await busy.PlayAsync($"D>  second\nS: 226 *\n{Reply421AndClose}");
        await idle.DisposeAsync();
        await connected.DisposeAsync();
        await busy.DisposeAsync();
        await stopping.WithDeadline();
        Assert.Equal("first second", await server.ReadAsync("/a"));
        Assert.Equal(0, server.SessionCount);
    }

    /// <summary>A client could take a 421 directly behind a 226 for a failure of the transfer.</summary>
    [Theory, OnEveryWire]
    public async Task After_a_transfer_a_stopping_server_executes_commands_and_sends_421_as_the_reply_to_the_next_transfer(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { FinalReplyGrace = TimeSpan.FromMinutes(1) });
        await using Conversation busy = await server.LogInAsync(), idle = await server.LogInAsync();
        await busy.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ first
            """);
        Task stopping = server.StopAsync(Token);
        await idle.PlayAsync(Reply421AndClose);
        await idle.DisposeAsync();
        await busy.PlayAsync("""
            D>  second
            S: 226 *
            C: SIZE a
            S: 213 12
            C: MFMT 20200101000000 a
            S: 213 *
            C: HASH a
            S: 213 *
            C: RNFR a
            S: 350 *
            C: RNTO b
            S: 250 *
            C: EPSV
            S: 229 *
            C: NLST
            S: 150 *
            L< b
            S: 226 *
            C: EPSV
            S: 229 *
            C: RETR b
            S: 421 *
            C: SIZE b
            S: 213 12
            C: QUIT
            S: 221 *
            S: (end)
            """);
        await busy.DisposeAsync();
        await stopping.WithDeadline();
        Assert.Equal("first second", await server.ReadAsync("/b"));
    }

    [Theory, OnEveryWire]
    public async Task A_client_that_sends_QUIT_after_its_transfer_receives_221_from_a_stopping_server(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { FinalReplyGrace = TimeSpan.FromMinutes(1) });
        await using Conversation busy = await server.LogInAsync();
        await busy.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ con
            """);
        Task stopping = server.StopAsync(Token);
        await busy.PlayAsync("""
            D> tent
            S: 226 *
            C: QUIT
            S: 221 *
            S: (end)
            """);
        await busy.DisposeAsync();
        await stopping.WithDeadline();
    }

    [Theory, OnEveryWire]
    public async Task Stopping_at_once_aborts_transfers_and_publishes_nothing(Wire wire)
    {
        await using TestServer server = new(wire);
        await AssertAbortedAsync(server, server.StopImmediatelyAsync);
    }

    [Theory, OnEveryWire]
    public async Task Transfers_that_run_longer_than_DrainTimeout_are_aborted(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { DrainTimeout = TimeSpan.FromMilliseconds(50) });
        await AssertAbortedAsync(server, () => server.StopAsync(Token));
    }

    [Theory, OnEveryWire]
    public async Task Cancelling_the_token_of_StopAsync_aborts_transfers(Wire wire)
    {
        await using TestServer server = new(wire);
        using var source = new CancellationTokenSource();
        await AssertAbortedAsync(server, async () =>
        {
            Task stopping = server.StopAsync(source.Token);
            Assert.False(stopping.IsCompleted);
            await source.CancelAsync();
            await stopping;
        });
    }

    [Fact]
    public async Task A_cancelled_start_leaves_the_server_unstarted()
    {
        await using var server = new FtpServer(
            new FtpServerOptions { Store = new MemoryFileStore(), Authenticator = new AnonymousAuthenticator(Permissions.ReadOnly) });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.StartAsync(new CancellationToken(canceled: true)));
        await server.StartAsync(Token);
        Assert.NotEqual(0, server.EndPoint.Port);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(25 * 60 * 60)]
    public void DrainTimeout_is_between_zero_and_a_day(int seconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new FtpServer(new FtpServerOptions
    {
        Store = new MemoryFileStore(),
        Authenticator = new AnonymousAuthenticator(Permissions.ReadOnly),
        DrainTimeout = TimeSpan.FromSeconds(seconds),
    }));

    [Theory, OnEveryWire]
    public async Task Stopping_or_disposing_twice_has_no_further_effect(Wire wire)
    {
        await using TestServer server = new(wire);
        await server.StopImmediatelyAsync().WithDeadline();
        await server.StopImmediatelyAsync().WithDeadline();
        await server.DisposeAsync();
        await server.DisposeAsync();
    }

    [Theory, OnEveryWire]
    public async Task A_client_whose_input_is_unread_still_receives_421(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("""
            C: NOOP
            S: 200 *
            C> half a line
            """);
        Task stopping = server.StopAsync(Token);
        await client.PlayAsync(Reply421AndClose);
        await stopping.WithDeadline();
    }

    [Theory, OnEveryWire]
    public async Task A_store_that_does_not_return_does_not_delay_the_stop(Wire wire)
    {
        var never = new TaskCompletionSource();
        using var entered = new SemaphoreSlim(0);
        var store = new HookedStore { BeforeRead = _ => Hang(), BeforeDelete = _ => Hang(), BeforeSweep = _ => never.Task };
        await using TestServer server = new(wire, store, options => options with { CloseTimeout = TimeSpan.FromMilliseconds(300) });
        await server.WriteAsync("/a", "x");
        await using Conversation deleting = await server.LogInAsync(), hashing = await server.LogInAsync();
        await deleting.SendAsync("DELE a");
        await hashing.SendAsync("HASH a");
        await entered.WaitAsync(TestContext.Current.CancellationToken).WithDeadline();
        await entered.WaitAsync(TestContext.Current.CancellationToken).WithDeadline();
        await server.StopImmediatelyAsync().WithDeadline();
        Assert.Contains(server.Log.Texts, text => text.Contains("2 sessions were abandoned", StringComparison.Ordinal));
        await AssertClosedAsync(deleting);
        await AssertClosedAsync(hashing);
        never.SetResult();
        await server.Log.WaitForAsync(RecordingLogger.Disconnected, times: 2);
        Assert.Equal(0, server.SessionCount);

        Task Hang()
        {
            entered.Release();
            return never.Task;
        }
    }

    [Fact]
    public async Task A_server_that_was_stopped_or_disposed_does_not_start()
    {
        var server = new FtpServer(
            new FtpServerOptions { Store = new MemoryFileStore(), Authenticator = new AnonymousAuthenticator(Permissions.ReadOnly) });
        await server.StopAsync(Token);
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.StartAsync(Token));
        await server.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => server.StartAsync(Token));
    }

    private static async Task AssertAbortedAsync(TestServer server, Func<Task> stop)
    {
        await using Conversation busy = await server.LogInAsync();
        await busy.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ first
            """);
        Task stopping = stop();
        await busy.PlayAsync($"S: 426 *\n{Reply421AndClose}");
        await busy.DisposeAsync();
        await stopping.WithDeadline();
        Assert.Null(await server.ReadAsync("/a"));
    }

    private static async Task AssertClosedAsync(Conversation client)
    {
        try
        {
            while (await client.ReadLineAsync() is not null)
            {
            }
        }
        catch (IOException)
        {
            // The server closed the connection with unread input, so it was reset.
        }
    }
}
