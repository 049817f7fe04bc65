using Fts.Storage;

namespace Fts.Accounts.Gate;

/// <summary>Checks and deletes the files that are combined into another file.</summary>
internal static class CombinedParts
{
    /// <summary>Returns the parts to append: all parts except the target, which can be the first part.</summary>
    /// <exception cref="StoreException">A file occurs twice.</exception>
    public static async ValueTask<IReadOnlyList<StorePath>> SelectAsync(
        IFileStore store, StorePath target, IReadOnlyList<StorePath> parts, CancellationToken cancellationToken)
    {
        FileEntry? existingTarget = await store.GetEntryAsync(target, cancellationToken).ConfigureAwait(false);
        var added = new List<StorePath>();
        HashSet<string> paths = [];
        HashSet<ulong> ids = [];
        for (int at = 0; at < parts.Count; at++)
        {
            FileEntry? part = await store.GetEntryAsync(parts[at], cancellationToken).ConfigureAwait(false);
            bool isTarget = parts[at] == target || AreSameFile(existingTarget, part);
            if (isTarget && at > 0)
            {
                throw new StoreException(StoreError.NotSupported, $"{target} is the target and can occur only as the first part.");
            }

            // No part may occur twice, because the result would then be longer than the files that it replaces, and could exceed a quota.
            // Without ids, names that differ only in case may be the same file.
            bool isNew = part is { Id: not 0 }
                ? paths.Add(parts[at].Value) & ids.Add(part.Value.Id)
                : paths.Add(parts[at].Value.ToUpperInvariant());
            if (!isNew)
            {
                throw new StoreException(StoreError.NotSupported, $"{parts[at]} occurs twice among the parts.");
            }

            if (!isTarget)
            {
                added.Add(parts[at]);
            }
        }

        return added;
    }

    /// <summary>
    /// Deletes the parts after the commit, but never the target. A store without ids may treat two paths as one file. The target is
    /// therefore recognised by its new metadata, such as length and last-modified time.
    /// </summary>
    public static async ValueTask DeleteAsync(IFileStore store, StorePath target, IReadOnlyList<StorePath> parts)
    {
        FileEntry? combined = await store.GetEntryAsync(target, CancellationToken.None).ConfigureAwait(false);
        foreach (StorePath part in parts)
        {
            FileEntry? existing = await store.GetEntryAsync(part, CancellationToken.None).ConfigureAwait(false);
            // A missing part was already deleted under another spelling.
            if (existing is { } entry && entry with { Name = "" } != combined.GetValueOrDefault() with { Name = "" })
            {
                await store.DeleteFileAsync(part, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// Returns whether two entries are the same file, for example a link and its target, or two spellings on a file system that ignores
    /// case. Returns false if the store has no ids.
    /// </summary>
    private static bool AreSameFile(FileEntry? one, FileEntry? other) => one is { Id: not 0 } && one.Value.Id == other?.Id;
}
