namespace Fts.Storage;

/// <summary>What an entry of a store is.</summary>
public enum EntryKind
{
    /// <summary>A regular file.</summary>
    File,
    /// <summary>A folder.</summary>
    Directory,
    /// <summary>Anything else: a device, a socket, a FIFO, a link that leads nowhere or out of the store. It can be seen and removed, never opened.</summary>
    Other,
}

/// <summary>One file or folder as a store shows it. A link that stays inside the store is shown as what it leads to.</summary>
/// <param name="Name">The last component of its path; empty for the top folder.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Length">Size in bytes; 0 for anything but a file.</param>
/// <param name="LastModified">When its content last changed, UTC.</param>
/// <param name="UnixMode">The nine permission bits, where the store has them.</param>
/// <param name="Id">What tells two entries of one store apart while both exist (device and inode), where the store has it; 0 otherwise.</param>
/// <param name="IsLink">
/// In a listing: the entry is a link, and its other values are those of the target. A recursive caller must not follow it, to avoid loops. With
/// <see cref="EntryKind.Other"/>: a link whose target is missing, outside the store, a loop, or neither a file nor a folder.
/// </param>
public readonly record struct FileEntry(string Name, EntryKind Kind, long Length, DateTime LastModified, UnixFileMode? UnixMode = null, ulong Id = 0, bool IsLink = false);

/// <summary>Facts to set; null leaves one as it is.</summary>
/// <param name="LastModified">When the content last changed, UTC.</param>
/// <param name="UnixMode">The nine permission bits. A store takes no others: what makes a program run as its owner is not a client's to set.</param>
public readonly record struct FileMetadata(DateTime? LastModified = null, UnixFileMode? UnixMode = null);
