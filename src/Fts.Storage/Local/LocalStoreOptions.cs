namespace Fts.Storage.Local;

/// <summary>How a <see cref="LocalFileStore"/> keeps its promises.</summary>
public sealed record LocalStoreOptions
{
    /// <summary>
    /// Whether what is acknowledged outlasts a power cut, too: a commit, a rename, a removal or a new folder completes when file and folder are on stable storage.
    /// Commits at the same time share a flush. Without it they outlast the end of the process, and the system writes them out when it likes. Default: no.
    /// </summary>
    public bool IsDurable { get; init; }

    /// <summary>How many partial uploads are kept for one uploader, and how many bytes of them. Default: 100 and 32 GiB.</summary>
    public PartialUploadLimits PartialUploadLimits { get; init; } = new();

    /// <summary>
    /// Files and directories that no client can reach, even if they are located in the served directory: private keys, certificates,
    /// settings, state. They and the contents of the directories are not listed. They cannot be read, written, renamed, removed or linked
    /// to, by any name or link. On Linux they are recognised by device and inode, also after they were replaced, and a file to which a
    /// link in a protected directory leads is protected as well. A client cannot create a protected path that does not exist yet, or
    /// remove or rename a directory above one. Default: none.
    /// </summary>
    /// <remarks>
    /// If one of the paths can be reached from the served directory, each operation costs a system call for each protected entry and for
    /// each directory above it. Otherwise the check costs nothing.
    /// </remarks>
    public IReadOnlyList<string> ProtectedPaths { get; init; } = [];
}
