using Fts.Accounts.Journal;
using Fts.Storage;

namespace Fts.Accounts.Recording;

/// <summary>Determines from the files whether the operation of an intent was completed.</summary>
internal static class OperationOutcome
{
    /// <summary>Returns whether the operation was completed. The caller must prevent other changes of the same names.</summary>
    /// <param name="entry">The intent.</param>
    /// <param name="openStore">Returns the store of a directory, or null if the directory no longer exists.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="StoreException">The files cannot be read.</exception>
    public static async ValueTask<bool> WasCompletedAsync(
        JournalEntry entry, Func<string, IFileStore?> openStore, CancellationToken cancellationToken)
    {
        if (openStore(entry.Source.Directory) is not { } store)
        {
            return entry.Operation == JournalOperation.Delete;
        }

        switch (entry.Operation)
        {
            case JournalOperation.Publish:
                // The path may be a link to the published file, so the link is followed.
                FileEntry? published = await store.GetEntryAsync(entry.Source.Path, cancellationToken).ConfigureAwait(false);
                return published is { Kind: EntryKind.File } file
                    && file.Length == entry.Length && (entry.FileId == 0 || entry.FileId == file.Id);
            case JournalOperation.Delete:
                return !IsSame(await store.GetUnfollowedEntryAsync(entry.Source.Path, cancellationToken).ConfigureAwait(false), entry);
            case JournalOperation.Rename:
                IFileStore? targetStore = entry.Target.Directory == entry.Source.Directory ? store : openStore(entry.Target.Directory);
                return targetStore is not null
                    && IsSame(await targetStore.GetUnfollowedEntryAsync(entry.Target.Path, cancellationToken).ConfigureAwait(false), entry);
            case JournalOperation.CreateDirectory:
                FileEntry? created = await store.GetUnfollowedEntryAsync(entry.Source.Path, cancellationToken).ConfigureAwait(false);
                return created is { Kind: EntryKind.Directory };
            case JournalOperation.CreateLink:
                FileEntry? link = await store.GetUnfollowedEntryAsync(entry.Source.Path, cancellationToken).ConfigureAwait(false);
                return link is { IsLink: true };
            default:
                return true;
        }
    }

    /// <summary>Deletes the remaining parts of a combined file. A part that another file has replaced stays.</summary>
    /// <exception cref="StoreException">A part cannot be deleted.</exception>
    public static async ValueTask DeletePartsAsync(
        JournalEntry entry, Func<string, IFileStore?> openStore, CancellationToken cancellationToken)
    {
        foreach (CombinedPart part in entry.Parts)
        {
            if (openStore(part.Location.Directory) is { } store
                && await store.GetUnfollowedEntryAsync(part.Location.Path, cancellationToken).ConfigureAwait(false) is { } found
                && found.Id == part.FileId)
            {
                await store.DeleteFileAsync(part.Location.Path, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static bool IsSame(FileEntry? found, JournalEntry entry) =>
        found is { } existing && (entry.FileId == 0 || entry.FileId == existing.Id);
}
