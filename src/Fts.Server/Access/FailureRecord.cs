namespace Fts.Server.Access;

/// <summary>
/// The failed logins of one address, or of one account from one address. All members are guarded by the lock of <see cref="LoginThrottle"/>,
/// except <see cref="CheckLock"/>. Times are <see cref="TimeSpan"/> since the server was created.
/// </summary>
/// <param name="origin">The address it belongs to.</param>
/// <param name="id">Distinguishes records that expire at the same time.</param>
internal sealed class FailureRecord(LoginOrigin origin, long id)
{
    public LoginOrigin Origin { get; } = origin;

    public long Id { get; } = id;

    /// <summary>The time when its last failure expires. The number of failures that count now follows from it.</summary>
    public TimeSpan ExpiresAt { get; set; }

    /// <summary>When the next password may be checked.</summary>
    public TimeSpan NextCheckAt { get; set; }

    /// <summary>Failures since the record was made, expired ones included.</summary>
    public int TotalFailures { get; set; }

    /// <summary>Logins that wait for their turn.</summary>
    public int WaitingCount { get; set; }

    /// <summary>Held by the login that waits for <see cref="NextCheckAt"/> or has its password checked.</summary>
    public SemaphoreSlim CheckLock { get; } = new(1, 1);

    /// <summary>The accounts of an address by the hash of their names; null for an account's own record, and before the first
    /// failure.</summary>
    public Dictionary<int, FailureRecord>? Accounts { get; set; }
}
