using System.Diagnostics;

namespace Fts.Transfers;

/// <summary>Bytes a second over the last three seconds: long enough to be steady, short enough to show a stall. For one caller at a time.</summary>
internal sealed class TransferRate
{
    private readonly Queue<(TimeSpan At, long Bytes)> _samples = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <summary>Since it was made.</summary>
    public TimeSpan Elapsed => _watch.Elapsed;

    /// <summary>Notes how many bytes have moved so far; the rate.</summary>
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
