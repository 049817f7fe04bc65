using System.Diagnostics;

namespace Fts.Transfers;

/// <summary>
/// Measures the rate over the last three seconds, which is long enough to be steady and short enough to show a stall. Not thread-safe.
/// </summary>
internal sealed class TransferRate
{
    private readonly Queue<(TimeSpan At, long Bytes)> _samples = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <summary>The time since this object was created.</summary>
    public TimeSpan Elapsed => _watch.Elapsed;

    /// <summary>Records the total number of bytes so far. Returns the current rate in bytes per second.</summary>
    public double AddSample(long bytes)
    {
        TimeSpan now = _watch.Elapsed;
        _samples.Enqueue((now, bytes));
        while (now - _samples.Peek().At > TimeSpan.FromSeconds(3))
        {
            _samples.Dequeue();
        }

        (TimeSpan at, long before) = _samples.Count > 1 ? _samples.Peek() : default;
        double seconds = (now - at).TotalSeconds;
        return seconds > 0 ? (bytes - before) / seconds : 0;
    }
}
