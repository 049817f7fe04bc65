using System.Buffers;
using Fts.Server.Data;
using Fts.Storage;

namespace Fts.Server.Hashing;

/// <summary>The hash of a part of a file: its first byte, the one after its last, and the hash in lower-case hex.</summary>
internal readonly record struct FileHash(long Start, long End, string Hex)
{
    private const int BufferBytes = 256 * 1024;

    /// <summary>Hashes from an offset to another, or to the end of the file, away from the caller's thread. Throws as <see cref="IFileStore"/> does.</summary>
    public static async ValueTask<FileHash> OfAsync(Session session, StorePath path, HashKind kind, long start, long? end, CancellationToken cancellationToken)
    {
        HashCache cache = session.Server.Hashes;
        FileEntry? before = await session.Files!.FindReadableAsync(path, cancellationToken);
        HashedPart? key = HashCache.KeyOf(session.Host.Store, before, kind, start, end);
        if (key is { } known && cache.Find(known) is { } hash)
        {
            return new FileHash(start, Math.Min(end ?? known.Length, known.Length), hash);
        }

        await using IFileReader file = await session.Files.OpenReadAsync(path, cancellationToken);
        if (start > file.Length)
        {
            throw new StoreException(StoreError.BadOffset, $"{path} has {file.Length} bytes.");
        }

        long last = Math.Min(end ?? file.Length, file.Length);
        Transfer transfer = session.Transfer!;
        transfer.Total = last - start;
        hash = await Task.Run(() => ComputeAsync(transfer, file, kind, start, last, cancellationToken), cancellationToken);

        // Only of a file that was the same from before it was opened until after it was read.
        if (key is { } settled && file.Length == settled.Length && await session.Files.FindReadableAsync(path, cancellationToken) == before)
        {
            cache.Add(settled, hash);
        }

        return new FileHash(start, last, hash);
    }

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
                transfer.Advance(read);
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
