using Fts.Accounts;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Hashing;

/// <summary>The SHA-256 of a file that was computed before, for the event of a download. Never computes a hash.</summary>
/// <param name="Path">The file.</param>
/// <param name="Entry">The metadata of the file, which was read before the file was opened.</param>
/// <param name="Hex">The hash in lower-case hexadecimal digits.</param>
internal sealed record KnownHash(StorePath Path, FileEntry Entry, string Hex)
{
    /// <summary>Returns the hash of a file that is not opened yet, or null if it is not known.</summary>
    /// <exception cref="StoreException">The metadata cannot be read.</exception>
    public static async ValueTask<KnownHash?> FindAsync(Session session, StorePath path, CancellationToken cancellationToken)
    {
        UserFiles files = session.Files!;
        if (await files.GetReadableEntryAsync(path, cancellationToken) is not { Kind: EntryKind.File } entry)
        {
            return null;
        }

        HashCacheKey? key = HashCache.CreateKey(session.Store, entry, HashKind.Sha256, 0, null);
        string? hash = key is { } cachedKey ? session.Server.HashCache.Find(cachedKey) : null;
        if (hash is null && await files.GetCachedHashAsync(path, entry, cancellationToken) is { } stored)
        {
            hash = Convert.ToHexStringLower(stored);
        }

        return hash is null ? null : new KnownHash(path, entry, hash);
    }

    /// <summary>Returns the hash, or null if the file was changed or replaced since its metadata was read.</summary>
    public async ValueTask<string?> GetIfUnchangedAsync(Session session)
    {
        try
        {
            // The download is complete, so a cancellation no longer changes its verdict.
            return await session.Files!.GetReadableEntryAsync(Path, CancellationToken.None) == Entry ? Hex : null;
        }
        catch (StoreException)
        {
            return null; // the file was deleted meanwhile
        }
    }
}
