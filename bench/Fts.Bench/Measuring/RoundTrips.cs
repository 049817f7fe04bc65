using System.Diagnostics;
using Fts.Bench.Load;

namespace Fts.Bench.Measuring;

/// <summary>The durations of NOOP commands.</summary>
internal sealed class RoundTrips
{
    private readonly List<long> _ticks = [];

    /// <summary>Sends NOOP and records the time until the reply.</summary>
    public void MeasureNoop(FtpWire wire)
    {
        long start = Stopwatch.GetTimestamp();
        wire.SendExpecting(2, "NOOP");
        _ticks.Add(Stopwatch.GetTimestamp() - start);
    }

    /// <summary>Returns a percentile of the durations in microseconds, for example the median for 0.5.</summary>
    public double GetPercentile(double share)
    {
        _ticks.Sort();
        return _ticks[Math.Min(_ticks.Count - 1, (int)(_ticks.Count * share))] * 1e6 / Stopwatch.Frequency;
    }
}
