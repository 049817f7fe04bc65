using System.Diagnostics;
using Fts.Client.Downloads;
using Fts.Protocol;

namespace Fts.Client.Batch;

/// <summary>How far one file of a batch is. Its result is told once; without one it is still to be transferred.</summary>
internal sealed class BatchEntry(FtpBatchFile file, IProgress<FtpBatchResult>? progress) : IDisposable
{
    private string? _localPath;
    private long _startedAt;
    private int _completedHalves;

    public FtpBatchFile File => file;

    /// <summary>The full path on this machine.</summary>
    /// <exception cref="ArgumentException">It is no path.</exception>
    public string LocalPath => _localPath ??= Path.GetFullPath(file.LocalPath);

    public FtpBatchResult? Result { get; private set; }

    /// <summary>Content that moved.</summary>
    public long Bytes { get; set; }

    /// <summary>Bytes that the server said it would send.</summary>
    public long? AnnouncedLength { get; set; }

    /// <summary>When it last changed, where it comes from.</summary>
    public DateTime? LastModified { get; set; }

    /// <summary>The server's last word.</summary>
    public FtpReply? FinalReply { get; set; }

    /// <summary>The mode of the local file that a download replaces; null if there is none.</summary>
    public UnixFileMode? TargetMode { get; set; }

    /// <summary>The local file that a download becomes; owned here.</summary>
    public StagingFile? StagingFile { get; set; }

    /// <summary>What kept this machine from taking what came.</summary>
    public Exception? LocalException { get; set; }

    public void BeginAttempt() => (_startedAt, _completedHalves, Bytes, AnnouncedLength, FinalReply, LocalException) = (Stopwatch.GetTimestamp(), 0, 0, null, null, null);

    /// <summary>Notes that its content, or its reply, is all there; true when the other was before.</summary>
    public bool CompleteHalf() => Interlocked.Increment(ref _completedHalves) == 2;

    public void Succeed(FtpReply reply, DateTime? lastModified = null) => Succeed(new FtpTransferResult(file.RemotePath, Bytes, Stopwatch.GetElapsedTime(_startedAt), reply, lastModified)
    {
        Warning = Bytes > AnnouncedLength ? FtpTransferWarning.LongerThanReported : FtpTransferWarning.None,
        ReportedLength = Bytes > AnnouncedLength ? AnnouncedLength : null,
    });

    public void Succeed(FtpTransferResult result) => ReportResult(new FtpBatchResult(file, result, null));

    public void Fail(Exception failure) => ReportResult(new FtpBatchResult(file, null, failure));

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
