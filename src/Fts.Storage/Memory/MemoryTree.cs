using System.Collections.Concurrent;

namespace Fts.Storage.Memory;

/// <summary>The files and folders of a store in memory, by path. Used only under the store's lock; throws what the store throws.</summary>
internal sealed class MemoryTree
{
    /// <summary>The top folder.</summary>
    public MemoryNode Root { get; } = MemoryNode.CreateDirectory(1);

    /// <summary>The file that one written to a path would replace; null where there is none.</summary>
    public MemoryNode? FindReplaceableFile(StorePath path, bool createOnly)
    {
        MemoryNode? there = GetParent(path).Children!.GetValueOrDefault(path.Name);
        return there is null ? null
            : createOnly ? throw new StoreException(StoreError.Exists, path.Value)
            : there.Content is null ? throw new StoreException(StoreError.NotAFile, path.Value)
            : there;
    }

    /// <summary>The folder that a path lies in.</summary>
    public MemoryNode GetParent(StorePath path) => GetExisting(path.Parent) is { Children: not null } directory ? directory : throw new StoreException(StoreError.NotADirectory, path.Value);

    /// <summary>Takes an entry out of its folder.</summary>
    public void Remove(StorePath path) => GetParent(path).Children!.TryRemove(path.Name, out _);

    /// <summary>What is at a path that must be there.</summary>
    public MemoryNode GetExisting(StorePath path) => Find(path, out StoreError error) ?? throw new StoreException(error, path.Value);

    /// <summary>What is at a path; null, and why, where there is nothing.</summary>
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

/// <summary>A file (it has content) or a folder (it has children). Changed only under the store's lock; children may be listed without it.</summary>
internal sealed class MemoryNode
{
    private MemoryNode(ulong id, MemoryContent? content, ConcurrentDictionary<string, MemoryNode>? children) => (Id, Content, Children) = (id, content, children);

    public ulong Id { get; }

    public MemoryContent? Content { get; }

    public ConcurrentDictionary<string, MemoryNode>? Children { get; }

    /// <summary>Of a folder: the uploads into it that are being written, or broke off and can be continued. Null before the first.</summary>
    public MemoryDirectoryUploads? Uploads { get; set; }

    public DateTime LastModified { get; set; } = DateTime.UtcNow;

    /// <summary>Null until it is set.</summary>
    public UnixFileMode? UnixMode { get; set; }

    /// <summary>Of a file: the SHA-256 of its content, which never changes; null where nobody told it.</summary>
    public byte[]? Sha256 { get; set; }

    public static MemoryNode CreateFile(ulong id, MemoryContent content) => new(id, content, null);

    // One stripe: all changes come from under one lock already.
    public static MemoryNode CreateDirectory(ulong id) => new(id, null, new ConcurrentDictionary<string, MemoryNode>(1, 0, StringComparer.Ordinal));

    public FileEntry ToEntry(string name) => new(name, Content is null ? EntryKind.Directory : EntryKind.File, Content?.Length ?? 0, LastModified, UnixMode, Id);

    /// <summary>Whether it is still what somebody saw.</summary>
    public bool IsUnchanged(in FileEntry seen) => (Id, Content?.Length, LastModified) == (seen.Id, seen.Length, seen.LastModified);
}
