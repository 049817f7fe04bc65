using Microsoft.Extensions.Logging;

namespace Fts.Client.Pool;

/// <summary>
/// Grants calls the right to use or open a connection, in order of arrival. Tracks idle connections, leases, waiting calls and the
/// connection limit.
/// </summary>
/// <remarks>
/// Owns the idle connections. The lock protects all mutable fields. Code that holds the lock does not wait, log or invoke callbacks.
/// </remarks>
internal sealed class PoolSlots(FtpClientOptions options, ILogger log)
{
    private readonly TimeProvider _time = options.TimeProvider;
    private readonly Lock _lock = new();
    private readonly List<(FtpConnection Connection, long Since)> _idle = []; // in order of release, the latest at the end
    private readonly List<PoolLease> _leases = [];
    private readonly LinkedList<PoolWaiter> _waiters = new();
    private readonly ConnectionLimit _limit = new(options.MaxConnections, options.Timeouts.LimitRecovery, options.TimeProvider);
    private int _busyCount; // connections in use, being opened, being checked or being aborted
    private long _lastProgressAt; // the timestamp at which a connection was last opened or released
    private bool _hasLoggedIn;
    private bool _isClosed;

    /// <summary>
    /// The number of leased and idle connections, which are logged in. Connections being opened, checked or aborted do not count.
    /// </summary>
    private int LoggedInCount => _leases.Count + _idle.Count;

    /// <summary>Waits until a connection is idle or may be opened. Calls are served in order of arrival.</summary>
    /// <param name="waiter">The call's entry in the queue; null if it has none yet.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async Task<PoolSlot> AcquireAsync(PoolWaiter? waiter, CancellationToken cancellationToken)
    {
        if (waiter is null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            lock (_lock)
            {
                if (_isClosed)
                {
                    throw CreateDisposedException();
                }

                if (_waiters.Count == 0 && TryGrant() is { } slot)
                {
                    return slot;
                }

                waiter = new PoolWaiter(_time.GetTimestamp());
                _waiters.AddLast(waiter);
            }
        }

        RequestEarlyRelease();
        while (true)
        {
            TimeSpan wait;
            lock (_lock)
            {
                GrantWaiters();
                wait = GetTimeUntilNextCheck(waiter);
                if (wait == TimeSpan.Zero && _waiters.Remove(waiter))
                {
                    throw CreateTimeoutException(waiter);
                }
            }

            try
            {
                return await waiter.Granted.WaitAsync(wait, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // The limit may have risen, a delay may have ended, or the call has timed out.
            }
            catch (OperationCanceledException)
            {
                LeaveQueue(waiter);
                throw;
            }
        }
    }

    /// <summary>Acquires the right to open one more connection, without waiting.</summary>
    /// <param name="wantedCount">The number of connections that should exist.</param>
    /// <returns>Whether the right was acquired. If not, also whether the wanted number of connections already exists.</returns>
    public (bool IsAcquired, bool HasEnough) TryAcquireAdditional(int wantedCount)
    {
        lock (_lock)
        {
            int existing = _busyCount + _idle.Count;
            if (_isClosed || wantedCount > _limit.Current || existing >= wantedCount
                || _limit.GetTimeUntilNextOpen(existing) > TimeSpan.Zero)
            {
                return (false, !_isClosed && wantedCount <= _limit.Current && existing >= wantedCount);
            }

            _busyCount++;
            return (true, false);
        }
    }

    /// <summary>Releases a slot whose connection is closed or was not opened.</summary>
    public void Release()
    {
        lock (_lock)
        {
            _busyCount--;
            GrantWaiters();
        }
    }

    /// <summary>
    /// Releases a slot and makes its connection idle. Returns false, and keeps the slot, if the connection cannot be used again or the pool
    /// is closed.
    /// </summary>
    public bool TryReleaseIdle(FtpConnection connection)
    {
        lock (_lock)
        {
            if (!connection.IsReusable || _isClosed)
            {
                return false;
            }

            _idle.Add((connection, _time.GetTimestamp()));
            _busyCount--;
            GrantWaiters();
            return true;
        }
    }

    /// <summary>Records that a connection was opened.</summary>
    public void RecordOpened()
    {
        lock (_lock)
        {
            _hasLoggedIn = true;
            _lastProgressAt = _time.GetTimestamp();
            _limit.RecordOpened();
        }
    }

    /// <summary>
    /// Ends a failed attempt to open a connection. If the call should wait and retry, returns its new entry at the head of the queue.
    /// Returns null if the call should throw the failure.
    /// </summary>
    /// <param name="failure">The failure.</param>
    /// <param name="started">The timestamp of the start of the call; null if the call does not wait for connections.</param>
    public PoolWaiter? EndFailedAttempt(FtpException failure, long? started)
    {
        bool isRefused = ConnectionLimit.IsLimitReached(failure);
        int? lowered = null;
        PoolWaiter? waiter = null;
        lock (_lock)
        {
            _busyCount--;
            int others = _busyCount + _idle.Count;
            lowered = isRefused && others > 0 && _limit.TryLower(others) ? _limit.Current : null;
            // A refusal is temporary if other connections exist. Within the connect timeout of the call, a refusal is also temporary if the
            // server has accepted the credentials before. Any other failure is temporary only if a connection that is logged in proves that
            // the server is reachable.
            bool isTemporary = isRefused
                ? others > 0 || (_hasLoggedIn && IsWithinConnectTimeout(started))
                : LoggedInCount > 0 && failure is FtpConnectionException { IsTransient: true } and not FtpTlsException;
            if (isTemporary && !(isRefused && others > 0))
            {
                _limit.RecordFailure(isRefused);
            }

            if (isTemporary && started is { } since && !_isClosed)
            {
                waiter = new PoolWaiter(since) { LastFailure = failure };
                _waiters.AddFirst(waiter);
            }

            GrantWaiters();
        }

        if (lowered is { } connections)
        {
            log.ConnectionLimitLowered(options.Host, connections, failure.Message);
        }

        return waiter;
    }

    /// <summary>Adds a lease. Returns false if the pool is closed.</summary>
    public bool TryAddLease(PoolLease lease)
    {
        lock (_lock)
        {
            if (!_isClosed)
            {
                _leases.Add(lease);
            }

            return !_isClosed;
        }
    }

    /// <summary>Removes a lease that is being released. Its slot remains in use.</summary>
    public void RemoveLease(PoolLease lease)
    {
        lock (_lock)
        {
            _leases.Remove(lease);
            lease.ReleaseEarly = null;
            _lastProgressAt = _time.GetTimestamp();
        }
    }

    /// <summary>
    /// Registers a callback that requests the early release of a leased connection. The callback is called at most once, when another call
    /// waits for a connection.
    /// </summary>
    public void RegisterEarlyRelease(PoolLease lease, Action release)
    {
        lock (_lock)
        {
            lease.ReleaseEarly = release;
        }

        RequestEarlyRelease();
    }

    /// <summary>Closes the idle connections that became idle at or before a timestamp.</summary>
    public void CloseIdle(long since)
    {
        lock (_lock)
        {
            _idle.FindAll(entry => entry.Since <= since).ForEach(entry => CloseWithoutQuit(entry.Connection));
            _idle.RemoveAll(entry => entry.Since <= since);
        }
    }

    /// <summary>Closes all connections. Running commands and transfers fail. The pool opens new connections for later calls.</summary>
    public void CloseAll()
    {
        CloseIdle(long.MaxValue);
        lock (_lock)
        {
            _leases.ForEach(lease => lease.Connection.CloseFromAnotherThread());
        }
    }

    /// <summary>Fails waiting calls and closes leased connections. Returns the idle connections, which the caller must close.</summary>
    public IReadOnlyList<FtpConnection> Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            foreach (PoolWaiter waiter in _waiters)
            {
                waiter.Fail(CreateDisposedException());
            }

            _waiters.Clear();
            _leases.ForEach(lease => lease.Connection.CloseFromAnotherThread());
            List<FtpConnection> idle = [.. _idle.Select(entry => entry.Connection)];
            _idle.Clear();
            return idle;
        }
    }

    /// <summary>
    /// Removes a cancelled call from the queue. If a slot was granted to the call in the meantime, the next call receives the slot. If the
    /// pool is closed, the connection of the slot is closed.
    /// </summary>
    public void LeaveQueue(PoolWaiter waiter)
    {
        lock (_lock)
        {
            if (_waiters.Remove(waiter) || !waiter.Granted.IsCompletedSuccessfully)
            {
                return;
            }

            _busyCount--;
            if (waiter.Granted.Result is { IdleConnection: { } connection, IdleSince: var since })
            {
                if (_isClosed)
                {
                    CloseWithoutQuit(connection);
                }
                else
                {
                    _idle.Add((connection, since));
                }
            }

            GrantWaiters();
        }
    }

    public static ObjectDisposedException CreateDisposedException() => new(typeof(FtpClient).FullName, "The client is disposed.");

    /// <summary>Closes a connection that cannot be used again, without QUIT and without waiting.</summary>
    public static void CloseWithoutQuit(FtpConnection connection)
    {
        connection.CloseImmediately();
        connection.CloseAsync().AsTask().ContinueWith(
            static closed => _ = closed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    /// <summary>Returns the time until a waiting call must check its state again; zero if the call has timed out.</summary>
    private TimeSpan GetTimeUntilNextCheck(PoolWaiter waiter)
    {
        TimeSpan wait = TimeSpan.MaxValue;
        if (options.Timeouts.Acquire != Timeout.InfiniteTimeSpan)
        {
            // Waiting for transfers and replies of other calls does not count, because they have their own timeouts. The same applies to
            // connections that are being opened, checked or aborted, which have a slot without a lease.
            long since = _busyCount > _leases.Count
                ? _time.GetTimestamp()
                : _leases.Aggregate(Math.Max(waiter.WaitingSince, _lastProgressAt), (last, lease) => Math.Max(last, lease.LastActivity));
            wait = options.Timeouts.Acquire - _time.GetElapsedTime(since);
            if (wait <= TimeSpan.Zero)
            {
                return TimeSpan.Zero;
            }
        }

        foreach (TimeSpan next in (ReadOnlySpan<TimeSpan>)[_limit.TimeUntilRecovery, _limit.GetTimeUntilNextOpen(LoggedInCount)])
        {
            wait = next > TimeSpan.Zero && next < wait ? next : wait;
        }

        // Rounded up, because timers have a resolution of 1 ms.
        return wait == TimeSpan.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
    }

    private FtpTimeoutException CreateTimeoutException(PoolWaiter waiter)
    {
        string holders = string.Join("; ", _leases.Select(lease => lease.DescribeUse()));
        string limit = _limit.Current < options.MaxConnections ? $" (the server allows {_limit.Current})" : "";
        string reason = _leases.Count switch
        {
            0 => "the server refused all connections",
            1 => $"the only connection{limit} is in use: {holders}",
            _ => $"all {_leases.Count} connections{limit} are in use: {holders}",
        };
        string message = $"no connection became available within {options.Timeouts.Acquire.TotalSeconds:0.###} s; {reason}";
        return new FtpTimeoutException(FtpOperationPhase.Acquire, options.Timeouts.Acquire, message, waiter.LastFailure);
    }

    private void GrantWaiters()
    {
        while (_waiters.First is { } first && TryGrant() is { } slot)
        {
            _waiters.RemoveFirst();
            first.Value.Grant(slot);
        }
    }

    private PoolSlot? TryGrant()
    {
        while (_idle.Count > 0)
        {
            (FtpConnection connection, long since) = _idle[^1];
            _idle.RemoveAt(_idle.Count - 1);
            // This check costs one system call, and detects a connection that the server has closed.
            if (connection.IsReusable)
            {
                _busyCount++;
                return new PoolSlot(connection, since);
            }

            CloseWithoutQuit(connection);
        }

        if (_busyCount >= _limit.Current || _limit.GetTimeUntilNextOpen(LoggedInCount) > TimeSpan.Zero)
        {
            return null;
        }

        _busyCount++;
        return new PoolSlot(null, 0);
    }

    private void RequestEarlyRelease()
    {
        Action? release = null;
        lock (_lock)
        {
            if (_waiters.Count > 0 && _leases.Find(lease => lease.ReleaseEarly is not null) is { } lease)
            {
                (release, lease.ReleaseEarly) = (lease.ReleaseEarly, null);
            }
        }

        release?.Invoke();
    }

    private bool IsWithinConnectTimeout(long? started) =>
        started is { } since
        && (options.Timeouts.Connect == Timeout.InfiniteTimeSpan || _time.GetElapsedTime(since) < options.Timeouts.Connect);
}
