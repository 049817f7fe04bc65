using System.Diagnostics.CodeAnalysis;

namespace Fts.Client;

/// <summary>One file of a batch.</summary>
/// <param name="LocalPath">The local path: the source of an upload, or the target of a download.</param>
/// <param name="RemotePath">The path on the server: the target of an upload, or the source of a download.</param>
public sealed record FtpBatchFile(string LocalPath, string RemotePath)
{
    /// <summary>
    /// For a download, the entry of the file in a listing; null if unknown. If an entry is given, the client requests the length and
    /// last-modified time only if those of the entry are missing or too inexact, for example because they are from LIST.
    /// </summary>
    public FtpEntry? SourceEntry { get; init; }

    /// <summary>
    /// Receives the progress of the transfer; null if not needed. Small files that the client transfers together in block mode report no
    /// progress.
    /// </summary>
    public IProgress<FtpProgress>? Progress { get; init; }
}

/// <summary>The result of one file of a batch.</summary>
/// <param name="File">The file that the result belongs to.</param>
/// <param name="Result">The result of the transfer; null if the transfer failed.</param>
/// <param name="Exception">
/// The cause of the failure; null if the transfer succeeded. The cause is a file system exception if the local file cannot be accessed, an
/// <see cref="ArgumentException"/> if a path is invalid, and an <see cref="FtpException"/> in all other cases.
/// </param>
public sealed record FtpBatchResult(FtpBatchFile File, FtpTransferResult? Result, Exception? Exception)
{
    /// <summary>Whether the transfer succeeded.</summary>
    [MemberNotNullWhen(true, nameof(Result))]
    [MemberNotNullWhen(false, nameof(Exception))]
    public bool Succeeded => Result is not null;
}
