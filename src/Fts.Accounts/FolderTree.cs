using Fts.Storage;

namespace Fts.Accounts;

/// <summary>A folder with all that is in it. Links are never followed. Runs on the caller's thread where the store does.</summary>
internal static class FolderTree
{
    /// <summary>The bytes of all files. What goes away meanwhile does not count.</summary>
    public static async ValueTask<long> MeasureAsync(IFileStore store, StorePath folder, Action? progress, CancellationToken cancellationToken)
    {
        DemandDepth(folder);
        long total = 0;
        await foreach (FileEntry entry in (await store.ListAsync(folder, cancellationToken).ConfigureAwait(false)).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            progress?.Invoke();
            if (entry is { Kind: EntryKind.Folder, IsLink: false })
            {
                try
                {
                    total += await MeasureAsync(store, folder.Child(entry.Name), progress, cancellationToken).ConfigureAwait(false);
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
    /// Removes it from the leaves up. To remove the folder itself is tried first: that tells a link from the folder it leads to before anything is touched,
    /// at every level. What cannot be removed stays, with the folders it lies in, and is told at the end: everything else goes. Ended early, it leaves what
    /// it had not come to.
    /// </summary>
    public static async ValueTask DeleteAsync(IFileStore store, StorePath folder, Action? progress, CancellationToken cancellationToken)
    {
        DemandDepth(folder);
        while (true)
        {
            StoreException refused;
            try
            {
                await store.DeleteFolderAsync(folder, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (StoreException e) when (e.Error == StoreError.NotEmpty)
            {
                refused = e;
            }

            // More than once if need be: what is removed while a folder is read can hide what comes after it, and others may add to it.
            bool removed = false;
            await foreach (FileEntry entry in (await store.ListAsync(folder, cancellationToken).ConfigureAwait(false)).WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Invoke();
                try
                {
                    removed |= await DeleteEntryAsync(store, folder.Child(entry.Name), entry.Kind, progress, cancellationToken).ConfigureAwait(false);
                }
                catch (StoreException e)
                {
                    refused = e;
                }
            }

            if (!removed)
            {
                throw refused; // something stays, or is not listed: an upload that is under way
            }
        }
    }

    private static async ValueTask<bool> DeleteEntryAsync(IFileStore store, StorePath path, EntryKind kind, Action? progress, CancellationToken cancellationToken)
    {
        try
        {
            if (kind == EntryKind.Folder)
            {
                try
                {
                    await DeleteAsync(store, path, progress, cancellationToken).ConfigureAwait(false);
                    return true;
                }
                catch (StoreException e) when (e.Error == StoreError.NotAFolder)
                {
                    // A link to a folder: it goes itself.
                }
            }

            await store.DeleteFileAsync(path, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (StoreException e) when (e.Error == StoreError.NotFound)
        {
            return false; // somebody else was faster
        }
    }

    private static void DemandDepth(StorePath folder)
    {
        if (folder.Value.AsSpan().Count('/') > StorePath.MaxDepth)
        {
            throw new StoreException(StoreError.NotSupported, "The folders lie too deep within one another.");
        }
    }
}
