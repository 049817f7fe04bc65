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
        await using Conversation idle = await server.SignInAsync(), stranger = await server.ConnectAsync(), busy = await server.SignInAsync();
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
        await stopping.InTime();
        Assert.Equal("begun and done", await server.ReadAsync("/a"));
        Assert.Equal(0, server.SessionCount);
    }

    [Theory, OnEveryWire]
    public async Task Stopping_at_once_cuts_transfers_off_and_publishes_nothing(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation busy = await server.SignInAsync();
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
        await stopping.InTime();
        Assert.Null(await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public async Task Stopping_twice_is_stopping(Wire wire)
    {
        await using TestServer server = new(wire);
        await server.StopAsync(TimeSpan.Zero).InTime();
        await server.StopAsync(TimeSpan.Zero).InTime();
        await server.DisposeAsync();
        await server.DisposeAsync();
    }
}
