using System.Diagnostics;

namespace Fts.Client;

/// <summary>Counts a transfer's bytes and tells its progress: phases at once, bytes at most ten times a second. Several connections may add at once.</summary>
internal sealed class ProgressMeter(IProgress<FtpProgress>? progress, string path)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private readonly Lock _lock = new();
    private readonly long _started = Stopwatch.GetTimestamp();
    private FtpPhase _phase;
    private long _reported;

    /// <summary>Bytes moved.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes there will be of the whole file; null when nobody knows.</summary>
    public long? Whole { get; set; }

    /// <summary>Bytes that were there before.</summary>
    public long Resumed { get; set; }

    /// <summary>Why there are none although there was something.</summary>
    public FtpRestart Restart { get; set; }

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

    /// <summary>Begins anew with the same file.</summary>
    public void Rewind() => Bytes = 0;

    public void Enter(FtpPhase phase)
    {
        _phase = phase;
        Tell();
    }

    public void Add(long bytes)
    {
        lock (_lock)
        {
            Bytes += bytes;
            if (progress is not null && Stopwatch.GetElapsedTime(_reported) >= Interval)
            {
                Tell();
            }
        }
    }

    /// <summary>Reports now.</summary>
    public void Tell()
    {
        _reported = Stopwatch.GetTimestamp();
        progress?.Report(new FtpProgress(path, _phase, Bytes, Whole - Resumed, Resumed, Restart));
    }
}
