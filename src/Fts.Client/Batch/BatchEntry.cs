using System.Diagnostics;
using Fts.Client.Downloads;
using Fts.Protocol;

namespace Fts.Client.Batch;

/// <summary>Holds the state of one file of a batch during the transfer, and reports the result of the file exactly once.</summary>
/// <param name="file">The file.</param>
/// <param name="onResult">Receives the result.</param>
internal sealed class BatchEntry(FtpBatchFile file, Action<FtpBatchResult> onResult) : IDisposable
{
    private string? _localPath;
    private long _startedAt;
    private int _completeParts; // the content and the positive final reply
    private bool _hasResult;

    public FtpBatchFile File => file;

    /// <summary>The full local path.</summary>
    /// <exception cref="ArgumentException">The local path is invalid.</exception>
    public string LocalPath => _localPath ??= Path.GetFullPath(file.LocalPath);

    /// <summary>The number of content bytes transferred.</summary>
    public long Bytes { get; set; }

    /// <summary>The length in bytes that the server announced in its preliminary reply; null if it announced no length.</summary>
    public long? AnnouncedLength { get; set; }

    /// <summary>The last-modified time of the source, UTC; null if unknown or not needed.</summary>
    public DateTime? LastModified { get; set; }

    /// <summary>The positive final reply; null before its arrival.</summary>
    public FtpReply? FinalReply { get; private set; }

    /// <summary>The permissions of the existing target file of a download; null if the target does not exist.</summary>
    public UnixFileMode? TargetMode { get; set; }

    /// <summary>The local file that receives a download. This entry disposes it.</summary>
    public StagingFile? StagingFile { get; set; }

    /// <summary>
    /// The error that makes this file fail without ending the batch: a local error, or fewer bytes than the server announced. Null if no
    /// error occurred. The bytes of the file that arrive after the error are discarded.
    /// </summary>
    public Exception? FileException { get; set; }

    /// <summary>Begins a transfer in block mode: records the start time, and resets the counters, replies and errors.</summary>
    public void BeginAttempt()
    {
        (_startedAt, _completeParts, Bytes) = (Stopwatch.GetTimestamp(), 0, 0);
        (AnnouncedLength, FinalReply, FileException) = (null, null, null);
    }

    /// <summary>Records that the content is complete. Returns true if the final reply has already been received.</summary>
    public bool RecordContentComplete() => RecordCompletePart();

    /// <summary>Records a positive final reply. Returns true if the content is already complete.</summary>
    public bool RecordFinalReply(FtpReply reply)
    {
        FinalReply = reply;
        return RecordCompletePart();
    }

    /// <summary>Reports the success of a transfer in block mode.</summary>
    public void Succeed(FtpReply reply, DateTime? lastModified = null) =>
        Succeed(new FtpTransferResult(file.RemotePath, Bytes, Stopwatch.GetElapsedTime(_startedAt), reply, lastModified)
        {
            Warning = Bytes > AnnouncedLength ? FtpTransferWarning.LongerThanReported : FtpTransferWarning.None,
            ReportedLength = Bytes > AnnouncedLength ? AnnouncedLength : null,
        });

    /// <summary>Reports the success of a transfer outside block mode.</summary>
    public void Succeed(FtpTransferResult result) => ReportResult(new FtpBatchResult(file, result, null));

    /// <summary>Reports the failure of the transfer.</summary>
    public void Fail(Exception exception) => ReportResult(new FtpBatchResult(file, null, exception));

    /// <summary>
    /// Disposes the staging file if the entry already has a result. Must be called after the staging file is created, because another
    /// thread may have reported a negative final reply during the creation.
    /// </summary>
    public void DisposeIfFinished()
    {
        // With this barrier and the exchange in ReportResult, at least one of the two threads reads both the result and the staging file.
        // That thread disposes the staging file.
        Interlocked.MemoryBarrier();
        if (_hasResult)
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        StagingFile?.Dispose();
        StagingFile = null;
    }

    /// <summary>Counts a complete part of the transfer. Returns true if both parts are complete: the content and the final reply.</summary>
    private bool RecordCompletePart() => Interlocked.Increment(ref _completeParts) == 2;

    /// <summary>Disposes the staging file and reports the result. A second result is discarded.</summary>
    private void ReportResult(FtpBatchResult result)
    {
        bool hadResult = Interlocked.Exchange(ref _hasResult, true);
        Dispose();
        if (!hadResult)
        {
            onResult(result);
        }
    }
}
