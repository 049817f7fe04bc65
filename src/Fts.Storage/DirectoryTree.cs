namespace Fts.Storage;

/// <summary>Measures and deletes directories of a store with all their contents. Links are never followed.</summary>
public static class DirectoryTree
{
    /// <summary>Returns the total size in bytes of all files in a directory and below it. Links do not count.</summary>
    /// <param name="store">The store.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="isCounted">
    /// Returns whether a file or directory below <paramref name="directory"/> counts. Null if all entries count.
    /// </param>
    /// <param name="progress">Called once for each entry. Null if the caller needs no progress.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="StoreException">A directory cannot be read, or the directories are nested too deeply.</exception>
    /// <remarks>A directory below <paramref name="directory"/> that is deleted before it is listed does not count.</remarks>
    public static async ValueTask<long> GetSizeAsync(
        IFileStore store,
        StorePath directory,
        Func<StorePath, bool>? isCounted,
        Action? progress,
        CancellationToken cancellationToken)
    {
        ThrowIfTooDeep(directory);
        long total = 0;
        IAsyncEnumerable<FileEntry> entries = await store.ListAsync(directory, cancellationToken).ConfigureAwait(false);
        await foreach (FileEntry entry in entries.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            progress?.Invoke();
            if (isCounted is not null && !isCounted(directory.Child(entry.Name)))
            {
                continue;
            }

            if (entry is { Kind: EntryKind.Directory, IsLink: false })
            {
                try
                {
                    total += await GetSizeAsync(store, directory.Child(entry.Name), isCounted, progress, cancellationToken)
                        .ConfigureAwait(false);
                }
                catch (StoreException e) when (e.Error == StoreError.NotFound)
                {
                    // Deleted since it was listed.
                }
            }
            else
            {
                total += entry.IsLink ? 0 : entry.Length;
            }
        }

        return total;
    }

    /// <summary>
    /// Deletes a directory and its contents. Entries that cannot be deleted remain, with their parent directories.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="progress">
    /// Called for each listed entry, and again if an entry that could not be deleted is listed again. Null if the caller needs no progress.
    /// </param>
    /// <param name="cancellationToken">Cancels the call. Entries that are not deleted yet remain.</param>
    /// <exception cref="StoreException">
    /// At least one entry could not be deleted, or a directory could not be listed. The last error is thrown after the deletion of every
    /// listed entry was attempted.
    /// </exception>
    /// <remarks>
    /// At every level, the method first calls <see cref="IFileStore.DeleteDirectoryAsync"/>, and lists the directory only if the store
    /// reports that it is not empty. That call refuses to delete a link, so a link is never followed.
    /// </remarks>
    public static async ValueTask DeleteAsync(IFileStore store, StorePath directory, Action? progress, CancellationToken cancellationToken)
    {
        ThrowIfTooDeep(directory);
        while (true)
        {
            StoreException failure;
            try
            {
                await store.DeleteDirectoryAsync(directory, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (StoreException e) when (e.Error == StoreError.NotEmpty)
            {
                failure = e;
            }

            // The directory is listed again while entries are deleted, because a deletion can hide later entries from a listing, and
            // because other clients may add entries.
            bool isAnyDeleted = false;
            IAsyncEnumerable<FileEntry> entries = await store.ListAsync(directory, cancellationToken).ConfigureAwait(false);
            await foreach (FileEntry entry in entries.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Invoke();
                try
                {
                    StorePath path = directory.Child(entry.Name);
                    isAnyDeleted |= await DeleteEntryAsync(store, path, entry.Kind, progress, cancellationToken).ConfigureAwait(false);
                }
                catch (StoreException e)
                {
                    failure = e;
                }
            }

            if (!isAnyDeleted)
            {
                throw failure; // An entry cannot be deleted, or the directory contains an unlisted entry, such as an upload in progress.
            }
        }
    }

    /// <summary>Deletes an entry. Returns false if it no longer exists.</summary>
    private static async ValueTask<bool> DeleteEntryAsync(
        IFileStore store, StorePath path, EntryKind kind, Action? progress, CancellationToken cancellationToken)
    {
        try
        {
            if (kind == EntryKind.Directory)
            {
                try
                {
                    await DeleteAsync(store, path, progress, cancellationToken).ConfigureAwait(false);
                    return true;
                }
                catch (StoreException e) when (e.Error == StoreError.NotADirectory)
                {
                    // A link to a directory. The link itself is deleted below.
                }
            }

            await store.DeleteFileAsync(path, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (StoreException e) when (e.Error == StoreError.NotFound)
        {
            return false;
        }
    }

    private static void ThrowIfTooDeep(StorePath directory)
    {
        if (directory.Value.AsSpan().Count('/') > StorePath.MaxDepth)
        {
            throw new StoreException(StoreError.NotSupported, $"The directories are nested more than {StorePath.MaxDepth} levels deep.");
        }
    }
}
