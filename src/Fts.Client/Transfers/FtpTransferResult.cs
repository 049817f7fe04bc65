using Fts.Protocol;

namespace Fts.Client;

/// <summary>What showed that a transfer is whole.</summary>
public enum FtpVerifiedBy
{
    /// <summary>The server's word alone: it tells no length.</summary>
    Reply,
    /// <summary>Both sides have as many bytes.</summary>
    Length,
    /// <summary>Both sides have the same SHA-256.</summary>
    Hash,
}

/// <summary>A warning about a transfer that succeeded.</summary>
public enum FtpTransferWarning
{
    /// <summary>No warning.</summary>
    None,
    /// <summary>
    /// The server sent more bytes than the length it had reported, and confirmed the transfer. Its lengths are wrong, or the file was growing.
    /// </summary>
    LongerThanReported,
    /// <summary>
    /// The received bytes match the reported length, but the server reported a greater length after the transfer: the file is growing.
    /// </summary>
    StillGrowing,
}

/// <summary>A transfer that succeeded.</summary>
/// <param name="Path">The remote path.</param>
/// <param name="Bytes">Bytes moved, without those <paramref name="ResumedBytes"/>.</param>
/// <param name="Elapsed">From asking for a connection to the last step.</param>
/// <param name="Reply">The server's last word on the transfer, usually 226; null when all was there and nothing had to move.</param>
/// <param name="LastModified">The server's modification time of a downloaded file, where it told.</param>
/// <param name="ResumedBytes">Bytes that were there before.</param>
/// <param name="VerifiedBy">What shows that it is whole.</param>
public sealed record FtpTransferResult(
    string Path, long Bytes, TimeSpan Elapsed, FtpReply? Reply, DateTimeOffset? LastModified = null, long ResumedBytes = 0, FtpVerifiedBy VerifiedBy = FtpVerifiedBy.Reply)
{
    /// <summary>The warning; <see cref="FtpTransferWarning.None"/> if there is none.</summary>
    public FtpTransferWarning Warning { get; init; }

    /// <summary>The length in bytes that <see cref="Warning"/> refers to, as the server reported it; null without a warning.</summary>
    public long? ReportedLength { get; init; }
}
