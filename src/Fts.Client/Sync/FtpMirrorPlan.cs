namespace Fts.Client;

/// <summary>Which way a tree is mirrored.</summary>
public enum FtpMirrorDirection
{
    /// <summary>The folder here becomes like the one on the server.</summary>
    Download,
    /// <summary>The folder on the server becomes like the one here.</summary>
    Upload,
}

/// <summary>What is to be done so that one folder has what another has. Nothing is ever removed.</summary>
/// <param name="Direction">Which way.</param>
/// <param name="LocalDirectory">The folder here.</param>
/// <param name="RemoteDirectory">The folder on the server; empty for the one the account starts in.</param>
public sealed record FtpMirrorPlan(FtpMirrorDirection Direction, string LocalDirectory, string RemoteDirectory)
{
    /// <summary>Paths of folders to be made in the target, parents first.</summary>
    public IReadOnlyList<string> Directories { get; init; } = [];

    /// <summary>Files to be transferred: those the target has not, or with another size or time.</summary>
    public IReadOnlyList<FtpBatchFile> Files { get; init; } = [];

    /// <summary>The bytes of those, as far as they are known.</summary>
    public long Bytes { get; init; }

    /// <summary>Files that are in the target already.</summary>
    public int Unchanged { get; init; }

    /// <summary>Symbolic links, devices and their like, which are left.</summary>
    public int Skipped { get; init; }

    /// <summary>What cannot be mirrored: unsafe names, folders that cannot be listed, files in the place of folders.</summary>
    public IReadOnlyList<FtpMirrorFailure> Failures { get; init; } = [];

    /// <summary>
    /// Lines of the server's listings that could not be read, with <see cref="FtpEntry.RawLine"/>, and with the folder as their path. The server may have
    /// entries that the plan does not contain.
    /// </summary>
    /// <remarks>
    /// If the list is not empty, a caller must not delete files because they are not listed. This applies to the local folder after a download and to
    /// the server after an upload. A download skips these lines. An upload sends every file that is not listed as unchanged.
    /// </remarks>
    public IReadOnlyList<FtpEntry> UnreadableEntries { get; init; } = [];

    /// <summary>Whether the target has everything that can be mirrored.</summary>
    public bool IsEmpty => Directories.Count == 0 && Files.Count == 0;
}

/// <summary>A file or folder that is not mirrored.</summary>
/// <param name="Path">Its path, where it comes from; of a folder that cannot be made, where it was to go.</param>
/// <param name="Exception">Why: an <see cref="FtpException"/>, or an exception of the file system where this machine is the trouble.</param>
public sealed record FtpMirrorFailure(string Path, Exception Exception);

/// <summary>What came of a plan.</summary>
/// <param name="Files">What became of each file.</param>
/// <param name="Failures">Folders that could not be made; the files in them have failed, too.</param>
public sealed record FtpMirrorResult(IReadOnlyList<FtpBatchResult> Files, IReadOnlyList<FtpMirrorFailure> Failures);
