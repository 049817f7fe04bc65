namespace Fts.Server.Access.Bans;

/// <summary>
/// Counts the failed logins of each block of addresses within a window of time. Account names and passwords are kept as hashes of 32 bits
/// that are different in each process. Not thread-safe.
/// </summary>
/// <param name="window">How long a failure counts.</param>
/// <param name="maxAddresses">The maximum number of blocks. The block whose last failure is the oldest is evicted first.</param>
/// <param name="maxFailuresPerAddress">
/// The maximum number of failures of a block. A failure that a newer one repeats is evicted first.
/// </param>
internal sealed class FailureCounts(TimeSpan window, int maxAddresses, int maxFailuresPerAddress)
{
    private readonly Dictionary<AddressBlock, LinkedListNode<AddressFailures>> _addresses = [];

    /// <summary>The values of <see cref="_addresses"/>, ordered by last failure, the oldest first.</summary>
    private readonly LinkedList<AddressFailures> _byLastFailure = new();

    /// <summary>Adds a failed login.</summary>
    /// <returns>
    /// The number of failures of the account from this block, and the number of different failures of all accounts from this block.
    /// </returns>
    public (int OfAccount, int DifferentOfAddress) Add(AddressBlock address, int account, int password, DateTimeOffset now)
    {
        List<Failure> failures = GetFailures(address, now);
        int pair = HashCode.Combine(account, password);
        if (failures.Count >= maxFailuresPerAddress)
        {
            failures.RemoveAt(FindLeastImportant(failures, pair));
        }

        failures.Add(new Failure(now, account, pair));
        return (failures.Count(failure => failure.Account == account), failures.Select(failure => failure.Pair).Distinct().Count());
    }

    /// <summary>Removes the failures of an account from a block, after a successful login.</summary>
    public void RemoveAccount(AddressBlock address, int account)
    {
        if (_addresses.TryGetValue(address, out LinkedListNode<AddressFailures>? node))
        {
            node.Value.Failures.RemoveAll(failure => failure.Account == account);
        }
    }

    /// <summary>Removes all failures of a block.</summary>
    public void RemoveAddress(AddressBlock address)
    {
        if (_addresses.Remove(address, out LinkedListNode<AddressFailures>? node))
        {
            _byLastFailure.Remove(node);
        }
    }

    /// <summary>
    /// Returns the failures of a block that are not older than the window. Creates the record, and evicts another if needed.
    /// </summary>
    private List<Failure> GetFailures(AddressBlock address, DateTimeOffset now)
    {
        if (_addresses.TryGetValue(address, out LinkedListNode<AddressFailures>? node))
        {
            _byLastFailure.Remove(node);
            node.Value.Failures.RemoveAll(failure => now - failure.At >= window);
        }
        else
        {
            if (_addresses.Count >= maxAddresses && _byLastFailure.First is { } oldest)
            {
                RemoveAddress(oldest.Value.Address);
            }

            _addresses[address] = node = new LinkedListNode<AddressFailures>(new AddressFailures(address, []));
        }

        _byLastFailure.AddLast(node);
        return node.Value.Failures;
    }

    /// <summary>
    /// Returns the index of the oldest failure that a newer one repeats, or of the oldest failure if none is repeated. A client that
    /// repeats a password would otherwise evict its earlier guesses, and so would never be banned.
    /// </summary>
    private static int FindLeastImportant(List<Failure> failures, int newPair)
    {
        HashSet<int> newer = [newPair];
        int repeated = 0;
        for (int at = failures.Count - 1; at >= 0; at--)
        {
            repeated = newer.Add(failures[at].Pair) ? repeated : at;
        }

        return repeated;
    }

    /// <summary>The failures of one block, the oldest first.</summary>
    private sealed record AddressFailures(AddressBlock Address, List<Failure> Failures);

    /// <summary>A failed login.</summary>
    /// <param name="At">The time.</param>
    /// <param name="Account">The hash of the account name.</param>
    /// <param name="Pair">The hash of the account name and the password.</param>
    private readonly record struct Failure(DateTimeOffset At, int Account, int Pair);
}
