using System.Diagnostics;
using Fts.Client.Downloads;
using Fts.Protocol;

namespace Fts.Client.Batch;

/// <summary>The state of one file of a batch. Its result is reported once. An entry without a result must still be transferred.</summary>
internal sealed class BatchEntry(FtpBatchFile file, IProgress<FtpBatchResult>? progress) : IDisposable
{
    private string? _localPath;
    private long _startedAt;
    private int _completedHalves;

    public FtpBatchFile File => file;

    /// <summary>The full local path.</summary>
    /// <exception cref="ArgumentException">The local path is invalid.</exception>
    public string LocalPath => _localPath ??= Path.GetFullPath(file.LocalPath);

    public FtpBatchResult? Result { get; private set; }

    /// <summary>The number of content bytes transferred.</summary>
    public long Bytes { get; set; }

    /// <summary>The number of bytes that the server announced in its preliminary reply; null if it did not.</summary>
    public long? AnnouncedLength { get; set; }

    /// <summary>The last-modified time of the source, UTC; null if unknown or not needed.</summary>
    public DateTime? LastModified { get; set; }

    /// <summary>The final reply; null before it was received.</summary>
    public FtpReply? FinalReply { get; set; }

    /// <summary>The mode of the local file that a download replaces; null if there is none.</summary>
    public UnixFileMode? TargetMode { get; set; }

    /// <summary>The local file that receives a download. This entry disposes it.</summary>
    public StagingFile? StagingFile { get; set; }

    /// <summary>The error of the local file; the remaining bytes of the file are discarded.</summary>
    public Exception? LocalException { get; set; }

    /// <summary>Resets the state for a new attempt.</summary>
    public void BeginAttempt()
    {
        (_startedAt, _completedHalves, Bytes) = (Stopwatch.GetTimestamp(), 0, 0);
        (AnnouncedLength, FinalReply, LocalException) = (null, null, null);
    }

    /// <summary>Records that the content, or the final reply, is complete. Returns true if the other one was complete before.</summary>
    public bool CompleteHalf() => Interlocked.Increment(ref _completedHalves) == 2;

    public void Succeed(FtpReply reply, DateTime? lastModified = null) =>
        Succeed(new FtpTransferResult(file.RemotePath, Bytes, Stopwatch.GetElapsedTime(_startedAt), reply, lastModified)
        {
            Warning = Bytes > AnnouncedLength ? FtpTransferWarning.LongerThanReported : FtpTransferWarning.None,
            ReportedLength = Bytes > AnnouncedLength ? AnnouncedLength : null,
        });

    public void Succeed(FtpTransferResult result) => ReportResult(new FtpBatchResult(file, result, null));

    public void Fail(Exception exception) => ReportResult(new FtpBatchResult(file, null, exception));

    public void Dispose()
    {
        StagingFile?.Dispose();
        StagingFile = null;
    }

    private void ReportResult(FtpBatchResult result)
    {
        Dispose();
        if (Result is null)
        {
            Result = result;
            progress?.Report(result);
        }
    }
}
