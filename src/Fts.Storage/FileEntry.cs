namespace Fts.Storage;

/// <summary>The kind of an entry of a store.</summary>
public enum EntryKind
{
    /// <summary>A regular file.</summary>
    File,
    /// <summary>A directory.</summary>
    Directory,
    /// <summary>
    /// Any other entry: a device, a socket, a FIFO, a link whose target is missing or outside the store, or a listed entry whose metadata
    /// cannot be read. Such an entry is listed and can be deleted, but not opened.
    /// </summary>
    Other,
}

/// <summary>
/// The metadata of one entry. For a link whose target is inside the store, all values except the name and <paramref name="IsLink"/>
/// describe the target.
/// </summary>
/// <param name="Name">The last component of the path, or an empty string for the root.</param>
/// <param name="Kind">Whether the entry is a file, a directory or any other entry.</param>
/// <param name="Length">The size in bytes. 0 if the entry is not a file.</param>
/// <param name="LastModified">The last-modified time, UTC.</param>
/// <param name="UnixMode">
/// The nine permission bits. Null if the store has none for this entry, or if the listing that returned this entry did not read them.
/// </param>
/// <param name="Id">
/// A number that identifies the file or directory in the store. All hard links of a file have the same number. The local store computes it
/// from device and inode on Linux. 0 if the store has no identifiers.
/// </param>
/// <param name="IsLink">
/// Whether the entry is a link. Code that walks a tree must not follow links, because they can form loops. An entry from
/// <see cref="IFileStore.GetEntryAsync"/>, which follows links, is a link only if the target is missing or outside the store.
/// </param>
public readonly record struct FileEntry(
    string Name, EntryKind Kind, long Length, DateTime LastModified, UnixFileMode? UnixMode = null, ulong Id = 0, bool IsLink = false);

/// <summary>Metadata to set. A null value is not changed.</summary>
/// <param name="LastModified">The last-modified time, UTC.</param>
/// <param name="UnixMode">The nine permission bits. No other bits can be set, so that no client can set setuid or setgid.</param>
public readonly record struct FileMetadata(DateTime? LastModified = null, UnixFileMode? UnixMode = null);
