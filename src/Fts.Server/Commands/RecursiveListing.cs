using System.Runtime.CompilerServices;
using Fts.Protocol;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>One line of a recursive listing: an entry, or the heading of a directory.</summary>
internal readonly record struct ListedItem(string? Heading, FileEntry Entry);

/// <summary>
/// Lists a directory and those below it in the form of <c>ls -R</c>. Links are not followed. No directory is held in memory, except the names of its
/// subdirectories up to the sorter's limit.
/// </summary>
internal sealed class RecursiveListing(Session session, ListSorter sorter)
{
    private int _entries, _unreadable;
    private bool _isTooLarge, _isTooDeep;

    /// <summary>The number of headings so far.</summary>
    public int Headings { get; private set; }

    /// <summary>The final reply if the listing lacks something; null if it is complete. A client must not take an incomplete listing for the whole.</summary>
    public FtpReply? IncompleteReply => _isTooLarge ? Replies.ListingTooLarge(session.Server.Options.MaxRecursiveEntries)
        : _isTooDeep ? Replies.ListingTooDeep(session.Server.Options.MaxRecursiveDepth)
        : _unreadable > 0 ? Replies.ListedExcept(_unreadable)
        : null;

    /// <summary>Returns headings and entries, each directory before its subdirectories.</summary>
    /// <param name="folder">The directory.</param>
    /// <param name="entries">Its entries.</param>
    /// <param name="name">Its name in the heading.</param>
    /// <param name="depth">The number of directories above it in this listing.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    public async IAsyncEnumerable<ListedItem> ReadAsync(
        StorePath folder, IAsyncEnumerable<FileEntry> entries, string name, int depth, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Headings++;
        yield return new ListedItem(name, default);
        var folders = new List<string>();
        bool isHeld = true;
        try
        {
            await foreach (FileEntry entry in sorter.Sort(entries).WithCancellation(cancellationToken))
            {
                if (_entries == session.Server.Options.MaxRecursiveEntries)
                {
                    _isTooLarge = true;
                    yield break;
                }

                _entries++;
                yield return new ListedItem(null, entry);
                if (isHeld && IsEntered(entry) && (isHeld = sorter.TryReserve()))
                {
                    folders.Add(entry.Name);
                }
            }

            // With too many subdirectories, the directory is read a second time instead.
            IAsyncEnumerable<string> names = isHeld ? folders.ToAsyncEnumerable() : FindFoldersAsync(folder, cancellationToken);
            await foreach (string child in names.WithCancellation(cancellationToken))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (depth == session.Server.Options.MaxRecursiveDepth || folder.Value.Length + child.Length >= StorePath.MaxLength)
                {
                    _isTooDeep = true;
                    yield break;
                }

                if (await TryListAsync(folder.Child(child), cancellationToken) is not { } below)
                {
                    continue;
                }

                string heading = name.EndsWith('/') ? name + child : $"{name}/{child}";
                await foreach (ListedItem item in ReadAsync(folder.Child(child), below, heading, depth + 1, cancellationToken))
                {
                    yield return item;
                }

                if (_isTooLarge)
                {
                    yield break;
                }
            }
        }
        finally
        {
            sorter.Release(folders.Count);
        }
    }

    private static bool IsEntered(in FileEntry entry) => entry is { Kind: EntryKind.Directory, IsLink: false };

    private async IAsyncEnumerable<string> FindFoldersAsync(StorePath folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (FileEntry entry in (await session.Files!.ListAsync(folder, cancellationToken)).WithCancellation(cancellationToken))
        {
            if (IsEntered(entry))
            {
                yield return entry.Name;
            }
        }
    }

    /// <summary>Opens a directory; null if it was removed meanwhile or cannot be read.</summary>
    private async ValueTask<IAsyncEnumerable<FileEntry>?> TryListAsync(StorePath folder, CancellationToken cancellationToken)
    {
        try
        {
            return await session.Files!.ListAsync(folder, cancellationToken);
        }
        catch (StoreException e) when (e.Error is StoreError.NotFound or StoreError.NotADirectory)
        {
            return null;
        }
        catch (StoreException e) when (e.Error == StoreError.Denied)
        {
            _unreadable++;
            return null;
        }
    }
}
