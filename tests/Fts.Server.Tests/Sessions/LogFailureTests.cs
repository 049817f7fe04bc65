using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Sessions;

/// <summary>A logger that throws costs a session at most, never a place, a socket or the stop of the server.</summary>
public sealed class LogFailureTests
{
    private readonly FailingLogger _log = new();

    [Fact]
    public async Task A_session_whose_upload_cannot_be_logged_is_closed_and_leaves()
    {
        await using TestServer server = new(Wire.IPv4, with: options => options with { LoggerFactory = new SingleLoggerFactory(_log) });
        await using Conversation talk = await server.LogInAsync();
        await talk.PlayAsync("C: EPSV\nS: 229 *\nC: STOR a\nS: 150 *");
        _log.Fails = _ => true;
        await talk.PlayAsync("D> content");
        Assert.Null(await talk.ReadLineAsync());
        await server.StopImmediatelyAsync().WithDeadline(); // throws if it has to log a session that is left
        _log.Fails = null;
        Assert.Equal(0, server.SessionCount);
    }

    [Fact]
    public async Task A_connection_that_cannot_be_logged_takes_no_place()
    {
        int connected = 0;
        _log.Fails = id => id == RecordingLogger.Connected && Interlocked.Increment(ref connected) == 1;
        await using TestServer server =
            new(Wire.IPv4, with: options => options with { LoggerFactory = new SingleLoggerFactory(_log), MaxSessions = 1 });
        await using Conversation failed = await server.ConnectAsync();
        Assert.Null(await failed.ReadLineAsync());
        await using Conversation next = await server.ConnectAsync();
        await next.PlayAsync("S: 220 *");
        Assert.Equal(1, server.SessionCount);
    }

    [Fact]
    public async Task A_connection_whose_refusal_cannot_be_logged_is_closed()
    {
        const int TurnedAway = 16;
        _log.Fails = id => id == TurnedAway;
        await using TestServer server =
            new(Wire.IPv4, with: options => options with { LoggerFactory = new SingleLoggerFactory(_log), MaxSessions = 1 });
        await using Conversation first = await server.ConnectAsync();
        await first.PlayAsync("S: 220 *");
        await using Conversation second = await server.ConnectAsync();
        Assert.Null(await second.ReadLineAsync());
    }
}
