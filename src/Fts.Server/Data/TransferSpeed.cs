namespace Fts.Server.Data;

/// <summary>
/// Measures the speed of a transfer from two samples of its byte count. The session monitor takes a sample once a second, so that the copy
/// engines need not measure time.
/// </summary>
/// <remarks>Only the session monitor calls <see cref="Sample"/>. Any thread may call <see cref="GetBytesPerSecond"/>.</remarks>
/// <param name="startedAt">The start of the transfer, in <see cref="Environment.TickCount64"/> milliseconds.</param>
internal sealed class TransferSpeed(long startedAt)
{
    /// <summary>The last two samples. The older one is the start of the measured time.</summary>
    private volatile Samples _samples = new(startedAt, 0, startedAt, 0);

    /// <summary>Records the byte count.</summary>
    /// <param name="now">The current time, in <see cref="Environment.TickCount64"/> milliseconds.</param>
    /// <param name="bytes">The number of bytes transferred so far.</param>
    public void Sample(long now, long bytes) => _samples = new Samples(_samples.LastAt, _samples.LastBytes, now, bytes);

    /// <summary>Returns the speed since the last but one sample, in bytes per second.</summary>
    /// <param name="now">The current time, in <see cref="Environment.TickCount64"/> milliseconds.</param>
    /// <param name="bytes">The number of bytes transferred so far.</param>
    public long GetBytesPerSecond(long now, long bytes)
    {
        Samples samples = _samples;
        // A last sample that is younger than half a second would make the measured time too short.
        bool isLastOldEnough = now - samples.LastAt >= 500;
        (long from, long before) = isLastOldEnough ? (samples.LastAt, samples.LastBytes) : (samples.FirstAt, samples.FirstBytes);
        return (bytes - before) * 1000 / Math.Max(1, now - from);
    }

    /// <summary>Two samples: their times, and their byte counts.</summary>
    private sealed record Samples(long FirstAt, long FirstBytes, long LastAt, long LastBytes);
}
