using System.Collections.Concurrent;

namespace Fts.Storage.Memory;

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
