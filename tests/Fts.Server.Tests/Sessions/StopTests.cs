using Fts.Accounts;
using Fts.Server.Tests.Support;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Sessions;

/// <summary>The server's end.</summary>
public sealed class StopTests
{
    private const string ToldAndClosed = """
        S: 421 *
        S: (end)
        """;

    [Theory, OnEveryWire]
    public async Task Stopping_lets_transfers_finish_and_tells_the_idle(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation idle = await server.LogInAsync(), stranger = await server.ConnectAsync(), busy = await server.LogInAsync();
        await busy.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ begun
            """);
        Task stopping = server.StopAsync(TimeSpan.FromMinutes(1));
        await idle.PlayAsync(ToldAndClosed);
        await stranger.PlayAsync($"S: 220 *\n{ToldAndClosed}");
        await busy.PlayAsync($"D>  and done\nS: 226 *\n{ToldAndClosed}");
        await idle.DisposeAsync();
        await stranger.DisposeAsync();
        await busy.DisposeAsync();
        await stopping.WithDeadline();
        Assert.Equal("begun and done", await server.ReadAsync("/a"));
        Assert.Equal(0, server.SessionCount);
    }

    [Theory, OnEveryWire]
    public async Task Stopping_at_once_cuts_transfers_off_and_publishes_nothing(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation busy = await server.LogInAsync();
        await busy.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ begun
            """);
        Task stopping = server.StopAsync(TimeSpan.Zero);
        await busy.PlayAsync($"S: 426 *\n{ToldAndClosed}");
        await busy.DisposeAsync();
        await stopping.WithDeadline();
        Assert.Null(await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public async Task Stopping_twice_is_stopping(Wire wire)
    {
        await using TestServer server = new(wire);
        await server.StopAsync(TimeSpan.Zero).WithDeadline();
        await server.StopAsync(TimeSpan.Zero).WithDeadline();
        await server.DisposeAsync();
        await server.DisposeAsync();
    }

    [Theory, OnEveryWire]
    public async Task A_client_whose_input_is_unread_still_receives_421(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation talk = await server.LogInAsync();
        await talk.PlayAsync("""
            C: NOOP
            S: 200 *
            C> half a line
            """);
        Task stopping = server.StopAsync(TimeSpan.FromMinutes(1));
        await talk.PlayAsync(ToldAndClosed);
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
        await server.StopAsync(TimeSpan.Zero).WithDeadline();
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
        var server = new FtpServer(new FtpServerOptions { Store = new MemoryFileStore(), Authenticator = new AnonymousAuthenticator(Permissions.ReadOnly) });
        await server.StopAsync(TimeSpan.Zero, CancellationToken.None);
        Assert.Throws<InvalidOperationException>(server.Start);
        await server.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(server.Start);
    }

    private static async Task AssertClosedAsync(Conversation talk)
    {
        try
        {
            while (await talk.ReadLineAsync() is not null)
            {
            }
        }
        catch (IOException)
        {
            // Closed with a reset: a close as well.
        }
    }
}
