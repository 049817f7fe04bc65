using Microsoft.Extensions.Logging;

namespace Fts.Client.Pool;

/// <summary>
/// Grants calls, in order of arrival, the right to use or open one of a pool's connections. It tracks idle connections, used ones,
/// waiting calls and the limit.
/// </summary>
/// <remarks>
/// Owns the idle connections. The lock protects all mutable fields. While it is held, no code waits for a connection, writes to the log
/// or calls code of the caller.
/// </remarks>
internal sealed class PoolSlots(FtpClientOptions options, ILogger log)
{
    private readonly TimeProvider _time = options.TimeProvider;
    private readonly Lock _lock = new();
    private readonly List<(FtpConnection Connection, long Since)> _idle = []; // ordered by the time of return, the latest at the end
    private readonly List<PoolLease> _leases = [];
    private readonly LinkedList<PoolWaiter> _waiters = new();
    private readonly ConnectionLimit _limit = new(options.MaxConnections, options.Timeouts.LimitRecovery, options.TimeProvider);
    private int _busyCount; // connections in use, being opened, being checked or being aborted
    private long _lastProgressAt;
    private bool _hasLoggedIn;
    private bool _isClosed;

    /// <summary>Connections that are logged in: those in use and the idle ones, without those being opened, checked or aborted.</summary>
    private int LoggedInCount => _leases.Count + _idle.Count;

    /// <summary>Waits until a connection is idle or may be opened. Calls that wait already are served first.</summary>
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
                // The limit may have recovered, a delay may have ended, or the wait was too long.
            }
            catch (OperationCanceledException)
            {
                LeaveQueue(waiter);
                throw;
            }
        }
    }

    /// <summary>Acquires the right to open one more connection, without waiting.</summary>
    /// <param name="wanted">The number of connections that should exist.</param>
    /// <returns>Whether the right was acquired. If not, whether the wanted number of connections exists already.</returns>
    public (bool IsTaken, bool IsEnough) TryAcquireAdditional(int wanted)
    {
        lock (_lock)
        {
            int existing = _busyCount + _idle.Count;
            if (_isClosed || wanted > _limit.Current || existing >= wanted || _limit.GetTimeUntilNextOpen(existing) > TimeSpan.Zero)
            {
                return (false, !_isClosed && wanted <= _limit.Current && existing >= wanted);
            }

            _busyCount++;
            return (true, false);
        }
    }

    /// <summary>Returns a slot whose connection is closed or was not opened.</summary>
    public void Release()
    {
        lock (_lock)
        {
            _busyCount--;
            GrantWaiters();
        }
    }

    /// <summary>Returns a slot and makes its connection idle. Returns false, and keeps the slot, if the connection cannot be used again.</summary>
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
    public void NoteOpened()
    {
        lock (_lock)
        {
            _hasLoggedIn = true;
            _lastProgressAt = _time.GetTimestamp();
            _limit.NoteOpened();
        }
    }

    /// <summary>
    /// Ends a failed attempt to open a connection. Returns the call's new entry at the head of the queue if it should wait for another
    /// connection or retry. Returns null if the call fails.
    /// </summary>
    /// <param name="failure">Why no connection was opened.</param>
    /// <param name="started">When the call began; null if the call does not wait for connections.</param>
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
            // A refusal alone proves nothing: only a server that accepted these credentials before is asked again.
            // After another failure, only an open connection shows that the server can be reached; attempts still under way do not.
            bool isTemporary = isRefused
                ? others > 0 || (_hasLoggedIn && IsWithinConnectTimeout(started))
                : LoggedInCount > 0 && failure is FtpConnectionException { IsTransient: true } and not FtpTlsException;
            if (isTemporary && !(isRefused && others > 0))
            {
                _limit.NoteFailed(isRefused);
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

    /// <summary>Removes a lease that is being returned; its slot stays taken.</summary>
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
    /// Registers a callback by which the holder of a lease releases its connection early. The callback is called once, when another call
    /// waits for a connection; at once if a call waits already.
    /// </summary>
    public void RegisterEarlyRelease(PoolLease lease, Action vacate)
    {
        lock (_lock)
        {
            lease.ReleaseEarly = vacate;
        }

        RequestEarlyRelease();
    }

    /// <summary>Closes the connections that have been idle since a time, or longer.</summary>
    public void CloseIdle(long since)
    {
        lock (_lock)
        {
            _idle.FindAll(entry => entry.Since <= since).ForEach(entry => CloseWithoutQuit(entry.Connection));
            _idle.RemoveAll(entry => entry.Since <= since);
        }
    }

    /// <summary>Closes all connections. Calls that use one fail; the pool opens new connections for the next calls.</summary>
    public void CloseAll()
    {
        CloseIdle(long.MaxValue);
        lock (_lock)
        {
            _leases.ForEach(lease => lease.Connection.CloseFromAnotherThread());
        }
    }

    /// <summary>Fails the calls that wait, and closes the connections in use. Returns the idle ones, which the caller closes.</summary>
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

    /// <summary>Removes a call from the queue. A slot that was granted meanwhile is passed to the next call; its connection is closed if the pool is.</summary>
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

    /// <summary>Closes a connection that cannot be used again. Nothing is sent on it, so no reply is awaited.</summary>
    public static void CloseWithoutQuit(FtpConnection connection)
    {
        connection.CloseImmediately();
        connection.CloseAsync().AsTask().ContinueWith(
            static closed => _ = closed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    /// <summary>The time until a waiting call must check its state again; zero if it has timed out.</summary>
    private TimeSpan GetTimeUntilNextCheck(PoolWaiter waiter)
    {
        TimeSpan wait = TimeSpan.MaxValue;
        if (options.Timeouts.Acquire != Timeout.InfiniteTimeSpan)
        {
            // Waiting behind long transfers and slow replies does not count: they have their own time-outs.
            // So do an attempt to open a connection, a check and an abort, which have a slot without a lease.
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

        // A timer counts whole milliseconds.
        return wait == TimeSpan.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
    }

    private FtpTimeoutException CreateTimeoutException(PoolWaiter waiter)
    {
        string holders = string.Join("; ", _leases.Select(lease => lease.Describe()));
        string limit = _limit.Current < options.MaxConnections ? $" (the server allows {_limit.Current})" : "";
        string reason = _leases.Count > 0
            ? $"all {_leases.Count} connections{limit} are in use: {holders}"
            : "the server refuses every connection";
        string message = $"no connection became free for {options.Timeouts.Acquire.TotalSeconds:0.###} s; {reason}";
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
            // Costs one system call, and detects each connection that the server has closed.
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
        Action? vacate = null;
        lock (_lock)
        {
            if (_waiters.Count > 0 && _leases.Find(lease => lease.ReleaseEarly is not null) is { } lease)
            {
                (vacate, lease.ReleaseEarly) = (lease.ReleaseEarly, null);
            }
        }

        vacate?.Invoke();
    }

    private bool IsWithinConnectTimeout(long? started) =>
        started is { } since && (options.Timeouts.Connect == Timeout.InfiniteTimeSpan || _time.GetElapsedTime(since) < options.Timeouts.Connect);
}
