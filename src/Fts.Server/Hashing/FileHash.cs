using System.Buffers;
using Fts.Accounts;
using Fts.Server.Data;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Hashing;

/// <summary>The hash of a part of a file: its first byte, the one after its last, and the hash in lower-case hex.</summary>
internal readonly record struct FileHash(long Start, long End, string Hex)
{
    private const int BufferBytes = 256 * 1024;

    /// <summary>
    /// Hashes from an offset to another, or to the end of the file, away from the caller's thread, unless this process or, for the SHA-256 of a whole file, the
    /// store remembers. Throws as <see cref="IFileStore"/> does.
    /// </summary>
    public static async ValueTask<FileHash> GetOrComputeAsync(Session session, StorePath path, HashKind kind, long start, long? end, CancellationToken cancellationToken)
    {
        UserFiles files = session.Files!;
        HashCache cache = session.Server.HashCache;
        DateTime now = DateTime.UtcNow;
        FileEntry? before = await files.GetReadableEntryAsync(path, cancellationToken);
        long? part = end >= before?.Length ? null : end;
        bool isWholeSha256 = kind == HashKind.Sha256 && start == 0 && part is null;
        HashCacheKey? key = HashCache.CreateKey(session.Host.Store, before, kind, start, part);
        string? hash = (key is { } known ? cache.Find(known) : null) ?? (isWholeSha256 && before is { } there ? await GetStoredAsync(files, path, there, cancellationToken) : null);
        if (hash is not null)
        {
            return new FileHash(start, part ?? before!.Value.Length, hash);
        }

        await using IFileReader file = await files.OpenReadAsync(path, cancellationToken);
        if (start > file.Length)
        {
            throw new StoreException(StoreError.BadOffset, $"{path} has {file.Length} bytes.");
        }

        long last = Math.Min(end ?? file.Length, file.Length);
        Transfer transfer = session.Transfer!;
        transfer.TotalBytes = last - start;
        hash = await Task.Run(() => ComputeAsync(transfer, file, kind, start, last, cancellationToken), cancellationToken);

        // Only of a file that was the same from before it was opened until after it was read.
        if (before is { } hashed && HashCache.IsOldEnough(hashed, now) && file.Length == hashed.Length && await files.GetReadableEntryAsync(path, cancellationToken) == before)
        {
            if (key is { } settled)
            {
                cache.Add(settled, hash);
            }

            if (isWholeSha256)
            {
                await files.CacheHashAsync(path, hashed, Convert.FromHexString(hash), cancellationToken);
            }
        }

        return new FileHash(start, last, hash);
    }

    private static async ValueTask<string?> GetStoredAsync(UserFiles files, StorePath path, FileEntry file, CancellationToken cancellationToken) =>
        await files.GetCachedHashAsync(path, file, cancellationToken) is { } sha256 ? Convert.ToHexStringLower(sha256) : null;

    private static async Task<string> ComputeAsync(Transfer transfer, IFileReader file, HashKind kind, long offset, long end, CancellationToken cancellationToken)
    {
        using var digest = new Digest(kind);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (offset < end)
            {
                int read = await file.ReadAsync(offset, buffer.AsMemory(0, (int)Math.Min(end - offset, buffer.Length)), cancellationToken);
                if (read == 0)
                {
                    throw new StoreException("The file shrank while it was read.");
                }

                digest.Append(buffer.AsSpan(0, read));
                offset += read;
                transfer.AddBytes(read);
                cancellationToken.ThrowIfCancellationRequested();
                await Task.Yield(); // many who hash take turns on the pool's threads with everybody else
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return digest.Finish();
    }
}
