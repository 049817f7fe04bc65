using System.Collections.Concurrent;

namespace Fts.Storage.Memory;

/// <summary>
/// The files and directories of a memory store, by path. Used only under the store's lock. Throws <see cref="StoreException"/> on failure.
/// </summary>
internal sealed class MemoryTree
{
    /// <summary>The root directory.</summary>
    public MemoryNode Root { get; } = MemoryNode.CreateDirectory(1);

    /// <summary>
    /// Returns the file that an upload to a path replaces, or null if the name is free. Throws if the existing entry cannot be replaced.
    /// </summary>
    public MemoryNode? FindReplaceableFile(StorePath path, bool createOnly)
    {
        MemoryNode? existing = GetParent(path).Children!.GetValueOrDefault(path.Name);
        if (existing is not null && (createOnly || existing.Content is null))
        {
            throw createOnly
                ? new StoreException(StoreError.Exists, $"{path} already exists.")
                : new StoreException(StoreError.NotAFile, $"{path} is a directory.");
        }

        return existing;
    }

    /// <summary>Returns the directory that contains a path.</summary>
    public MemoryNode GetParent(StorePath path) => GetExisting(path.Parent) is { Children: not null } directory
        ? directory
        : throw new StoreException(StoreError.NotADirectory, $"{path.Parent} is not a directory.");

    /// <summary>Removes an entry from its directory.</summary>
    public void Remove(StorePath path) => GetParent(path).Children!.TryRemove(path.Name, out _);

    /// <summary>Returns the entry at a path, or throws if none exists.</summary>
    public MemoryNode GetExisting(StorePath path) =>
        Find(path, out StoreError error) ?? throw new StoreException(error, $"{path} does not exist.");

    /// <summary>Returns the entry at a path. If none exists, returns null and the reason.</summary>
    public MemoryNode? Find(StorePath path, out StoreError error)
    {
        error = StoreError.NotFound;
        MemoryNode node = Root;
        foreach (Range part in path.Relative.AsSpan().Split('/'))
        {
            string name = path.Relative[part];
            if (name.Length == 0)
            {
                continue;
            }

            if (node.Children is null)
            {
                error = StoreError.NotADirectory;
                return null;
            }

            if (!node.Children.TryGetValue(name, out MemoryNode? child))
            {
                return null;
            }

            node = child;
        }

        return node;
    }
}

/// <summary>
/// A file (with <see cref="Content"/>) or a directory (with <see cref="Children"/>). Changed only under the store's lock. The children can
/// be listed without the lock.
/// </summary>
internal sealed class MemoryNode
{
    private MemoryNode(ulong id, MemoryContent? content, ConcurrentDictionary<string, MemoryNode>? children) =>
        (Id, Content, Children) = (id, content, children);

    public ulong Id { get; }

    public MemoryContent? Content { get; }

    public ConcurrentDictionary<string, MemoryNode>? Children { get; }

    /// <summary>The resumable uploads to this directory, or null before the first one.</summary>
    public MemoryDirectoryUploads? Uploads { get; set; }

    public DateTime LastModified { get; set; } = DateTime.UtcNow;

    /// <summary>The nine permission bits, or null before they are set.</summary>
    public UnixFileMode? UnixMode { get; set; }

    /// <summary>The cached SHA-256 of the content, or null. The content of a node never changes.</summary>
    public byte[]? Sha256 { get; set; }

    public static MemoryNode CreateFile(ulong id, MemoryContent content) => new(id, content, null);

    // One internal lock of the dictionary is enough, because all changes are made under the store's lock.
    public static MemoryNode CreateDirectory(ulong id) =>
        new(id, null, new ConcurrentDictionary<string, MemoryNode>(1, 0, StringComparer.Ordinal));

    public FileEntry ToEntry(string name) =>
        new(name, Content is null ? EntryKind.Directory : EntryKind.File, Content?.Length ?? 0, LastModified, UnixMode, Id);

    /// <summary>Returns whether this node has the id, length and time of an entry that was read before.</summary>
    public bool IsUnchanged(in FileEntry seen) => (Id, Content?.Length, LastModified) == (seen.Id, seen.Length, seen.LastModified);
}
