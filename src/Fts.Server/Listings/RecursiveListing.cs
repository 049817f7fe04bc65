using System.Runtime.CompilerServices;
using Fts.Protocol;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Listings;

/// <summary>One line of a recursive listing: an entry, or the heading of a directory.</summary>
/// <param name="Heading">The name of the directory in the heading, or null for an entry.</param>
/// <param name="Entry">The entry. Not set for a heading.</param>
internal readonly record struct ListedItem(string? Heading, FileEntry Entry);

/// <summary>
/// Lists a directory and its subdirectories in the format of <c>ls -R</c>. Links are not followed. Besides the entries that the sorter
/// holds, only the names of subdirectories are held in memory. The limits of the sorter apply to both.
/// </summary>
internal sealed class RecursiveListing(Session session, ListSorter sorter)
{
    private int _entryCount, _unreadableCount;
    private bool _isTooLarge, _isTooDeep;

    /// <summary>The number of headings returned so far.</summary>
    public int HeadingCount { get; private set; }

    /// <summary>
    /// The final reply if the listing is incomplete; otherwise null. The reply is 451 if a limit was reached. It is 226 if only unreadable
    /// directories were skipped, and its text then contains their number.
    /// </summary>
    public FtpReply? IncompleteReply
    {
        get
        {
            if (_isTooLarge)
            {
                return Replies.ListingTooLarge(session.Server.Options.MaxRecursiveEntries);
            }

            if (_isTooDeep)
            {
                return Replies.ListingTooDeep(session.Server.Options.MaxRecursiveDepth);
            }

            return _unreadableCount > 0 ? Replies.DirectoriesNotListed(_unreadableCount) : null;
        }
    }

    /// <summary>Returns headings and entries, each directory before its subdirectories.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="entries">The entries of the directory.</param>
    /// <param name="name">The name of the directory in its heading.</param>
    /// <param name="depth">The depth of the directory: 0 for the directory that the client listed, 1 for its subdirectories.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    public async IAsyncEnumerable<ListedItem> ReadAsync(
        StorePath directory, IAsyncEnumerable<FileEntry> entries, string name, int depth,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        HeadingCount++;
        yield return new ListedItem(name, default);
        var directories = new List<string>();
        bool hasAllNames = true;
        try
        {
            await foreach (FileEntry entry in sorter.Sort(entries).WithCancellation(cancellationToken))
            {
                if (_entryCount == session.Server.Options.MaxRecursiveEntries)
                {
                    _isTooLarge = true;
                    yield break;
                }

                _entryCount++;
                yield return new ListedItem(null, entry);
                if (hasAllNames && ShouldDescend(entry))
                {
                    hasAllNames = sorter.TryReserve();
                    if (hasAllNames)
                    {
                        directories.Add(entry.Name);
                    }
                }
            }

            // If the names of the subdirectories exceed a limit of the sorter, the directory is read a second time instead.
            IAsyncEnumerable<string> names =
                hasAllNames ? directories.ToAsyncEnumerable() : ListDirectoriesAsync(directory, cancellationToken);
            await foreach (string child in names.WithCancellation(cancellationToken))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (depth == session.Server.Options.MaxRecursiveDepth || directory.Value.Length + child.Length >= StorePath.MaxLength)
                {
                    _isTooDeep = true;
                    yield break;
                }

                if (await TryOpenDirectoryAsync(directory.Child(child), cancellationToken) is not { } childEntries)
                {
                    continue;
                }

                string heading = name.EndsWith('/') ? name + child : $"{name}/{child}";
                await foreach (ListedItem item in ReadAsync(directory.Child(child), childEntries, heading, depth + 1, cancellationToken))
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
            sorter.Release(directories.Count);
        }
    }

    private static bool ShouldDescend(in FileEntry entry) => entry is { Kind: EntryKind.Directory, IsLink: false };

    /// <summary>Returns the names of the subdirectories of a directory.</summary>
    private async IAsyncEnumerable<string> ListDirectoriesAsync(
        StorePath directory, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerable<FileEntry> entries = await session.Files!.ListAsync(directory, cancellationToken);
        await foreach (FileEntry entry in entries.WithCancellation(cancellationToken))
        {
            if (ShouldDescend(entry))
            {
                yield return entry.Name;
            }
        }
    }

    /// <summary>
    /// Returns the entries of a directory. Returns null if the directory was removed meanwhile or cannot be read. Counts the directories
    /// that cannot be read.
    /// </summary>
    private async ValueTask<IAsyncEnumerable<FileEntry>?> TryOpenDirectoryAsync(StorePath directory, CancellationToken cancellationToken)
    {
        try
        {
            return await session.Files!.ListAsync(directory, cancellationToken);
        }
        catch (StoreException e) when (e.Error is StoreError.NotFound or StoreError.NotADirectory)
        {
            return null;
        }
        catch (StoreException e) when (e.Error == StoreError.Denied)
        {
            _unreadableCount++;
            return null;
        }
    }
}
