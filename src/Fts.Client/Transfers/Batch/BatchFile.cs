using System.Diagnostics;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>How far one file of a batch is. Its result is told once; without one it is still to be transferred.</summary>
internal sealed class BatchFile(FtpBatchFile file, IProgress<FtpBatchResult>? progress) : IDisposable
{
    private string? _localPath;
    private long _startedAt;
    private int _halves;

    public FtpBatchFile File => file;

    /// <summary>The full path on this machine.</summary>
    /// <exception cref="ArgumentException">It is no path.</exception>
    public string LocalPath => _localPath ??= Path.GetFullPath(file.LocalPath);

    public FtpBatchResult? Result { get; private set; }

    /// <summary>Content that moved.</summary>
    public long Bytes { get; set; }

    /// <summary>Bytes that the server said it would send.</summary>
    public long? Announced { get; set; }

    /// <summary>When it last changed, where it comes from.</summary>
    public DateTime? Modified { get; set; }

    /// <summary>The server's last word.</summary>
    public FtpReply? Final { get; set; }

    /// <summary>The mode of the local file that a download replaces; null if there is none.</summary>
    public UnixFileMode? TargetMode { get; set; }

    /// <summary>The local file that a download becomes; owned here.</summary>
    public OneOffFile? Pending { get; set; }

    /// <summary>What kept this machine from taking what came.</summary>
    public Exception? LocalFailure { get; set; }

    public void Start() => (_startedAt, _halves, Bytes, Announced, Final, LocalFailure) = (Stopwatch.GetTimestamp(), 0, 0, null, null, null);

    /// <summary>Notes that its content, or its reply, is all there; true when the other was before.</summary>
    public bool HasBothHalves() => Interlocked.Increment(ref _halves) == 2;

    public void Succeed(FtpReply reply, DateTime? lastModified = null) => Succeed(new FtpTransferResult(file.RemotePath, Bytes, Stopwatch.GetElapsedTime(_startedAt), reply, lastModified)
    {
        Warning = Bytes > Announced ? FtpTransferWarning.LongerThanReported : FtpTransferWarning.None,
        ReportedLength = Bytes > Announced ? Announced : null,
    });

    public void Succeed(FtpTransferResult result) => Tell(new FtpBatchResult(file, result, null));

    public void Fail(Exception failure) => Tell(new FtpBatchResult(file, null, failure));

    public void Dispose()
    {
        Pending?.Dispose();
        Pending = null;
    }

    private void Tell(FtpBatchResult result)
    {
        Dispose();
        if (Result is null)
        {
            Result = result;
            progress?.Report(result);
        }
    }
}
