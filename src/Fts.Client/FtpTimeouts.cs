namespace Fts.Client;

/// <summary>
/// The maximum duration of each kind of wait, positive and at most 24 days. <see cref="Timeout.InfiniteTimeSpan"/> waits without limit.
/// </summary>
public sealed record FtpTimeouts
{
    /// <summary>Opening a control or data connection, and each TLS handshake. Default: 15 s.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>From sending a command to receiving its complete reply, and waiting for the greeting. Default: 30 s.</summary>
    public TimeSpan Reply { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A running transfer without progress. Default: 60 s.</summary>
    public TimeSpan TransferStall { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>From the last byte of a transfer to the final reply. Default: 60 s.</summary>
    public TimeSpan FinalReply { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Resynchronising a control connection after an aborted transfer. If that takes longer, the connection is closed. Default: 2 s.
    /// </summary>
    public TimeSpan Resync { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The idle time after which a pooled connection is checked with NOOP before its next use. Default: 15 s.</summary>
    public TimeSpan IdleProbeAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a call of <see cref="FtpClient"/> waits for a connection while other calls hold all connections without using them, such as
    /// an open stream that the program does not read. Default: 60 s.
    /// </summary>
    /// <remarks>
    /// The time during which another call sends, receives or waits for the server does not count, because <see cref="Reply"/> and
    /// <see cref="TransferStall"/> limit it.
    /// </remarks>
    public TimeSpan Acquire { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long <see cref="FtpClient"/> uses fewer connections after the server refused one because of its connection limit. After each
    /// such period it tries one more. Default: 30 s.
    /// </summary>
    public TimeSpan LimitRecovery { get; init; } = TimeSpan.FromSeconds(30);

    internal void Validate()
    {
        ReadOnlySpan<TimeSpan> all = [Connect, Reply, TransferStall, FinalReply, Resync, IdleProbeAfter, Acquire, LimitRecovery];
        foreach (TimeSpan time in all)
        {
            if (time != Timeout.InfiniteTimeSpan && (time <= TimeSpan.Zero || time.TotalMilliseconds > int.MaxValue))
            {
                throw new ArgumentOutOfRangeException(
                    nameof(FtpClientOptions.Timeouts), time, "A timeout must be positive and at most 24 days, or infinite.");
            }
        }
    }
}
