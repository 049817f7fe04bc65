namespace Fts.Server.Access;

/// <summary>
/// The accounts that logged in within the last day, for each address. An account is stored as the hash of its name, so that long names need
/// no more memory. Times are measured from the creation of the server. Thread-safe.
/// </summary>
/// <param name="maxAddresses">The maximum number of addresses. The address whose last login is the oldest is evicted first.</param>
internal sealed class KnownAccounts(int maxAddresses)
{
    /// <summary>The maximum number of accounts per address. The account whose last login is the oldest is evicted first.</summary>
    public const int MaxAccountsPerAddress = 32;

    /// <summary>The time for which an account is known after its last login.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private readonly Lock _lock = new();
    private readonly Dictionary<AddressBlock, LinkedListNode<AddressLogins>> _addresses = [];

    /// <summary>The values of <see cref="_addresses"/>, ordered by last login, the oldest first.</summary>
    private readonly LinkedList<AddressLogins> _byLastLogin = new();

    /// <summary>
    /// Returns whether the account logged in from the address within <see cref="Lifetime"/> before <paramref name="now"/>.
    /// </summary>
    public bool Contains(AddressBlock address, int accountHash, TimeSpan now)
    {
        lock (_lock)
        {
            return _addresses.TryGetValue(address, out LinkedListNode<AddressLogins>? node)
                && node.Value.LastLoginTimes.TryGetValue(accountHash, out TimeSpan lastLogin)
                && now - lastLogin < Lifetime;
        }
    }

    /// <summary>Records a successful login of an account from an address.</summary>
    public void Add(AddressBlock address, int accountHash, TimeSpan now)
    {
        lock (_lock)
        {
            if (_addresses.TryGetValue(address, out LinkedListNode<AddressLogins>? node))
            {
                _byLastLogin.Remove(node);
            }
            else
            {
                if (_addresses.Count >= maxAddresses && _byLastLogin.First is { } oldest)
                {
                    _byLastLogin.Remove(oldest);
                    _addresses.Remove(oldest.Value.Address);
                }

                _addresses[address] = node = new LinkedListNode<AddressLogins>(new AddressLogins(address, []));
            }

            _byLastLogin.AddLast(node);
            Dictionary<int, TimeSpan> times = node.Value.LastLoginTimes;
            if (times.Count >= MaxAccountsPerAddress && !times.ContainsKey(accountHash))
            {
                times.Remove(times.MinBy(entry => entry.Value).Key);
            }

            times[accountHash] = now;
        }
    }

    /// <summary>The last logins from one address.</summary>
    /// <param name="Address">The address.</param>
    /// <param name="LastLoginTimes">The time of the last login for each hash of an account name.</param>
    private sealed record AddressLogins(AddressBlock Address, Dictionary<int, TimeSpan> LastLoginTimes);
}
