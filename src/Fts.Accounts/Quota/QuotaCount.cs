namespace Fts.Accounts.Quota;

/// <summary>
/// A running count of a directory with a quota. Used only under the lock of the <see cref="QuotaLedger"/>, except by its own walk.
/// </summary>
/// <remarks>
/// A change in a container that was already counted is added here. A change in any other container is found by the walk later. No change
/// is made in a container while the walk reads it (<see cref="Recording.EntryLocks"/>).
/// </remarks>
internal sealed class QuotaCount
{
    private readonly HashSet<ulong> _countedContainers = [];

    /// <summary>The total of all counted containers.</summary>
    public QuotaAmount Total { get; set; }

    /// <summary>Whether a directory was moved during the count, so that the walk may count it twice or not at all.</summary>
    public bool IsInvalid { get; set; }

    /// <summary>Records that a container is counted. Returns false if it was counted before.</summary>
    public bool TryBeginContainer(ulong id) => _countedContainers.Add(id);

    public void Apply(in LedgerChange change)
    {
        if (_countedContainers.Contains(change.ContainerId))
        {
            Total += change.Amount;
        }
    }
}
