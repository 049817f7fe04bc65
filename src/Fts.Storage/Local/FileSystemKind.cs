namespace Fts.Storage.Local;

/// <summary>The kinds of file systems, by whether their calls can block.</summary>
internal enum FileSystemKind
{
    /// <summary>Every call can block: a network file system, FUSE, overlayfs, or an unknown file system.</summary>
    Other,
    /// <summary>
    /// A local disk file system. The kernel can answer lookups and reads from its caches, and can refuse a call that would wait for the
    /// disk.
    /// </summary>
    Disk,
    /// <summary>The files are in memory. Calls wait for a disk only if the memory was swapped out.</summary>
    Memory,
}
