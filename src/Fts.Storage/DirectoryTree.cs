namespace Fts.Storage;

/// <summary>Measures and deletes whole directories of a store. Links are never followed.</summary>
public static class DirectoryTree
{
    /// <summary>Returns the total size of all files in bytes. Entries that are deleted meanwhile do not count.</summary>
    /// <param name="store">The store.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="progress">Called for each entry.</param>
    /// <param name="cancellationToken">Cancels the walk.</param>
    /// <exception cref="StoreException">A directory cannot be read.</exception>
    public static async ValueTask<long> GetSizeAsync(IFileStore store, StorePath directory, Action? progress, CancellationToken cancellationToken)
    {
        ThrowIfTooDeep(directory);
        long total = 0;
        await foreach (FileEntry entry in (await store.ListAsync(directory, cancellationToken).ConfigureAwait(false)).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            progress?.Invoke();
            if (entry is { Kind: EntryKind.Directory, IsLink: false })
            {
                try
                {
                    total += await GetSizeAsync(store, directory.Child(entry.Name), progress, cancellationToken).ConfigureAwait(false);
                }
                catch (StoreException e) when (e.Error == StoreError.NotFound)
                {
                    // Removed since it was listed.
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
    /// Deletes a directory and its contents. Entries that cannot be deleted remain, with their parent directories, and the last error is thrown at the end.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="progress">Called for each entry.</param>
    /// <param name="cancellationToken">Stops the deletion. Entries not yet deleted remain.</param>
    /// <exception cref="StoreException">An entry cannot be deleted.</exception>
    /// <remarks>Deleting the directory itself is tried first, at every level: that distinguishes a link from its target before anything is deleted.</remarks>
    public static async ValueTask DeleteAsync(IFileStore store, StorePath directory, Action? progress, CancellationToken cancellationToken)
    {
        ThrowIfTooDeep(directory);
        while (true)
        {
            StoreException refused;
            try
            {
                await store.DeleteDirectoryAsync(directory, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (StoreException e) when (e.Error == StoreError.NotEmpty)
            {
                refused = e;
            }

            // Repeated while entries are deleted: a deletion during a listing can hide later entries, and other clients may add new ones.
            bool removed = false;
            await foreach (FileEntry entry in (await store.ListAsync(directory, cancellationToken).ConfigureAwait(false)).WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Invoke();
                try
                {
                    removed |= await DeleteEntryAsync(store, directory.Child(entry.Name), entry.Kind, progress, cancellationToken).ConfigureAwait(false);
                }
                catch (StoreException e)
                {
                    refused = e;
                }
            }

            if (!removed)
            {
                throw refused; // An entry cannot be deleted, or is not listed, such as a running upload.
            }
        }
    }

    private static async ValueTask<bool> DeleteEntryAsync(IFileStore store, StorePath path, EntryKind kind, Action? progress, CancellationToken cancellationToken)
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
                    // A link to a directory: the link is deleted.
                }
            }

            await store.DeleteFileAsync(path, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (StoreException e) when (e.Error == StoreError.NotFound)
        {
            return false; // Already deleted.
        }
    }

    private static void ThrowIfTooDeep(StorePath directory)
    {
        if (directory.Value.AsSpan().Count('/') > StorePath.MaxDepth)
        {
            throw new StoreException(StoreError.NotSupported, "The directories are nested too deeply.");
        }
    }
}
