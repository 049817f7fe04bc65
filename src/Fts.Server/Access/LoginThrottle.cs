using Fts.Server.Sessions;

namespace Fts.Server.Access;

/// <summary>
/// Delays logins after failed ones, per address and per account and address, for all sessions and hosts of a server. The delay precedes the
/// check of the password, so that a right guess is as slow as a wrong one. If a client closes early, the delay applies to its next
/// connection.
/// </summary>
/// <remarks>
/// Logins from an address with failures are checked one at a time. Each further failure doubles the delay of its account. Only every second
/// one doubles the delay of its address, so that several users behind one address are delayed less. Failures expire one by one. Logins
/// from an address without failures never wait. An account that signed in from the same address
/// within a day waits for its own failures only, so that a client that guesses passwords does not lock out the others behind its address.
/// </remarks>
internal sealed class LoginThrottle(FtpServerOptions options)
{
    /// <summary>The longest delay of an account is 16 times the first.</summary>
    public const int MaxAccountDoublings = 4;

    /// <summary>
    /// The longest delay of an address is 8 times the first. With the defaults, both delays together stay below the 30 s that clients wait
    /// for a reply.
    /// </summary>
    public const int MaxAddressDoublings = 3;

    /// <summary>Logins that may wait for one record, however long its delay is.</summary>
    private const int MaxWaiting = 8;

    /// <summary>The most failures that count at the same time. More would delay an address for hours after the last one.</summary>
    private const int MaxCountedFailures = 60;

    /// <summary>Account names per address with a record of their own, besides known accounts. Further names share one.</summary>
    private const int MaxAccountRecords = 8;

    private readonly TimeProvider _clock = options.TimeProvider;
    private readonly long _createdAt = options.TimeProvider.GetTimestamp();
    private readonly Lock _lock = new();
    private readonly Dictionary<LoginOrigin, FailureRecord> _addresses = [];

    /// <summary>
    /// The records of <see cref="_addresses"/>, ordered by expiry. The first to expire is evicted first, so that a record with many recent
    /// failures stays.
    /// </summary>
    private readonly SortedSet<FailureRecord> _byExpiry = new(Comparer<FailureRecord>.Create(
        (one, other) => one.ExpiresAt != other.ExpiresAt ? one.ExpiresAt.CompareTo(other.ExpiresAt) : one.Id.CompareTo(other.Id)));

    private readonly KnownAccounts _knownAccounts = new(options.MaxTrackedAddresses);
    private int _addressCount;
    private long _lastId;

    private TimeSpan Now => _clock.GetElapsedTime(_createdAt);

    /// <summary>The number of addresses with failures.</summary>
    public int AddressCount => Volatile.Read(ref _addressCount);

    private bool IsDisabled => options.LoginDelay == TimeSpan.Zero;

    /// <summary>Waits until a password of this client may be checked.</summary>
    /// <returns>The login's turn, which the caller ends and disposes; null if the login must be refused because too many others
    /// wait.</returns>
    public async ValueTask<LoginAttempt?> BeginAttemptAsync(Session session, string userName, CancellationToken cancellationToken)
    {
        if (IsDisabled || AddressCount == 0)
        {
            return new LoginAttempt(this, session, userName); // the usual case: no look-up of the client's user, no lock
        }

        var turn = new LoginAttempt(this, session, userName) { Origin = await LoginOrigin.FromSessionAsync(session, cancellationToken) };
        turn.IsKnown = IsKnown(turn);
        (FailureRecord? address, FailureRecord? account, turn.FailuresBefore) = FindRecords(turn);
        bool isAcquired = false;
        try
        {
            isAcquired = await TryAcquireAsync(turn, turn.IsKnown.Value ? null : address, account, cancellationToken);
            return isAcquired ? turn : null;
        }
        finally
        {
            if (!isAcquired)
            {
                turn.Dispose();
            }
        }
    }

    /// <summary>Records how the login ended.</summary>
    /// <returns>False if the login must be refused, even if the password was right.</returns>
    public async ValueTask<bool> EndAttemptAsync(LoginAttempt turn, bool isAccepted, CancellationToken cancellationToken)
    {
        if (IsDisabled)
        {
            return true;
        }

        bool isAnswered = (isAccepted && AddressCount == 0) || await EndAttemptWithFailuresAsync(turn, isAccepted, cancellationToken);
        if (isAccepted && isAnswered)
        {
            _knownAccounts.Add(LoginOrigin.GetBlock(turn.Session), GetNameHash(turn.UserName), Now);
        }

        return isAnswered;
    }

    private async ValueTask<bool> EndAttemptWithFailuresAsync(LoginAttempt turn, bool isAccepted, CancellationToken cancellationToken)
    {
        turn.Origin ??= await LoginOrigin.FromSessionAsync(turn.Session, cancellationToken);
        bool isKnown = turn.IsKnown ??= IsKnown(turn);
        (FailureRecord? address, FailureRecord? account, int total) = FindRecords(turn);
        if (isAccepted)
        {
            ClearAccountFailures(address, turn.UserName);
        }
        else
        {
            (address, account) = AddFailure(turn);
        }

        // Of guesses checked at the same time, before any had failed, all but the first get their replies only after the delay.
        if (turn.HasWaited || total == turn.FailuresBefore)
        {
            return true;
        }

        return await TryAcquireAsync(turn, isKnown ? null : address, isAccepted && !isKnown ? null : account, cancellationToken);
    }

    /// <summary>Ends the turn of a record that <see cref="TryAcquireAsync"/> acquired.</summary>
    public void Release(FailureRecord record)
    {
        lock (_lock)
        {
            record.WaitingCount--;
        }

        record.CheckLock.Release();
    }

    private async ValueTask<bool> TryAcquireAsync(LoginAttempt turn, FailureRecord? address, FailureRecord? account, CancellationToken cancellationToken)
    {
        // The account first: a login that waits for its account must not block other accounts of the same address.
        foreach (FailureRecord? record in (FailureRecord?[])[account, address])
        {
            if (record is null)
            {
                continue;
            }

            if (!TryEnqueue(record))
            {
                return false;
            }

            try
            {
                await record.CheckLock.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                lock (_lock)
                {
                    record.WaitingCount--;
                }

                throw;
            }

            turn.AddHeldRecord(record);
            while (GetRemainingDelay(record) is var left && left > TimeSpan.Zero)
            {
                await Task.Delay(left < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : left, _clock, cancellationToken);
            }
        }

        return true;
    }

    /// <summary>
    /// Adds a waiting login. Returns false if <see cref="MaxWaiting"/> others wait and it would wait longer than the longest delay.
    /// </summary>
    private bool TryEnqueue(FailureRecord record)
    {
        lock (_lock)
        {
            TimeSpan now = Now;
            TimeSpan wait = (record.NextCheckAt > now ? record.NextCheckAt - now : TimeSpan.Zero) +
                (record.WaitingCount * GetDelay(record, now));
            if (record.WaitingCount >= MaxWaiting && wait > options.LoginDelay * (1 << MaxAccountDoublings))
            {
                return false;
            }

            record.WaitingCount++;
            return true;
        }
    }

    private TimeSpan GetRemainingDelay(FailureRecord record)
    {
        lock (_lock)
        {
            return record.NextCheckAt - Now;
        }
    }

    private bool IsKnown(LoginAttempt turn) => _knownAccounts.Contains(LoginOrigin.GetBlock(turn.Session), GetNameHash(turn.UserName), Now);

    /// <summary>
    /// Returns the records with failures, and the failures that the login would wait for: a known account's own, or else its address's.
    /// </summary>
    private (FailureRecord? Address, FailureRecord? Account, int Total) FindRecords(LoginAttempt turn)
    {
        lock (_lock)
        {
            TimeSpan now = Now;
            FailureRecord? address = _addresses.GetValueOrDefault(turn.Origin!.Value);
            FailureRecord? account = address is null ? null : FindAccount(address, turn);
            int total = (turn.IsKnown!.Value ? account : address)?.TotalFailures ?? 0;
            if (address is null || GetFailureCount(address, now) == 0)
            {
                return (null, null, total);
            }

            return (address, account is not null && GetFailureCount(account, now) > 0 ? account : null, total);
        }
    }

    private void ClearAccountFailures(FailureRecord? address, string userName)
    {
        lock (_lock)
        {
            address?.Accounts?.Remove(GetNameHash(userName));
        }
    }

    private (FailureRecord Address, FailureRecord Account) AddFailure(LoginAttempt turn)
    {
        lock (_lock)
        {
            TimeSpan now = Now;
            LoginOrigin origin = turn.Origin!.Value;
            if (_addresses.TryGetValue(origin, out FailureRecord? address))
            {
                _byExpiry.Remove(address); // its place in the order changes
            }
            else
            {
                EvictRecords(now);
                _addresses[origin] = address = new FailureRecord(origin, ++_lastId);
            }

            address.Accounts ??= [];
            FailureRecord account = FindAccount(address, turn) ?? AddAccount(address, turn, now);
            CountFailure(address, now);
            CountFailure(account, now);
            _byExpiry.Add(address);
            Volatile.Write(ref _addressCount, _addresses.Count);
            return (address, account);
        }
    }

    /// <summary>Removes expired records, and the record that expires next if the table is full.</summary>
    private void EvictRecords(TimeSpan now)
    {
        while (_byExpiry.Min is { } first && (first.ExpiresAt <= now || _addresses.Count >= options.MaxTrackedAddresses))
        {
            _byExpiry.Remove(first);
            _addresses.Remove(first.Origin);
        }
    }

    private FailureRecord AddAccount(FailureRecord address, LoginAttempt turn, TimeSpan now)
    {
        Dictionary<int, FailureRecord> accounts = address.Accounts!;
        if (accounts.Count >= MaxAccountRecords)
        {
            foreach ((int name, FailureRecord account) in accounts)
            {
                if (account.ExpiresAt <= now)
                {
                    accounts.Remove(name);
                }
            }
        }

        int key = accounts.Count >= MaxAccountRecords && !turn.IsKnown!.Value ? SharedRecordKey : GetNameHash(turn.UserName);
        return accounts.TryGetValue(key, out FailureRecord? made) ? made : accounts[key] = new FailureRecord(address.Origin, ++_lastId);
    }

    private static FailureRecord? FindAccount(FailureRecord address, LoginAttempt turn) =>
        address.Accounts is not { } accounts ? null
        : accounts.TryGetValue(GetNameHash(turn.UserName), out FailureRecord? own) ? own
        : turn.IsKnown!.Value ? null
        : accounts.GetValueOrDefault(SharedRecordKey);

    private void CountFailure(FailureRecord record, TimeSpan now)
    {
        TimeSpan from = record.ExpiresAt > now ? record.ExpiresAt : now, latest = now + (MaxCountedFailures * options.FailedLoginLifetime);
        record.ExpiresAt = from + options.FailedLoginLifetime < latest ? from + options.FailedLoginLifetime : latest;
        record.TotalFailures++;
        record.NextCheckAt = now + GetDelay(record, now);
    }

    private TimeSpan GetDelay(FailureRecord record, TimeSpan now)
    {
        int further = Math.Max(0, GetFailureCount(record, now) - 1);
        int doublings = record.Accounts is null ? Math.Min(further, MaxAccountDoublings) : Math.Min(further / 2, MaxAddressDoublings);
        return options.LoginDelay * (1 << doublings);
    }

    private int GetFailureCount(FailureRecord record, TimeSpan now) =>
        record.ExpiresAt <= now ? 0 : (int)Math.Ceiling((record.ExpiresAt - now) / options.FailedLoginLifetime);

    /// <summary>
    /// The key that all further names share. Names are stored as hashes, so that long names cost no memory. Two names with the same hash
    /// share a record.
    /// </summary>
    private const int SharedRecordKey = 0;

    private static int GetNameHash(string userName) =>
        string.GetHashCode(userName, StringComparison.OrdinalIgnoreCase) is var hash && hash == SharedRecordKey ? 1 : hash;
}

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
