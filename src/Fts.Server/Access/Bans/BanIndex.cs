using System.Net;
using System.Net.Sockets;
using Fts.Accounts.Bans;

namespace Fts.Server.Access.Bans;

/// <summary>Bans in memory, which are found by the address of a client. Not thread-safe.</summary>
internal sealed class BanIndex
{
    private readonly Dictionary<BanSubject, Ban> _bans = [];
    private Ban[] _networkBans = []; // the bans whose network is larger or smaller than the block of a client

    /// <summary>The number of bans, including those that have ended.</summary>
    public int Count => _bans.Count;

    /// <summary>All bans, including those that have ended.</summary>
    public IReadOnlyCollection<Ban> All => _bans.Values;

    /// <summary>Returns the ban of a subject, or null.</summary>
    public Ban? Get(BanSubject subject) => _bans.GetValueOrDefault(subject);

    /// <summary>Adds a ban or replaces the one with its subject, or removes it if <paramref name="ban"/> is null.</summary>
    public void Set(BanSubject subject, Ban? ban)
    {
        if (ban is null)
        {
            _bans.Remove(subject);
        }
        else
        {
            _bans[subject] = ban;
        }

        if (!IsBlock(subject.Network))
        {
            UpdateNetworkBans();
        }
    }

    /// <summary>Replaces all bans.</summary>
    public void Replace(IEnumerable<Ban> bans)
    {
        _bans.Clear();
        foreach (Ban ban in bans)
        {
            _bans[ban.Subject] = ban;
        }

        UpdateNetworkBans();
    }

    /// <summary>Returns the active ban that applies to a login and ends last, or null.</summary>
    /// <param name="address">The address of the client.</param>
    /// <param name="account">The name of the account, or null for a client that has not sent one.</param>
    /// <param name="now">The current time.</param>
    public Ban? Find(IPAddress address, string? account, DateTimeOffset now)
    {
        Ban? found = null;
        Consider(Get(BanSubject.FromClient(address)));
        if (account is { Length: > 0 and <= BanSubject.MaxAccountLength })
        {
            Consider(Get(BanSubject.FromClient(address, account)));
        }

        foreach (Ban ban in _networkBans)
        {
            Consider(ban.Subject.Matches(address, account) ? ban : null);
        }

        return found;

        void Consider(Ban? ban)
        {
            if (ban?.IsActive(now) == true && (found is null || GetEnd(ban) > GetEnd(found)))
            {
                found = ban;
            }
        }
    }

    private static DateTimeOffset GetEnd(Ban ban) => ban.Until ?? DateTimeOffset.MaxValue;

    private void UpdateNetworkBans() => _networkBans = [.. _bans.Values.Where(ban => !IsBlock(ban.Subject.Network))];

    /// <summary>Returns whether a network is the block of one client, which <see cref="Find"/> finds by its key.</summary>
    private static bool IsBlock(IPNetwork network) =>
        network.PrefixLength == (network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 32 : 64);
}
