namespace Fts.Server.Access;

/// <summary>
/// The accounts that signed in within the last day, per address. Accounts are named by a hash, so that an entry is small however long the
/// name is.
/// </summary>
/// <param name="maxAddresses">The number of addresses kept. The address whose last login is the oldest is evicted first.</param>
internal sealed class KnownAccounts(int maxAddresses)
{
    /// <summary>The number of accounts kept per address. The one whose last login is the oldest is evicted first.</summary>
    public const int MaxAccounts = 32;

    /// <summary>How long an account is known after its last login.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private readonly Lock _lock = new();
    private readonly Dictionary<AddressBlock, LinkedListNode<AddressLogins>> _addresses = [];

    /// <summary>The values of <see cref="_addresses"/>, the one with the oldest last login in front.</summary>
    private readonly LinkedList<AddressLogins> _byLastLogin = new();

    /// <summary>Whether the account signed in from the address within <see cref="Lifetime"/> before <paramref name="now"/>.</summary>
    public bool Contains(AddressBlock address, int account, TimeSpan now)
    {
        lock (_lock)
        {
            return _addresses.TryGetValue(address, out LinkedListNode<AddressLogins>? node)
                && node.Value.LastLoginTimes.TryGetValue(account, out TimeSpan at)
                && now - at < Lifetime;
        }
    }

    /// <summary>Records a login.</summary>
    public void Add(AddressBlock address, int account, TimeSpan now)
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
            Dictionary<int, TimeSpan> timeOf = node.Value.LastLoginTimes;
            if (timeOf.Count >= MaxAccounts && !timeOf.ContainsKey(account))
            {
                timeOf.Remove(timeOf.MinBy(entry => entry.Value).Key);
            }

            timeOf[account] = now;
        }
    }

    /// <param name="Address">The address.</param>
    /// <param name="LastLoginTimes">The time of each account's last login.</param>
    private sealed record AddressLogins(AddressBlock Address, Dictionary<int, TimeSpan> LastLoginTimes);
}
