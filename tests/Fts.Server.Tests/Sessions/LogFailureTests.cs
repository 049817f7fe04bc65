namespace Fts.Server.Tests.Sessions;

/// <summary>A logger that throws costs a session at most, never a place, a socket or the stop of the server.</summary>
public sealed class LogFailureTests
{
    private readonly FailingLogger _log = new();

    [Fact]
    public async Task A_session_whose_upload_cannot_be_logged_is_closed_and_leaves()
    {
        await using TestServer server = new(Wire.IPv4, with: options => options with { Logger = _log });
        await using Conversation talk = await server.SignInAsync();
        await talk.PlayAsync("C: EPSV\nS: 229 *\nC: STOR a\nS: 150 *");
        _log.Fails = _ => true;
        await talk.PlayAsync("D> content");
        Assert.Null(await talk.ReadLineAsync());
        await server.StopAsync(TimeSpan.Zero).InTime(); // throws if it has to log a session that is left
        _log.Fails = null;
        Assert.Equal(0, server.SessionCount);
    }
}
