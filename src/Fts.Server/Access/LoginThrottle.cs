using Fts.Server.Sessions;

namespace Fts.Server.Access;

/// <summary>
/// Delays logins after failed logins, for all sessions and hosts of a server. Failures are counted per address, and per account of an
/// address. The delay precedes the check of the password, so that a correct guess takes as long as a wrong one. If a client disconnects
/// early, the delay applies to its next connection.
/// </summary>
/// <remarks>
/// "Address" means the origin of a login (<see cref="LoginOrigin"/>). Logins from an address with failures are checked one at a time. Each
/// further failure doubles the delay of its account. Only every second failure doubles the delay of its address, so that several users
/// behind one address are delayed less. Failures expire one by one. Logins from an address without failures never wait. A known account,
/// which logged in from the same address within a day, waits for its own failures only, so that a client that guesses passwords does not
/// lock out the other users behind its address.
/// </remarks>
internal sealed class LoginThrottle(FtpServerOptions options)
{
    /// <summary>The maximum number of doublings of an account's delay. The longest delay is 16 times the first.</summary>
    public const int MaxAccountDoublings = 4;

    /// <summary>
    /// The maximum number of doublings of an address's delay. The longest delay is 8 times the first. With the default options, the delays
    /// of an account and an address together stay below the 30 s that clients wait for a reply.
    /// </summary>
    public const int MaxAddressDoublings = 3;

    /// <summary>
    /// The number of logins that may always wait for the lock of one <see cref="FailureRecord"/>. A further login is refused if it would
    /// wait longer than the longest delay of an account.
    /// </summary>
    private const int MaxWaiting = 8;

    /// <summary>
    /// The maximum number of unexpired failures of one record. Because failures expire one by one, the failures of a long attack would
    /// otherwise delay logins for hours after the attack.
    /// </summary>
    private const int MaxCountedFailures = 60;

    /// <summary>
    /// If an address has this number of account records, further unknown accounts share one record. Each known account still has its own.
    /// </summary>
    private const int MaxAccountRecords = 8;

    private readonly TimeProvider _clock = options.TimeProvider;
    private readonly long _createdAt = options.TimeProvider.GetTimestamp();
    private readonly Lock _lock = new();
    private readonly Dictionary<LoginOrigin, FailureRecord> _addresses = [];

    /// <summary>
    /// The records of <see cref="_addresses"/>, ordered by expiry time. The record that expires first is evicted first, so that records
    /// with many recent failures stay.
    /// </summary>
    private readonly SortedSet<FailureRecord> _byExpiry = new(Comparer<FailureRecord>.Create(
        (one, other) => one.ExpiresAt != other.ExpiresAt ? one.ExpiresAt.CompareTo(other.ExpiresAt) : one.Id.CompareTo(other.Id)));

    private readonly KnownAccounts _knownAccounts = new(options.MaxTrackedAddresses);
    private int _addressCount; // a copy of _addresses.Count, so that AddressCount needs no lock
    private long _lastRecordId;

    private TimeSpan Now => _clock.GetElapsedTime(_createdAt);

    /// <summary>The number of addresses with failures.</summary>
    public int AddressCount => Volatile.Read(ref _addressCount);

    private bool IsDisabled => options.LoginDelay == TimeSpan.Zero;

    /// <summary>Waits until the client's password may be checked.</summary>
    /// <returns>
    /// The attempt, which the caller ends and disposes. Null if the login must be refused because too many other logins wait.
    /// </returns>
    public async ValueTask<LoginAttempt?> BeginAttemptAsync(Session session, string userName, CancellationToken cancellationToken)
    {
        if (IsDisabled || AddressCount == 0)
        {
            return new LoginAttempt(this, session, userName); // the usual case needs no look-up of the client's user and no lock
        }

        var attempt = new LoginAttempt(this, session, userName) { Origin = await LoginOrigin.FromSessionAsync(session, cancellationToken) };
        attempt.IsKnownAccount = IsKnownAccount(attempt);
        (FailureRecord? address, FailureRecord? account, attempt.FailuresBefore) = FindRecords(attempt);
        bool isAcquired = false;
        try
        {
            isAcquired = await TryAcquireLocksAsync(attempt, attempt.IsKnownAccount.Value ? null : address, account, cancellationToken);
            return isAcquired ? attempt : null;
        }
        finally
        {
            if (!isAcquired)
            {
                attempt.Dispose();
            }
        }
    }

    /// <summary>Records the result of the login. If other logins failed meanwhile, waits until the reply may be sent.</summary>
    /// <returns>False if the login must be refused even with the correct password, because too many other logins wait.</returns>
    public async ValueTask<bool> EndAttemptAsync(LoginAttempt attempt, bool isAccepted, CancellationToken cancellationToken)
    {
        if (IsDisabled)
        {
            return true;
        }

        bool canReply = (isAccepted && AddressCount == 0) || await RecordResultAsync(attempt, isAccepted, cancellationToken);
        if (isAccepted && canReply)
        {
            _knownAccounts.Add(LoginOrigin.GetBlock(attempt.Session), GetNameHash(attempt.UserName), Now);
        }

        return canReply;
    }

    /// <summary>
    /// Clears the failures of the account after a successful login, or adds a failure. If other logins failed meanwhile, waits until the
    /// reply may be sent. Returns false if too many other logins wait.
    /// </summary>
    private async ValueTask<bool> RecordResultAsync(LoginAttempt attempt, bool isAccepted, CancellationToken cancellationToken)
    {
        attempt.Origin ??= await LoginOrigin.FromSessionAsync(attempt.Session, cancellationToken);
        bool isKnown = attempt.IsKnownAccount ??= IsKnownAccount(attempt);
        (FailureRecord? address, FailureRecord? account, int total) = FindRecords(attempt);
        if (isAccepted)
        {
            ClearAccountFailures(address, attempt.UserName);
        }
        else
        {
            (address, account) = AddFailure(attempt);
        }

        // Several passwords may have been checked at the same time, before the first failure. All replies except the first are delayed.
        if (attempt.HasWaited || total == attempt.FailuresBefore)
        {
            return true;
        }

        // A known account waits only for its own record. Other logins wait for the address and, after a wrong password, for the account.
        return await TryAcquireLocksAsync(attempt, isKnown ? null : address, isAccepted && !isKnown ? null : account, cancellationToken);
    }

    /// <summary>Releases the lock of a record that <see cref="TryAcquireLocksAsync"/> acquired.</summary>
    public void Release(FailureRecord record)
    {
        lock (_lock)
        {
            record.WaitingCount--;
        }

        record.CheckLock.Release();
    }

    /// <summary>
    /// Acquires the locks of the account and the address, and waits for their delays. Returns false if too many other logins wait.
    /// </summary>
    private async ValueTask<bool> TryAcquireLocksAsync(
        LoginAttempt attempt, FailureRecord? address, FailureRecord? account, CancellationToken cancellationToken)
    {
        // The account is first: a login that waits for its account must not block other accounts of the same address.
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

            attempt.AddHeldRecord(record);
            while (GetRemainingDelay(record) is var delay && delay > TimeSpan.Zero)
            {
                await Task.Delay(delay < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : delay, _clock, cancellationToken);
            }
        }

        return true;
    }

    /// <summary>
    /// Counts a login as waiting for the lock and the delay of a record. Returns false if <see cref="MaxWaiting"/> logins wait already and
    /// the new login would wait longer than the longest delay of an account.
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

    /// <summary>Returns the time until the next password may be checked; zero or negative if it may be checked now.</summary>
    private TimeSpan GetRemainingDelay(FailureRecord record)
    {
        lock (_lock)
        {
            return record.NextCheckAt - Now;
        }
    }

    private bool IsKnownAccount(LoginAttempt attempt) =>
        _knownAccounts.Contains(LoginOrigin.GetBlock(attempt.Session), GetNameHash(attempt.UserName), Now);

    /// <summary>
    /// Returns the failure records of the address and the account, each null if it has no unexpired failures. Also returns the total number
    /// of failures, including expired ones: of the account if it is known, otherwise of the address.
    /// </summary>
    private (FailureRecord? Address, FailureRecord? Account, int Total) FindRecords(LoginAttempt attempt)
    {
        lock (_lock)
        {
            TimeSpan now = Now;
            FailureRecord? address = _addresses.GetValueOrDefault(attempt.Origin!.Value);
            FailureRecord? account = address is null ? null : FindAccountRecord(address, attempt);
            int total = (attempt.IsKnownAccount!.Value ? account : address)?.TotalFailures ?? 0;
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

    /// <summary>Counts a failed login. Returns the records of its address and its account, which are created if necessary.</summary>
    private (FailureRecord Address, FailureRecord Account) AddFailure(LoginAttempt attempt)
    {
        lock (_lock)
        {
            TimeSpan now = Now;
            LoginOrigin origin = attempt.Origin!.Value;
            if (_addresses.TryGetValue(origin, out FailureRecord? address))
            {
                _byExpiry.Remove(address); // its expiry time changes below
            }
            else
            {
                EvictRecords(now);
                _addresses[origin] = address = new FailureRecord(origin, ++_lastRecordId);
            }

            address.Accounts ??= [];
            FailureRecord account = FindAccountRecord(address, attempt) ?? AddAccountRecord(address, attempt, now);
            CountFailure(address, now);
            CountFailure(account, now);
            _byExpiry.Add(address);
            Volatile.Write(ref _addressCount, _addresses.Count);
            return (address, account);
        }
    }

    /// <summary>Removes the expired records of addresses. If the table is full, also removes the record that expires next.</summary>
    private void EvictRecords(TimeSpan now)
    {
        while (_byExpiry.Min is { } first && (first.ExpiresAt <= now || _addresses.Count >= options.MaxTrackedAddresses))
        {
            _byExpiry.Remove(first);
            _addresses.Remove(first.Origin);
        }
    }

    /// <summary>
    /// Adds and returns a record for the account. If the account is unknown and the address has <see cref="MaxAccountRecords"/> records,
    /// returns the shared record.
    /// </summary>
    private FailureRecord AddAccountRecord(FailureRecord address, LoginAttempt attempt, TimeSpan now)
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

        int key = accounts.Count >= MaxAccountRecords && !attempt.IsKnownAccount!.Value ? SharedRecordKey : GetNameHash(attempt.UserName);
        if (!accounts.TryGetValue(key, out FailureRecord? record))
        {
            accounts[key] = record = new FailureRecord(address.Origin, ++_lastRecordId);
        }

        return record;
    }

    /// <summary>
    /// Returns the account's own record. If an unknown account has none, returns the shared record. Returns null if no record exists.
    /// </summary>
    private static FailureRecord? FindAccountRecord(FailureRecord address, LoginAttempt attempt)
    {
        if (address.Accounts is not { } accounts)
        {
            return null;
        }

        FailureRecord? own = accounts.GetValueOrDefault(GetNameHash(attempt.UserName));
        return own is null && !attempt.IsKnownAccount!.Value ? accounts.GetValueOrDefault(SharedRecordKey) : own;
    }

    /// <summary>Adds a failure to a record, and sets the time when the next password may be checked.</summary>
    private void CountFailure(FailureRecord record, TimeSpan now)
    {
        TimeSpan expiresAt = (record.ExpiresAt > now ? record.ExpiresAt : now) + options.FailedLoginLifetime;
        TimeSpan latest = now + (MaxCountedFailures * options.FailedLoginLifetime);
        record.ExpiresAt = expiresAt < latest ? expiresAt : latest;
        record.TotalFailures++;
        record.NextCheckAt = now + GetDelay(record, now);
    }

    /// <summary>Returns the delay that the number of unexpired failures of a record requires.</summary>
    private TimeSpan GetDelay(FailureRecord record, TimeSpan now)
    {
        int furtherFailures = Math.Max(0, GetFailureCount(record, now) - 1);
        bool isAccountRecord = record.Accounts is null;
        int doublings = isAccountRecord
            ? Math.Min(furtherFailures, MaxAccountDoublings)
            : Math.Min(furtherFailures / 2, MaxAddressDoublings);
        return options.LoginDelay * (1 << doublings);
    }

    /// <summary>Returns the number of unexpired failures of a record.</summary>
    private int GetFailureCount(FailureRecord record, TimeSpan now) =>
        record.ExpiresAt <= now ? 0 : (int)Math.Ceiling((record.ExpiresAt - now) / options.FailedLoginLifetime);

    /// <summary>
    /// The key of the record that further unknown accounts share if an address has <see cref="MaxAccountRecords"/> records. All other keys
    /// are hashes of account names, so that long names need no more memory. Two names with the same hash have the same record.
    /// </summary>
    private const int SharedRecordKey = 0;

    /// <summary>Returns the hash of an account name, which is never <see cref="SharedRecordKey"/>.</summary>
    private static int GetNameHash(string userName) =>
        string.GetHashCode(userName, StringComparison.OrdinalIgnoreCase) is var hash && hash == SharedRecordKey ? 1 : hash;
}

/// <summary>
/// The failed logins of one address, or of one account from one address. The lock of <see cref="LoginThrottle"/> guards all members except
/// <see cref="CheckLock"/>. Times are measured from the creation of the server.
/// </summary>
/// <param name="origin">The origin of the logins.</param>
/// <param name="id">A number that distinguishes records with the same expiry time.</param>
internal sealed class FailureRecord(LoginOrigin origin, long id)
{
    /// <summary>The origin of the logins.</summary>
    public LoginOrigin Origin { get; } = origin;

    /// <summary>A number that distinguishes records with the same expiry time.</summary>
    public long Id { get; } = id;

    /// <summary>The time when the last failure expires. The number of unexpired failures is computed from it.</summary>
    public TimeSpan ExpiresAt { get; set; }

    /// <summary>The time when the next password may be checked.</summary>
    public TimeSpan NextCheckAt { get; set; }

    /// <summary>The number of failures since the record was created, including expired ones.</summary>
    public int TotalFailures { get; set; }

    /// <summary>The number of logins that hold <see cref="CheckLock"/> or wait for it.</summary>
    public int WaitingCount { get; set; }

    /// <summary>Held by the login that waits for <see cref="NextCheckAt"/> or whose password is being checked.</summary>
    public SemaphoreSlim CheckLock { get; } = new(1, 1);

    /// <summary>
    /// The records of the address's accounts, by the hash of the account name. Null for the record of an account, and before the first
    /// failure.
    /// </summary>
    public Dictionary<int, FailureRecord>? Accounts { get; set; }
}
