namespace Fts.Storage.Local;

/// <summary>The options of a <see cref="LocalFileStore"/>.</summary>
public sealed record LocalStoreOptions
{
    /// <summary>
    /// Whether completed operations survive a power failure. Commits, renames, deletions and new directories then complete only when file
    /// and directory are on stable storage. Default: false.
    /// </summary>
    /// <remarks>
    /// Simultaneous commits share a flush. If false, completed operations survive a crash of the process, but not of the system.
    /// </remarks>
    public bool IsDurable { get; init; }

    /// <summary>The limits on the partial uploads of one uploader. Default: 100 uploads and 32 GiB.</summary>
    public PartialUploadLimits PartialUploadLimits { get; init; } = new();

    /// <summary>
    /// Files and directories that no client can reach, even if they are located in the served directory, for example private keys,
    /// certificates and settings. Default: none.
    /// </summary>
    /// <remarks>
    /// <para>
    /// The entries, and the contents of the directories, are not listed. They cannot be read, written, renamed, deleted or linked to. A
    /// client cannot create a protected path that does not exist yet, or delete or rename a directory above one.
    /// </para>
    /// <para>
    /// On Linux, protected entries are recognised by device and inode, even after they are replaced. The target of a link in a protected
    /// directory is protected too, if it is a file.
    /// </para>
    /// <para>
    /// If a protected path can be reached from the served directory, each operation costs a system call for each protected entry and each
    /// directory above it. Otherwise the check costs nothing.
    /// </para>
    /// </remarks>
    public IReadOnlyList<string> ProtectedPaths { get; init; } = [];
}
