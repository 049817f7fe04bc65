using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Sessions;

/// <summary>A logger that throws ends at most one session. The server releases its slot and socket, and can still be stopped.</summary>
public sealed class LogFailureTests
{
    private readonly FailingLogger _log = new();

    [Fact]
    public async Task A_session_whose_upload_cannot_be_logged_is_closed_and_removed()
    {
        await using TestServer server =
            new(Wire.IPv4, configure: options => options with { LoggerFactory = new SingleLoggerFactory(_log) });
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("C: EPSV\nS: 229 *\nC: STOR a\nS: 150 *");
        _log.Fails = _ => true;
        await client.PlayAsync("D> content");
        Assert.Null(await client.ReadLineAsync());
        await server.StopImmediatelyAsync().WithDeadline(); // throws if it has to log a session that is left
        _log.Fails = null;
        Assert.Equal(0, server.SessionCount);
    }

    [Fact]
    public async Task A_connection_that_cannot_be_logged_uses_no_session_slot()
    {
        int connected = 0;
        _log.Fails = id => id == RecordingLogger.Connected && Interlocked.Increment(ref connected) == 1;
        await using TestServer server =
            new(Wire.IPv4, configure: options => options with { LoggerFactory = new SingleLoggerFactory(_log), MaxSessions = 1 });
        await using Conversation failed = await server.ConnectAsync();
        Assert.Null(await failed.ReadLineAsync());
        await using Conversation next = await server.ConnectAsync();
        await next.PlayAsync("S: 220 *");
        Assert.Equal(1, server.SessionCount);
    }

    [Fact]
    public async Task A_connection_whose_rejection_cannot_be_logged_is_closed()
    {
        const int Rejected = 16;
        _log.Fails = id => id == Rejected;
        await using TestServer server =
            new(Wire.IPv4, configure: options => options with { LoggerFactory = new SingleLoggerFactory(_log), MaxSessions = 1 });
        await using Conversation first = await server.ConnectAsync();
        await first.PlayAsync("S: 220 *");
        await using Conversation second = await server.ConnectAsync();
        Assert.Null(await second.ReadLineAsync());
    }
}
