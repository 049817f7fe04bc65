using Fts.Accounts.Quota;
using Fts.Storage;

namespace Fts.Accounts.Recording;

/// <summary>Counts the files of a directory with a quota, also while clients change them.</summary>
internal static class QuotaWalk
{
    /// <summary>The number of walks before a count fails because directories are moved all the time.</summary>
    private const int MaxAttempts = 5;

    /// <summary>Counts the files in a directory and below it, while nothing changes them. Links do not count.</summary>
    /// <exception cref="StoreException">A directory cannot be read.</exception>
    public static async ValueTask<QuotaAmount> CountAsync(IFileStore store, StorePath directory, CancellationToken cancellationToken)
    {
        QuotaAmount total = default;
        (QuotaAmount own, List<FileEntry> directories) = await ReadAsync(store, directory, cancellationToken).ConfigureAwait(false);
        total += own;
        foreach (FileEntry child in directories)
        {
            total += await CountAsync(store, directory.Child(child.Name), cancellationToken).ConfigureAwait(false);
        }

        return total;
    }

    /// <summary>Counts a directory with a quota, and corrects its usage. Returns the correction, or null if it has no quota.</summary>
    /// <param name="records">The records of the server.</param>
    /// <param name="directory">The real path of the directory.</param>
    /// <param name="store">The store of the directory.</param>
    /// <param name="cancellationToken">Cancels the count.</param>
    /// <exception cref="StoreException">A directory cannot be read, or directories were moved during each attempt.</exception>
    public static async ValueTask<QuotaAmount?> CorrectAsync(
        AccountRecords records, string directory, IFileStore store, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var count = new QuotaCount();
            if (!records.Ledger.WithDirectory(directory, found => (found.Count = count) is not null))
            {
                return null;
            }

            try
            {
                await WalkAsync(records, store, StorePath.Root, count, cancellationToken).ConfigureAwait(false);
                if (records.ApplyCount(directory, count) is { } correction)
                {
                    return correction;
                }
            }
            finally
            {
                records.Ledger.WithDirectory(directory, found => found.Count = found.Count == count ? null : found.Count);
            }
        }

        throw new StoreException(StoreError.Busy, $"{directory} cannot be counted, because clients move directories in it.");
    }

    private static async ValueTask WalkAsync(
        AccountRecords records, IFileStore store, StorePath directory, QuotaCount count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (await store.GetUnfollowedEntryAsync(directory, cancellationToken).ConfigureAwait(false)
            is not { Kind: EntryKind.Directory } entry)
        {
            return; // deleted or moved meanwhile
        }

        List<FileEntry> children;
        using (await records.Locks.AcquireAsync(new EntryKey(entry.Id, null), cancellationToken).ConfigureAwait(false))
        {
            QuotaAmount own;
            try
            {
                (own, children) = await ReadAsync(store, directory, cancellationToken).ConfigureAwait(false);
            }
            catch (StoreException e) when (e.Error is StoreError.NotFound or StoreError.Denied)
            {
                // Deleted meanwhile, or not readable by the server. Without this, one such directory would block all uploads.
                return;
            }

            // Stores without identifiers have one container. Changes are then counted from the first directory on.
            records.Ledger.WithCount(count, () =>
            {
                if (count.TryBeginContainer(entry.Id) || entry.Id == 0)
                {
                    count.Total += own;
                }
            });
        }

        foreach (FileEntry child in children)
        {
            await WalkAsync(records, store, directory.Child(child.Name), count, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async ValueTask<(QuotaAmount Own, List<FileEntry> Directories)> ReadAsync(
        IFileStore store, StorePath directory, CancellationToken cancellationToken)
    {
        QuotaAmount own = default;
        var directories = new List<FileEntry>();
        IAsyncEnumerable<FileEntry> entries = await store.ListAsync(directory, cancellationToken).ConfigureAwait(false);
        await foreach (FileEntry entry in entries.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (entry.IsLink)
            {
                continue;
            }

            if (entry.Kind == EntryKind.Directory)
            {
                directories.Add(entry);
            }
            else if (entry.Kind == EntryKind.File)
            {
                own += new QuotaAmount(entry.Length, 1);
            }
        }

        return (own, directories);
    }
}
