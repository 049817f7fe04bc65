namespace Fts.Client;

/// <summary>How long each kind of wait may last. <see cref="Timeout.InfiniteTimeSpan"/> means for ever, where someone must.</summary>
public sealed record FtpTimeouts
{
    /// <summary>Opening a connection, control or data, and then each TLS handshake; 15 seconds.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>From a command to its whole reply, and for the greeting; 30 seconds.</summary>
    public TimeSpan Reply { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>While a transfer runs and no byte moves; 60 seconds.</summary>
    public TimeSpan TransferStall { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>From the last byte of a transfer to the reply that confirms it; 60 seconds.</summary>
    public TimeSpan FinalReply { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Getting back in step with the server after a cancelled transfer; after that the connection is given up. 2 seconds.</summary>
    public TimeSpan Resync { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A pooled connection that was idle for longer is tried with NOOP before it is used; 15 seconds.</summary>
    public TimeSpan IdleProbeAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a call of <see cref="FtpClient"/> waits for a connection while other calls hold every connection and use none; 60 seconds.
    /// An example is an open stream that is not read. The time while one of them sends, receives or waits for the server does not count,
    /// because <see cref="Reply"/> and <see cref="TransferStall"/> bound it.
    /// </summary>
    public TimeSpan Acquire { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long <see cref="FtpClient"/> uses fewer connections after the server refused one because of its connection limit. Then it tries
    /// one more, and one more after each further such period; 30 seconds.
    /// </summary>
    public TimeSpan LimitRecovery { get; init; } = TimeSpan.FromSeconds(30);

    internal void Validate()
    {
        foreach (TimeSpan time in (ReadOnlySpan<TimeSpan>)[Connect, Reply, TransferStall, FinalReply, Resync, IdleProbeAfter, Acquire, LimitRecovery])
        {
            if (time != Timeout.InfiniteTimeSpan && (time <= TimeSpan.Zero || time.TotalMilliseconds > int.MaxValue))
            {
                throw new ArgumentOutOfRangeException(nameof(FtpClientOptions.Timeouts), time, "A timeout is positive and below 24 days, or infinite.");
            }
        }
    }
}
