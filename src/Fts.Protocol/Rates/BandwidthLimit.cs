namespace Fts.Protocol.Rates;

/// <summary>
/// Limits the speed of transfers to a number of bytes per second. Each chunk of data reserves the time that it needs at
/// this speed. The next chunk waits until that time has passed. Thread-safe.
/// </summary>
/// <remarks>
/// The reserved times follow each other without gaps, so that the delays of timers do not reduce the speed. Unused time is kept for
/// <see cref="MaxBurst"/> only, so that a pause is not followed by a long burst.
/// </remarks>
/// <param name="bytesPerSecond">The maximum speed, at least 1.</param>
/// <param name="clock">The clock of the waits.</param>
public sealed class BandwidthLimit(long bytesPerSecond, TimeProvider clock)
{
    /// <summary>The unused time that later chunks may use.</summary>
    public static readonly TimeSpan MaxBurst = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// The time that the largest chunk needs. Shorter times would need more timers, and longer times would be less smooth.
    /// </summary>
    private static readonly TimeSpan ChunkTime = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly long _createdAt = clock.GetTimestamp();
    private double _reservedUntil; // in seconds since the creation of this object

    /// <summary>The maximum speed.</summary>
    public long BytesPerSecond => bytesPerSecond;

    /// <summary>The maximum number of bytes of a chunk.</summary>
    public int ChunkBytes { get; } = (int)Math.Clamp(bytesPerSecond / (TimeSpan.TicksPerSecond / ChunkTime.Ticks), 1, int.MaxValue);

    /// <summary>Returns how long the next chunk must wait. Zero if it may be transferred now.</summary>
    public TimeSpan GetDelay()
    {
        lock (_lock)
        {
            return TimeSpan.FromSeconds(Math.Max(0, _reservedUntil - GetElapsedSeconds()));
        }
    }

    /// <summary>Waits until the next chunk may be transferred.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        while (GetDelay() is var delay && delay > TimeSpan.Zero)
        {
            // A timer has a resolution of a millisecond, and rounds a shorter time down to zero.
            await Task.Delay(delay < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : delay, clock, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Reserves the time for transferred bytes, or for bytes that are transferred next.</summary>
    public void Reserve(int bytes)
    {
        lock (_lock)
        {
            _reservedUntil = Math.Max(_reservedUntil, GetElapsedSeconds() - MaxBurst.TotalSeconds) + ((double)bytes / bytesPerSecond);
        }
    }

    private double GetElapsedSeconds() => clock.GetElapsedTime(_createdAt).TotalSeconds;
}
