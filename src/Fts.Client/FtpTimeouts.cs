namespace Fts.Client;

/// <summary>
/// The timeouts and other periods of a client or connection. Each is positive and at most 24 days, or infinite
/// (<see cref="Timeout.InfiniteTimeSpan"/>). An infinite timeout sets no limit.
/// </summary>
public sealed record FtpTimeouts
{
    /// <summary>The maximum time to open a control or data connection, and to perform each TLS handshake. Default: 15 s.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The maximum time from sending a command to the end of its reply, and the maximum time to wait for the greeting. Default: 30 s.
    /// </summary>
    /// <remarks>
    /// If the client compares hashes (HASH, XSHA256), one second is added for each 10 MB. For COMB, which joins the segments of an upload,
    /// the same time is added to <see cref="FinalReply"/> instead.
    /// </remarks>
    public TimeSpan Reply { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The maximum time during which a running transfer makes no progress. Default: 60 s.</summary>
    public TimeSpan TransferStall { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The maximum time from the last byte of a transfer to the final reply. Default: 60 s.</summary>
    public TimeSpan FinalReply { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The maximum time to receive all replies after an aborted transfer. After that time, the client closes the connection. Also the
    /// maximum duration of <see cref="FtpClient.DisposeAsync"/>. Default: 2 s.
    /// </summary>
    public TimeSpan Resync { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The idle time after which a pooled connection is checked with NOOP before its next use. If infinite, the connection is not checked.
    /// Default: 15 s.
    /// </summary>
    public TimeSpan IdleProbeAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The maximum time that a call of <see cref="FtpClient"/> waits while other calls hold all connections without using them. For
    /// example, an open stream holds a connection even if the program does not read it. Default: 60 s.
    /// </summary>
    /// <remarks>
    /// The time during which another call sends, receives or waits for the server does not count, because <see cref="Reply"/> and
    /// <see cref="TransferStall"/> limit that time.
    /// </remarks>
    public TimeSpan Acquire { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// If the server refuses a connection because of its connection limit, an <see cref="FtpClient"/> uses fewer connections. After each
    /// period of this length, the client tries to open one more connection. If infinite, the client does not try to open more connections.
    /// Default: 30 s.
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
