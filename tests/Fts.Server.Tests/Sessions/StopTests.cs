using Fts.Accounts;
using Fts.Server.Tests.Support;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Sessions;

/// <summary>Stopping the server: running transfers, idle sessions and time limits.</summary>
public sealed class StopTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private const string ServiceClosing = """
        S: 421 *
        S: (end)
        """;

    [Theory, OnEveryWire]
    public async Task Stopping_waits_for_transfers_and_sends_421_to_idle_sessions(Wire wire)
    {
        await using TestServer server = new(wire);
        await using TestClient idle = await server.LogInAsync(), loggingIn = await server.ConnectAsync(), busy = await server.LogInAsync();
        await busy.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ begun
            """);
        Task stopping = server.StopAsync(Token);
        await idle.PlayAsync(ServiceClosing);
        await loggingIn.PlayAsync($"S: 220 *\n{ServiceClosing}");
        await busy.PlayAsync($"D>  and done\nS: 226 *\n{ServiceClosing}");
        await idle.DisposeAsync();
        await loggingIn.DisposeAsync();
        await busy.DisposeAsync();
        await stopping.WithDeadline();
        Assert.Equal("begun and done", await server.ReadAsync("/a"));
        Assert.Equal(0, server.SessionCount);
    }

    [Theory, OnEveryWire]
    public async Task Stopping_immediately_aborts_transfers_and_publishes_nothing(Wire wire)
    {
        await using TestServer server = new(wire);
        await AssertAbortedAsync(server, server.StopImmediatelyAsync);
    }

    [Theory, OnEveryWire]
    public async Task Transfers_that_run_longer_than_DrainTimeout_are_aborted(Wire wire)
    {
        await using TestServer server = new(wire, with: options => options with { DrainTimeout = TimeSpan.FromMilliseconds(50) });
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
    public async Task Stopping_and_disposing_twice_has_no_further_effect(Wire wire)
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
        await using TestClient client = await server.LogInAsync();
        await client.PlayAsync("""
            C: NOOP
            S: 200 *
            C> half a line
            """);
        Task stopping = server.StopAsync(Token);
        await client.PlayAsync(ServiceClosing);
        await stopping.WithDeadline();
    }

    [Theory, OnEveryWire]
    public async Task A_store_that_does_not_return_does_not_delay_the_stop(Wire wire)
    {
        var storeCall = new TaskCompletionSource();
        using var entered = new SemaphoreSlim(0);
        var store = new HookedStore { BeforeRead = _ => BlockAsync(), BeforeDelete = _ => BlockAsync(), BeforeSweep = _ => storeCall.Task };
        await using TestServer server = new(wire, store, options => options with { CloseTimeout = TimeSpan.FromMilliseconds(300) });
        await server.WriteAsync("/a", "x");
        await using TestClient deleting = await server.LogInAsync(), hashing = await server.LogInAsync();
        await deleting.SendAsync("DELE a");
        await hashing.SendAsync("HASH a");
        await entered.WaitAsync(TestContext.Current.CancellationToken).WithDeadline();
        await entered.WaitAsync(TestContext.Current.CancellationToken).WithDeadline();
        await server.StopImmediatelyAsync().WithDeadline();
        Assert.Contains(server.Log.Texts, text => text.Contains("2 sessions were abandoned", StringComparison.Ordinal));
        await AssertClosedAsync(deleting);
        await AssertClosedAsync(hashing);
        storeCall.SetResult();
        await server.Log.WaitForAsync(RecordingLogger.Disconnected, times: 2);
        Assert.Equal(0, server.SessionCount);

        Task BlockAsync()
        {
            entered.Release();
            return storeCall.Task;
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
        await using TestClient busy = await server.LogInAsync();
        await busy.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ begun
            """);
        Task stopping = stop();
        await busy.PlayAsync($"S: 426 *\n{ServiceClosing}");
        await busy.DisposeAsync();
        await stopping.WithDeadline();
        Assert.Null(await server.ReadAsync("/a"));
    }

    private static async Task AssertClosedAsync(TestClient client)
    {
        try
        {
            while (await client.ReadLineAsync() is not null)
            {
            }
        }
        catch (IOException)
        {
            // A reset also closes the connection.
        }
    }
}
