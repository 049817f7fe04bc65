using Fts.Protocol;

namespace Fts.Client.Pool;

/// <summary>A connection in use. Disposal returns it to the pool, which closes it if a command or transfer is still under way.</summary>
internal sealed class PoolLease(ConnectionPool pool, FtpConnection connection, string? purpose) : IAsyncDisposable
{
    private readonly int _commandsBefore = connection.CommandsSent;
    private readonly int _changesBefore = connection.NonRepeatableCommandsSent;
    private readonly long _acquiredAt = pool.Options.TimeProvider.GetTimestamp();
    private bool _isReleased;

    public FtpConnection Connection { get; } = connection;

    /// <summary>Returns true if the holder of this lease has sent no command.</summary>
    public bool HasSentNothing => Connection.CommandsSent == _commandsBefore;

    /// <summary>Whether the connection was idle in the pool before this lease.</summary>
    public bool WasIdle { get; init; }

    /// <summary>
    /// Returns true if the work of this lease may be done again on another connection: the server ended an idle connection, and none of the
    /// commands that were sent has changed anything. A command that receives 421 as its reply was not executed (RFC 959 §4.2.2).
    /// </summary>
    public bool CanRetry(FtpConnectionException failure)
    {
        if (failure is FtpTimeoutException or FtpTlsException or FtpProxyException || failure.Phase != FtpOperationPhase.Reply)
        {
            return false;
        }

        if (failure.IsCommandUnsent && HasSentNothing)
        {
            return true;
        }

        bool isLastRefused = !failure.IsCommandUnsent && failure.Reply?.Code == FtpReplyCode.ServiceNotAvailable;
        int refused = isLastRefused && !Connection.IsLastCommandRepeatable ? 1 : 0;
        return WasIdle && Connection.NonRepeatableCommandsSent - _changesBefore == refused;
    }

    /// <summary>
    /// Makes the holder release the connection soon; null if it cannot. Set and cleared under the pool's lock, called without it.
    /// </summary>
    public Action? ReleaseEarly { get; set; }

    /// <summary>
    /// The time of the last command, reply or data, or of the acquisition if that is later. The current time while a call waits for the
    /// server. A timestamp of the pool's time provider.
    /// </summary>
    public long LastActivity =>
        Connection.IsAwaitingServer ? pool.Options.TimeProvider.GetTimestamp() : Math.Max(_acquiredAt, Connection.LastActivity);

    /// <summary>Describes the use of the connection and how long it has been held, for an error message.</summary>
    public string Describe() =>
        $"{(purpose ?? $"command {Connection.LastCommand}").ToPrintable()}, held for {pool.Options.TimeProvider.GetElapsedTime(_acquiredAt).TotalSeconds:0} s";

    public ValueTask DisposeAsync()
    {
        if (_isReleased)
        {
            return default;
        }

        _isReleased = true;
        return pool.ReleaseAsync(this);
    }
}
