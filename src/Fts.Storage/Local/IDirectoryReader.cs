namespace Fts.Storage.Local;

/// <summary>Reads the entries of a directory once.</summary>
internal interface IDirectoryReader : IDisposable
{
    /// <summary>
    /// Replaces the content of <paramref name="batch"/> with the next entries. Returns false at the end of the directory. Before the end, a
    /// batch can be empty.
    /// </summary>
    bool ReadBatch(List<FileEntry> batch);

    /// <summary>The names omitted so far because no <see cref="StorePath"/> can contain them.</summary>
    UnlistedNames Unlisted { get; }
}
