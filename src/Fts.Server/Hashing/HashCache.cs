using Fts.Storage;

namespace Fts.Server.Hashing;

/// <summary>
/// The key of a cached hash: a byte range of a file, and the identity, size and last-modified time of the file when it was hashed.
/// </summary>
/// <param name="Store">The store of the file. Identities are unique within one store only.</param>
/// <param name="Id">The identity of the file.</param>
/// <param name="Length">The size of the file in bytes.</param>
/// <param name="LastModified">The last-modified time, in UTC.</param>
/// <param name="Kind">The hash algorithm.</param>
/// <param name="Start">The offset of the first byte of the range.</param>
/// <param name="End">The offset after the last byte of the range; null for the end of the file.</param>
internal readonly record struct HashCacheKey(
    IFileStore Store, ulong Id, long Length, DateTime LastModified, HashKind Kind, long Start, long? End);

/// <summary>The most recently computed hashes of all sessions. The store also caches the SHA-256 of whole files.</summary>
/// <remarks>
/// A command that sets a last-modified time must call <see cref="Clear"/>, because a new file can have the identity and length of a deleted
/// file. If the command gives the new file the last-modified time of the deleted file, the cache would return the hash of the deleted file.
/// The cache does not detect if a local program rewrites a file in place and restores the last-modified time.
/// </remarks>
internal sealed class HashCache
{
    private const int MaxEntries = 1024;

    /// <summary>
    /// The minimum age of a file for caching its hash, because two changes within this time may result in the same last-modified time.
    /// </summary>
    private static readonly TimeSpan MinAge = TimeSpan.FromSeconds(2);

    private readonly FifoCache<HashCacheKey, string> _hashes = new(MaxEntries);

    /// <summary>Returns the key of a range of a file, or null if the store does not report an identity of the file.</summary>
    public static HashCacheKey? CreateKey(IFileStore store, FileEntry? file, HashKind kind, long start, long? end) =>
        file is { Kind: EntryKind.File, Id: not 0 } entry
            ? new HashCacheKey(store, entry.Id, entry.Length, entry.LastModified, kind, start, end)
            : null;

    /// <summary>Returns whether any change after <paramref name="readStart"/> would change the last-modified time.</summary>
    /// <param name="file">The metadata of the file before it was read.</param>
    /// <param name="readStart">The time before the metadata was read, in UTC.</param>
    public static bool IsOldEnough(in FileEntry file, DateTime readStart) => readStart - file.LastModified >= MinAge;

    /// <summary>Returns the hash in lower-case hexadecimal digits, or null if it is not cached.</summary>
    public string? Find(HashCacheKey key) => _hashes.TryGet(key, out string? hash) ? hash : null;

    /// <summary>Adds the hash of a file for which <see cref="IsOldEnough"/> returned true.</summary>
    public void Add(HashCacheKey key, string hash) => _hashes.Add(key, hash);

    /// <summary>Removes all hashes.</summary>
    public void Clear() => _hashes.Clear();
}
