using System.Buffers;
using Fts.Accounts;
using Fts.Server.Data;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Hashing;

/// <summary>The hash of a byte range of a file.</summary>
/// <param name="Start">The offset of the first byte.</param>
/// <param name="End">The offset after the last byte.</param>
/// <param name="Hex">The hash in lower-case hexadecimal digits.</param>
internal readonly record struct FileHash(long Start, long End, string Hex)
{
    private const int BufferBytes = 256 * 1024;

    /// <summary>
    /// Returns the hash from <see cref="HashCache"/> or, for the SHA-256 of a whole file, from the cache of the store. If the hash is not
    /// cached, computes it on a thread-pool thread.
    /// </summary>
    /// <param name="session">The session that requests the hash. Its transfer records the progress.</param>
    /// <param name="path">The file.</param>
    /// <param name="kind">The hash algorithm.</param>
    /// <param name="start">The offset of the first byte.</param>
    /// <param name="end">The offset after the last byte. Null, or a value beyond the end of the file: the end of the file.</param>
    /// <param name="cancellationToken">Cancels the computation.</param>
    /// <exception cref="StoreException">The file cannot be read, or <paramref name="start"/> is beyond its end.</exception>
    public static async ValueTask<FileHash> GetOrComputeAsync(
        Session session, StorePath path, HashKind kind, long start, long? end, CancellationToken cancellationToken)
    {
        UserFiles files = session.Files!;
        HashCache cache = session.Server.HashCache;
        DateTime now = DateTime.UtcNow;
        FileEntry? before = await files.GetReadableEntryAsync(path, cancellationToken);
        long? rangeEnd = end >= before?.Length ? null : end;
        bool isWholeSha256 = kind == HashKind.Sha256 && start == 0 && rangeEnd is null;
        HashCacheKey? key = HashCache.CreateKey(session.Store, before, kind, start, rangeEnd);
        string? hash = key is { } cachedKey ? cache.Find(cachedKey) : null;
        if (hash is null && isWholeSha256 && before is { } entry)
        {
            hash = await GetHashFromStoreAsync(files, path, entry, cancellationToken);
        }

        if (hash is not null)
        {
            return new FileHash(start, rangeEnd ?? before!.Value.Length, hash);
        }

        await using IFileReader file = await files.OpenReadAsync(path, cancellationToken);
        if (start > file.Length)
        {
            throw new StoreException(StoreError.BadOffset, $"Offset {start} is beyond the end of {path} ({file.Length} bytes).");
        }

        long stop = Math.Min(end ?? file.Length, file.Length);
        Transfer transfer = session.Transfer!;
        transfer.TotalBytes = stop - start;
        hash = await Task.Run(() => ComputeAsync(transfer, file, kind, start, stop, cancellationToken), cancellationToken);

        // The hash is cached only if the file had the same metadata before it was opened and after it was read.
        if (before is { } hashed && HashCache.IsOldEnough(hashed, now) && file.Length == hashed.Length &&
            await files.GetReadableEntryAsync(path, cancellationToken) == before)
        {
            if (key is { } newKey)
            {
                cache.Add(newKey, hash);
            }

            if (isWholeSha256)
            {
                await files.CacheHashAsync(path, hashed, Convert.FromHexString(hash), cancellationToken);
            }
        }

        return new FileHash(start, stop, hash);
    }

    /// <summary>Returns the SHA-256 of a whole file from the cache of the store, or null if it is not cached.</summary>
    private static async ValueTask<string?> GetHashFromStoreAsync(
        UserFiles files, StorePath path, FileEntry file, CancellationToken cancellationToken) =>
        await files.GetCachedHashAsync(path, file, cancellationToken) is { } sha256 ? Convert.ToHexStringLower(sha256) : null;

    private static async Task<string> ComputeAsync(
        Transfer transfer, IFileReader file, HashKind kind, long offset, long end, CancellationToken cancellationToken)
    {
        using var digest = new Digest(kind);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        while (offset < end)
        {
            int read = await file.ReadAsync(offset, buffer.AsMemory(0, (int)Math.Min(end - offset, buffer.Length)), cancellationToken);
            if (read == 0)
            {
                throw new StoreException("The file was truncated while it was read.");
            }

            digest.Append(buffer.AsSpan(0, read));
            offset += read;
            transfer.AddBytes(read);
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Yield(); // lets other sessions use the thread-pool thread
        }

        // After an exception, the buffer is not returned, because a cancelled read of the store may still use it.
        ArrayPool<byte>.Shared.Return(buffer);
        return digest.Finish();
    }
}
