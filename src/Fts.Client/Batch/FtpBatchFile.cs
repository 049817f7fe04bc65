using System.Diagnostics.CodeAnalysis;

namespace Fts.Client;

/// <summary>One of many files to transfer.</summary>
/// <param name="LocalPath">Its path on this machine.</param>
/// <param name="RemotePath">Its path on the server.</param>
public sealed record FtpBatchFile(string LocalPath, string RemotePath)
{
    /// <summary>What a listing already told of the file to download: saves asking for its time, and tells a large one from the others.</summary>
    public FtpEntry? SourceEntry { get; init; }

    /// <summary>
    /// Told how far it is, when it goes by a transfer of its own. Of those that go over one data connection with others only the result is told.
    /// </summary>
    public IProgress<FtpProgress>? Progress { get; init; }
}

/// <summary>What became of one of many files.</summary>
/// <param name="File">The file.</param>
/// <param name="Result">The transfer; null where it failed.</param>
/// <param name="Exception">
/// Why it failed: an <see cref="FtpException"/>, or an exception of the file system where this machine's file was the trouble; null where it did not.
/// </param>
public sealed record FtpBatchResult(FtpBatchFile File, FtpTransferResult? Result, Exception? Exception)
{
    /// <summary>Whether the file is where it was to go, whole.</summary>
    [MemberNotNullWhen(true, nameof(Result))]
    [MemberNotNullWhen(false, nameof(Exception))]
    public bool Succeeded => Result is not null;
}
