using Fts.Accounts.Quota;
using Fts.Storage;

namespace Fts.Accounts.Recording;

/// <summary>A file that the commit of another file deletes, because that file contains its bytes.</summary>
/// <param name="Path">The path of the file.</param>
/// <param name="Key">Its container and name.</param>
/// <param name="FileId">Its <see cref="FileEntry.Id"/>, never 0.</param>
/// <param name="Length">Its size in bytes.</param>
/// <param name="Directories">The directories with a quota that contain it.</param>
internal sealed record RecordedPart(StorePath Path, EntryKey Key, ulong FileId, long Length, QuotaDirectory[] Directories)
{
    /// <summary>Returns the part at a path, or null if it is not a file or the store has no identifiers.</summary>
    public static async ValueTask<RecordedPart?> FindAsync(RecordedStore store, StorePath path, CancellationToken cancellationToken)
    {
        FileEntry? entry = await store.Inner.GetUnfollowedEntryAsync(path, cancellationToken).ConfigureAwait(false);
        if (entry is not { Kind: EntryKind.File, IsLink: false, Id: not 0 } file)
        {
            return null;
        }

        ulong container = await store.GetContainerIdAsync(path, cancellationToken).ConfigureAwait(false);
        return new RecordedPart(path, new EntryKey(container, path.Name), file.Id, file.Length, store.FindDirectories(path));
    }

    /// <summary>Returns the changes of quotas by the deletion.</summary>
    public IEnumerable<LedgerChange> CreateChanges() =>
        Directories.Select(each => new LedgerChange(each, Key.ContainerId, new QuotaAmount(-Length, -1)));
}
