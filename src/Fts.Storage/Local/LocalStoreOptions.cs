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
    public PartialUploadLimits PartialUploads { get; init; } = new();

    /// <summary>
    /// Files and directories of this machine that no client reaches although they lie in the served directory: private keys, certificates, settings, state. They
    /// are not listed, cannot be read, written, renamed, removed or linked to, by any name or link, and neither can what lies in the directories. On Linux they
    /// are recognised by device and inode, and a file to which a link in one of the directories leads is protected as well. The paths are looked up again when files are replaced; one that does not exist yet cannot be made by a client.
    /// A directory on the way to one cannot be removed or renamed. Default: none.
    /// </summary>
    /// <remarks>Costs a few system calls per operation if one of them can be reached from the served directory, and nothing otherwise.</remarks>
    public IReadOnlyList<string> ProtectedPaths { get; init; } = [];
}
