using System.Diagnostics.CodeAnalysis;

namespace Fts.Client;

/// <summary>One file of a batch.</summary>
/// <param name="LocalPath">The local path.</param>
/// <param name="RemotePath">The path on the server.</param>
public sealed record FtpBatchFile(string LocalPath, string RemotePath)
{
    /// <summary>
    /// The entry of the file from a listing, for a download; null if unknown. With it, the client need not request the last-modified time
    /// and the length.
    /// </summary>
    public FtpEntry? SourceEntry { get; init; }

    /// <summary>
    /// Receives the progress of the file if it is a separate transfer; null if not needed. Files in block mode report only their result.
    /// </summary>
    public IProgress<FtpProgress>? Progress { get; init; }
}

/// <summary>The result of one file of a batch.</summary>
/// <param name="File">The file.</param>
/// <param name="Result">The result of the transfer; null if it failed.</param>
/// <param name="Exception">
/// The cause of the failure: an <see cref="FtpException"/>, or an exception of the file system if the local file caused it. Null if the
/// transfer succeeded.
/// </param>
public sealed record FtpBatchResult(FtpBatchFile File, FtpTransferResult? Result, Exception? Exception)
{
    /// <summary>Whether the transfer succeeded.</summary>
    [MemberNotNullWhen(true, nameof(Result))]
    [MemberNotNullWhen(false, nameof(Exception))]
    public bool Succeeded => Result is not null;
}
