using Fts.Protocol;

namespace Fts.Client;

/// <summary>The proof that a transfer is complete.</summary>
public enum FtpVerifiedBy
{
    /// <summary>Only the server's final reply, because no length could be compared.</summary>
    Reply,
    /// <summary>Equal lengths.</summary>
    Length,
    /// <summary>Equal SHA-256 hashes.</summary>
    Hash,
}

/// <summary>A warning about a transfer that succeeded.</summary>
public enum FtpTransferWarning
{
    /// <summary>No warning.</summary>
    None,
    /// <summary>
    /// The server sent more bytes than it had reported, and confirmed the transfer. The reported length is wrong, or the file was growing.
    /// </summary>
    LongerThanReported,
    /// <summary>
    /// The received bytes match the reported length, but the server reported a greater length after the transfer: the file is growing.
    /// </summary>
    StillGrowing,
}

/// <summary>The result of a transfer that succeeded.</summary>
/// <param name="Path">The remote path.</param>
/// <param name="Bytes">The number of bytes transferred, without <paramref name="ResumedBytes"/>.</param>
/// <param name="Elapsed">The duration of the whole call, including the wait for a connection.</param>
/// <param name="Reply">
/// The server's final reply, usually 226. Null if the target was already complete, or if the file was transferred in segments and the
/// client closed the data connection at the end of each segment.
/// </param>
/// <param name="LastModified">
/// The last-modified time of a downloaded file on the server, UTC; null for an upload, or if the server did not report the time.
/// </param>
/// <param name="ResumedBytes">
/// The number of bytes of an interrupted transfer, or of an existing target, that were not transferred again.
/// </param>
/// <param name="VerifiedBy">The proof that the transfer is complete.</param>
public sealed record FtpTransferResult(
    string Path, long Bytes, TimeSpan Elapsed, FtpReply? Reply, DateTimeOffset? LastModified = null, long ResumedBytes = 0,
    FtpVerifiedBy VerifiedBy = FtpVerifiedBy.Reply)
{
    /// <summary>The warning about the transfer. Default: <see cref="FtpTransferWarning.None"/>.</summary>
    public FtpTransferWarning Warning { get; init; }

    /// <summary>The length in bytes that <see cref="Warning"/> refers to, as the server reported it; null if there is no warning.</summary>
    public long? ReportedLength { get; init; }
}
