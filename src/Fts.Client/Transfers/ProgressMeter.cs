using System.Diagnostics;

namespace Fts.Client.Transfers;

/// <summary>Counts a transfer's bytes and tells its progress: phases at once, bytes at most ten times a second. Several connections may add at once.</summary>
internal sealed class ProgressMeter(IProgress<FtpProgress>? progress, string path)
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(100);
    private readonly Lock _lock = new();
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private FtpTransferStage _stage;
    private long _reportedAt;

    /// <summary>Bytes moved.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes there will be of the whole file; null when nobody knows.</summary>
    public long? TotalBytes { get; set; }

    /// <summary>Bytes that were there before.</summary>
    public long ResumedBytes { get; set; }

    /// <summary>Why there are none although there was something.</summary>
    public FtpRestartReason RestartReason { get; set; }

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_startedAt);

    /// <summary>Begins anew with the same file.</summary>
    public void ResetBytes() => Bytes = 0;

    public void EnterStage(FtpTransferStage phase)
    {
        _stage = phase;
        Report();
    }

    public void AddBytes(long bytes)
    {
        lock (_lock)
        {
            Bytes += bytes;
            if (progress is not null && Stopwatch.GetElapsedTime(_reportedAt) >= ReportInterval)
            {
                Report();
            }
        }
    }

    /// <summary>Reports now.</summary>
    public void Report()
    {
        _reportedAt = Stopwatch.GetTimestamp();
        progress?.Report(new FtpProgress(path, _stage, Bytes, TotalBytes - ResumedBytes, ResumedBytes, RestartReason));
    }
}
