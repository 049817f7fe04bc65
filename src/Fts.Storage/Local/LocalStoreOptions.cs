namespace Fts.Storage.Local;

/// <summary>The options of a <see cref="LocalFileStore"/>.</summary>
public sealed record LocalStoreOptions
{
    /// <summary>
    /// Whether completed operations survive a power failure. If true, commits, renames, deletions, and new directories and links complete
    /// only after the file and its directory are on stable storage. Default: false.
    /// </summary>
    /// <remarks>
    /// Simultaneous commits to one directory share one flush of that directory. If this option is false, completed operations survive a
    /// crash of the process, but not a crash of the system.
    /// </remarks>
    public bool IsDurable { get; init; }

    /// <summary>The limits on the partial uploads of one uploader. Default: 100 uploads and 32 GiB.</summary>
    public PartialUploadLimits PartialUploadLimits { get; init; } = new();

    /// <summary>
    /// The paths on this machine of files and directories that no client can reach, even if they are located in the served directory. Use
    /// this for private keys, certificates and settings. Default: none.
    /// </summary>
    /// <remarks>
    /// <para>
    /// The entries, and the contents of the directories, are not listed. They cannot be read, written, renamed, deleted or linked to. A
    /// client cannot create a protected path that does not exist yet, or delete or rename a directory above a protected path.
    /// </para>
    /// <para>
    /// On Linux, protected entries are recognised by device and inode, even after they are replaced. If a link in a protected directory
    /// points to a file, that file is protected too.
    /// </para>
    /// <para>
    /// If a protected path can be reached from the served directory, each operation costs at least one system call for each protected path,
    /// each entry in a protected directory, and each link on a protected path. If no protected path can be reached, the check costs
    /// nothing.
    /// </para>
    /// </remarks>
    public IReadOnlyList<string> ProtectedPaths { get; init; } = [];
}
