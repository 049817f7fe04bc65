using System.Diagnostics;

namespace Fts.Client.Transfers;

/// <summary>
/// Reports the progress of one file: a new stage immediately, and bytes at most ten times a second. Several connections may add bytes at
/// the same time.
/// </summary>
/// <remarks>
/// The values are used for reports and results only. Decisions depend on the states of uploads and downloads, not on this object.
/// </remarks>
internal sealed class ProgressMeter(IProgress<FtpProgress>? progress, string path)
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(100);
    private readonly Lock _lock = new();
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private FtpTransferStage _stage;
    private long? _fileLength;
    private long _resumedBytes;
    private FtpRestartReason _restartReason;
    private long _reportedAt;

    /// <summary>The number of bytes transferred since <see cref="StartTransfer"/>, without resumed bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>The time since the creation of this object.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_startedAt);

    /// <summary>
    /// Resets the byte count to 0 at the start of a transfer or of its retry. Sets the resumed bytes and the restart reason, which later
    /// reports contain.
    /// </summary>
    public void StartTransfer(long resumedBytes, FtpRestartReason restartReason) =>
        (Bytes, _resumedBytes, _restartReason) = (0, resumedBytes, restartReason);

    /// <summary>Sets the length of the whole file in bytes; null if it is unknown.</summary>
    public void SetFileLength(long? length) => _fileLength = length;

    public void SetRestartReason(FtpRestartReason reason) => _restartReason = reason;

    public void EnterStage(FtpTransferStage stage)
    {
        _stage = stage;
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

    /// <summary>Reports now, regardless of the interval.</summary>
    public void Report()
    {
        _reportedAt = Stopwatch.GetTimestamp();
        progress?.Report(new FtpProgress(path, _stage, Bytes, _fileLength - _resumedBytes, _resumedBytes, _restartReason));
    }
}
