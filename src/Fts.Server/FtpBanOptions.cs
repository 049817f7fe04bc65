using System.Net;
using Fts.Accounts.Bans;

namespace Fts.Server;

/// <summary>The options of bans: when failed logins lead to a ban, and where bans are stored.</summary>
/// <remarks>
/// Many users can share one address, for example an office. Therefore an account is banned at one address first. An address is banned as a
/// whole only after many different failed logins: the same wrong password of the same account counts once.
/// </remarks>
public sealed record FtpBanOptions
{
    /// <summary>
    /// The number of failed logins of an account from one address, within <see cref="Window"/>, after which the account is banned at that
    /// address. 0 for no automatic bans of accounts. A successful login restarts the count. At most 1,000. Default: 10.
    /// </summary>
    public int MaxFailuresPerAccount { get; init; } = 10;

    /// <summary>
    /// The number of different failed logins from one IPv4 address or IPv6 /64 network, within <see cref="Window"/>, after which the
    /// address is banned. 0 for no automatic bans of addresses. At most 1,000. Default: 50.
    /// </summary>
    public int MaxFailuresPerAddress { get; init; } = 50;

    /// <summary>How long a failed login counts. At most 1 day. Default: 1 h.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long an automatic ban lasts. Default: 15 min.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The networks to which no ban applies. Default: the loopback networks 127.0.0.0/8 and ::1/128.</summary>
    public IReadOnlyList<IPNetwork> NeverBanned { get; init; } = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")];

    /// <summary>
    /// Stores the bans. Null keeps them in memory until the server stops. The server reads the store again every 10 seconds, because other
    /// servers may share it. The caller owns the store. Default: null.
    /// </summary>
    public IBanStore? Store { get; init; }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(NeverBanned);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxFailuresPerAccount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxFailuresPerAccount, 1_000);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxFailuresPerAddress);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxFailuresPerAddress, 1_000);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Window, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Window, TimeSpan.FromDays(1));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Duration, TimeSpan.Zero);
    }
}
