using System.Runtime.CompilerServices;
using Fts.Protocol;
using Fts.Storage;

namespace Fts.Server.Listings;

/// <summary>Sorts the directories of one listing.</summary>
/// <remarks>
/// The sorter holds at most <see cref="FtpServerOptions.MaxSortedEntriesPerListing"/> entries in memory at a time, over all directories of
/// a recursive listing. A directory that would exceed this limit is sent unsorted. So is a directory that would exceed
/// <see cref="FtpServerOptions.MaxListingEntriesInMemory"/>, the limit for all sessions together.
/// </remarks>
internal sealed class ListSorter(ListOptions options, int maxEntries, SortingBudget budget)
{
    private int _heldCount;

    /// <summary>The final reply if a directory was not sorted. Null if all directories were sorted.</summary>
    public FtpReply? UnsortedReply { get; private set; }

    /// <summary>Returns the entries in the order of the options. Without an order, returns the entries unchanged.</summary>
    public IAsyncEnumerable<FileEntry> Sort(IAsyncEnumerable<FileEntry> entries) =>
        options.Order == ListOrder.None ? entries : SortAsync(entries);

    /// <summary>Reserves memory for one more entry. Returns false if one of the two limits is reached.</summary>
    public bool TryReserve()
    {
        if (_heldCount >= maxEntries || !budget.TryReserve())
        {
            return false;
        }

        _heldCount++;
        return true;
    }

    /// <summary>Releases the memory of a number of entries.</summary>
    public void Release(int count)
    {
        _heldCount -= count;
        budget.Release(count);
    }

    private async IAsyncEnumerable<FileEntry> SortAsync(
        IAsyncEnumerable<FileEntry> entries, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var sorted = new List<FileEntry>();
        try
        {
            bool isSorted = true;
            await foreach (FileEntry entry in entries.WithCancellation(cancellationToken))
            {
                if (isSorted && TryReserve())
                {
                    sorted.Add(entry);
                    continue;
                }

                if (isSorted)
                {
                    isSorted = false;
                    UnsortedReply = _heldCount < maxEntries ? Replies.NotSortedServerLimit : Replies.NotSorted(maxEntries);
                    foreach (FileEntry held in sorted)
                    {
                        yield return held;
                    }

                    Release(sorted.Count);
                    sorted.Clear();
                }

                yield return entry;
            }

            if (isSorted)
            {
                sorted.Sort(Compare);
                foreach (FileEntry entry in sorted)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return entry;
                }
            }
        }
        finally
        {
            Release(sorted.Count);
        }
    }

    private int Compare(FileEntry left, FileEntry right)
    {
        int order = options.Order switch
        {
            ListOrder.Time => right.LastModified.CompareTo(left.LastModified),
            ListOrder.Size => right.Length.CompareTo(left.Length),
            _ => 0,
        };
        order = order != 0 ? order : string.CompareOrdinal(left.Name, right.Name);
        return options.IsReversed ? -order : order;
    }
}

/// <summary>
/// Counts the entries that all listings of a server hold in memory. The limit prevents many slow clients from using up the memory.
/// Thread-safe.
/// </summary>
/// <param name="limit">The maximum number of entries.</param>
internal sealed class SortingBudget(int limit)
{
    private int _count;

    /// <summary>Reserves memory for one more entry. Returns false if the limit is reached.</summary>
    public bool TryReserve()
    {
        if (Interlocked.Increment(ref _count) <= limit)
        {
            return true;
        }

        Interlocked.Decrement(ref _count);
        return false;
    }

    /// <summary>Releases the memory of a number of entries.</summary>
    public void Release(int count) => Interlocked.Add(ref _count, -count);
}
