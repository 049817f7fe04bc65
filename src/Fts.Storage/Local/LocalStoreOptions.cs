namespace Fts.Storage.Local;

/// <summary>How a <see cref="LocalFileStore"/> keeps its promises.</summary>
public sealed record LocalStoreOptions
{
    /// <summary>
    /// Whether what is acknowledged outlasts a power cut, too: a commit, a rename, a removal or a new folder completes when file and folder are on stable storage.
    /// Commits at the same time share a flush. Without it they outlast the end of the process, and the system writes them out when it likes. Default: no.
    /// </summary>
    public bool IsDurable { get; init; }
}
