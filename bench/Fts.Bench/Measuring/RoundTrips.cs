using System.Diagnostics;
using Fts.Bench.Load;

namespace Fts.Bench.Measuring;

/// <summary>How long NOOPs took.</summary>
internal sealed class RoundTrips
{
    private readonly List<long> _ticks = [];

    public void Ask(FtpWire wire)
    {
        long start = Stopwatch.GetTimestamp();
        wire.Must(2, "NOOP");
        _ticks.Add(Stopwatch.GetTimestamp() - start);
    }

    /// <summary>The time in microseconds within which this share of them was answered.</summary>
    public double Within(double share)
    {
        _ticks.Sort();
        return _ticks[Math.Min(_ticks.Count - 1, (int)(_ticks.Count * share))] * 1e6 / Stopwatch.Frequency;
    }
}
