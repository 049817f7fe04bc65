namespace Fts.Server.Listings;

/// <summary>Counts the entries that all listings of a server hold in memory. The limit prevents many slow clients from using up the memory. Thread-safe.</summary>
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

    /// <summary>Releases the memory of entries.</summary>
    public void Release(int count) => Interlocked.Add(ref _count, -count);
}
