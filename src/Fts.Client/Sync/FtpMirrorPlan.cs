namespace Fts.Client;

/// <summary>The direction of a mirror.</summary>
public enum FtpMirrorDirection
{
    /// <summary>From the server to the local directory.</summary>
    Download,
    /// <summary>From the local directory to the server.</summary>
    Upload,
}

/// <summary>The directories and files that a mirror must create or replace in its target. A mirror never deletes files.</summary>
/// <param name="Direction">The direction.</param>
/// <param name="LocalDirectory">The local directory.</param>
/// <param name="RemoteDirectory">The directory on the server; empty for the working directory.</param>
public sealed record FtpMirrorPlan(FtpMirrorDirection Direction, string LocalDirectory, string RemoteDirectory)
{
    /// <summary>The directories to create in the target, parents first.</summary>
    public IReadOnlyList<string> Directories { get; init; } = [];

    /// <summary>
    /// The files to transfer, ordered by remote path: files that are missing in the target, or differ in size or last-modified time.
    /// </summary>
    public IReadOnlyList<FtpBatchFile> Files { get; init; } = [];

    /// <summary>The total length of <see cref="Files"/> in bytes. Files of unknown length count as 0.</summary>
    public long Bytes { get; init; }

    /// <summary>The number of files that the target already has unchanged.</summary>
    public int Unchanged { get; init; }

    /// <summary>The number of symbolic links, devices and other special files, which are not mirrored.</summary>
    public int Skipped { get; init; }

    /// <summary>
    /// The entries that cannot be mirrored, for example entries with unsafe names, unreadable directories, and entries of another kind than
    /// the existing entry in the target.
    /// </summary>
    public IReadOnlyList<FtpMirrorFailure> Failures { get; init; } = [];

    /// <summary>
    /// The listed lines in an unknown format. Each entry contains the line (<see cref="FtpEntry.RawLine"/>) and the path of the listed
    /// directory. The server may have files that the plan does not contain.
    /// </summary>
    /// <remarks>
    /// If this list is not empty, do not treat files that the plan lacks as deleted, in the local directory or on the server. A download
    /// skips the lines. An upload sends every local file that the server did not list.
    /// </remarks>
    public IReadOnlyList<FtpEntry> UnreadableEntries { get; init; } = [];

    /// <summary>The differences for a sync; null for a mirror.</summary>
    internal Sync.SyncDifferences? Differences { get; init; }

    /// <summary>Whether the target has everything that can be mirrored.</summary>
    public bool IsEmpty => Directories.Count == 0 && Files.Count == 0;
}

/// <summary>A file or directory that was not mirrored.</summary>
/// <param name="Path">The path in the source; the path in the target for a directory that could not be created.</param>
/// <param name="Exception">
/// The reason: an <see cref="FtpException"/>, an exception of the local file system, or an <see cref="ArgumentException"/> if the path
/// cannot be sent to the server.
/// </param>
public sealed record FtpMirrorFailure(string Path, Exception Exception);

/// <summary>The result of a mirror.</summary>
/// <param name="Files">The result of each file, not necessarily in the order of the plan.</param>
/// <param name="Failures">The directories that could not be created. Their files failed with the same exception.</param>
public sealed record FtpMirrorResult(IReadOnlyList<FtpBatchResult> Files, IReadOnlyList<FtpMirrorFailure> Failures);
