using Fts.Storage;

namespace Fts.Server.Hashing;

/// <summary>What was hashed: a part of a file, told apart from what it was before and will be by its identity, size and time. Stores number their files each for itself.</summary>
internal readonly record struct HashCacheKey(IFileStore Store, ulong Id, long Length, DateTime LastModified, HashKind Kind, long Start, long? End);

/// <summary>
/// The hashes computed last, of all sessions, so that asking twice is free. An identity is used again once its file is gone, and a time can be set: what
/// changes a time through this server must <see cref="Clear"/>, and a file changed a moment ago is not remembered, since another change may get the same time.
/// A program on this machine that rewrites a file in place and sets its old time again is not noticed. The SHA-256 of a whole file the store remembers, too.
/// </summary>
internal sealed class HashCache
{
    private const int MaxEntries = 1024;
    private static readonly TimeSpan MinAge = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Dictionary<HashCacheKey, string> _hashes = [];
    private readonly Queue<HashCacheKey> _oldestFirst = new();

    /// <summary>What a part is remembered by; null where the store cannot tell its files apart.</summary>
    public static HashCacheKey? CreateKey(IFileStore store, FileEntry? file, HashKind kind, long start, long? end) =>
        file is { Kind: EntryKind.File, Id: not 0 } entry ? new HashCacheKey(store, entry.Id, entry.Length, entry.LastModified, kind, start, end) : null;

    /// <summary>Whether whatever changed the file after <paramref name="now"/> gave it another time. Asked of the time before it was read, however long that took.</summary>
    public static bool IsOldEnough(in FileEntry file, DateTime now) => now - file.LastModified >= MinAge;

    public string? Find(HashCacheKey part)
    {
        lock (_lock)
        {
            return _hashes.GetValueOrDefault(part);
        }
    }

    /// <summary>Of a settled file.</summary>
    public void Add(HashCacheKey part, string hash)
    {
        lock (_lock)
        {
            if (_hashes.TryAdd(part, hash))
            {
                _oldestFirst.Enqueue(part);
            }

            if (_oldestFirst.Count > MaxEntries)
            {
                _hashes.Remove(_oldestFirst.Dequeue());
            }
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _hashes.Clear();
            _oldestFirst.Clear();
        }
    }
}
