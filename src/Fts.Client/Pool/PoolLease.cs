using Fts.Protocol;

namespace Fts.Client.Pool;

/// <summary>A connection in use. Disposal releases it to the pool, which closes it if a command or transfer is not complete.</summary>
internal sealed class PoolLease(ConnectionPool pool, FtpConnection connection, string? purpose) : IAsyncDisposable
{
    private readonly int _commandsBefore = connection.CommandsSent;
    private readonly int _nonRepeatableBefore = connection.NonRepeatableCommandsSent;
    private readonly long _acquiredAt = pool.Options.TimeProvider.GetTimestamp();
    private bool _isReleased;

    public FtpConnection Connection { get; } = connection;

    /// <summary>Whether no command has been sent since the connection was acquired.</summary>
    public bool HasSentNoCommand => Connection.CommandsSent == _commandsBefore;

    /// <summary>Whether the connection was idle before it was acquired. False for a new connection.</summary>
    public bool WasIdle { get; init; }

    /// <summary>
    /// Returns whether the work of this lease may be repeated on another connection: the server closed an idle connection, and no executed
    /// command can have changed anything. A server does not execute a command to which it replies 421 (RFC 959 §4.2.2).
    /// </summary>
    public bool CanRetry(FtpConnectionException failure)
    {
        if (failure is FtpTimeoutException or FtpTlsException or FtpProxyException || failure.Phase != FtpOperationPhase.Reply)
        {
            return false;
        }

        if (failure.IsCommandUnsent && HasSentNoCommand)
        {
            return true;
        }

        bool isLastUnexecuted = !failure.IsCommandUnsent && failure.Reply?.Code == FtpReplyCode.ServiceNotAvailable;
        int unexecutedNonRepeatable = isLastUnexecuted && !Connection.IsLastCommandRepeatable ? 1 : 0;
        return WasIdle && Connection.NonRepeatableCommandsSent - _nonRepeatableBefore == unexecutedNonRepeatable;
    }

    /// <summary>
    /// Requests that the holder release the connection early; null if the holder does not support that, or after the request. Set and
    /// cleared under the lock of <see cref="PoolSlots"/>, and called without the lock.
    /// </summary>
    public Action? ReleaseEarly { get; set; }

    /// <summary>
    /// The timestamp of the last command, reply or data, or of the acquisition if that is later. While the holder waits for the server, the
    /// current timestamp. Timestamps are from the time provider of the options.
    /// </summary>
    public long LastActivity =>
        Connection.IsAwaitingServer ? pool.Options.TimeProvider.GetTimestamp() : Math.Max(_acquiredAt, Connection.LastActivity);

    /// <summary>Returns the use of the connection and the time since its acquisition, for an error message.</summary>
    public string DescribeUse()
    {
        string use = purpose ?? $"command {Connection.LastCommand}";
        return $"{use.ToPrintable()}, held for {pool.Options.TimeProvider.GetElapsedTime(_acquiredAt).TotalSeconds:0} s";
    }

    public ValueTask DisposeAsync()
    {
        if (_isReleased)
        {
            return default;
        }

        _isReleased = true;
        Connection.DiscardEarlyReplies();
        return pool.ReleaseAsync(this);
    }
}
