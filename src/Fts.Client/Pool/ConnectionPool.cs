using System.Security.Authentication;
using Fts.Client.Connections;
using Fts.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fts.Client.Pool;

/// <summary>
/// The connections to one server: opened when needed up to a limit, kept while idle, checked before use after a long idle time, closed when
/// in doubt. If every connection is in use, calls wait in order of arrival. If the server refuses a connection, its call waits for another
/// one instead of failing.
/// </summary>
/// <remarks>Owns each idle connection, and each one whose transfer is being aborted. A <see cref="PoolLease"/> owns its connection until it is disposed.</remarks>
internal sealed class ConnectionPool
{
    private readonly ConnectionPool _shared; // the pool itself; for the pool of one operation the client's
    private readonly bool _isAbsolute;
    private readonly FtpClientOptions _options;
    private readonly PoolSlots _slots;
    private readonly Lock _backgroundLock;
    private readonly HashSet<Task> _backgroundTasks; // under the lock above
    private readonly ServerProfile _serverProfile;
    private readonly ILogger _log;
    private volatile WorkingDirectory? _workingDirectory;
    private volatile OpenedConnection? _lastOpened; // of the client's pool

    public ConnectionPool(FtpClientOptions options)
    {
        (_options, _serverProfile, _backgroundLock, _backgroundTasks) = (options, new ServerProfile(), new Lock(), []);
        _log = options.LoggerFactory?.CreateLogger(typeof(FtpClient)) ?? NullLogger.Instance;
        _slots = new PoolSlots(options, _log);
        _shared = this;
    }

    private ConnectionPool(ConnectionPool pool, bool isAbsolute)
    {
        (_shared, _options, _log, _slots, _serverProfile) = (pool._shared, pool._options, pool._log, pool._slots, pool._serverProfile);
        (_backgroundLock, _backgroundTasks, _workingDirectory, _isAbsolute) = (pool._backgroundLock, pool._backgroundTasks, pool._workingDirectory, isAbsolute);
    }

    /// <summary>What its connections are made with.</summary>
    public FtpClientOptions Options => _options;

    /// <summary>Where the client logs.</summary>
    public ILogger Log => _log;

    /// <summary>The folder that relative paths count from; null for the one the account starts in. Each connection enters it before its next use.</summary>
    public WorkingDirectory? WorkingDirectory
    {
        get => _workingDirectory;
        set => _workingDirectory = value;
    }

    /// <summary>
    /// Returns the pool for one operation: the same connections, but the folder that is current now, also if the client enters another one meanwhile.
    /// </summary>
    /// <param name="paths">The paths of the operation. If all are absolute, its connections enter no folder, because the folder may be deleted.</param>
    public ConnectionPool ForOperation(params IReadOnlyCollection<string> paths) =>
        new(this, paths.Count > 0 && paths.All(path => path is not null && path.StartsWith('/')));

    /// <summary>What is known of the server.</summary>
    public ServerProfile ServerProfile => _serverProfile;

    /// <summary>What the first connection learnt; null before there was one.</summary>
    public FtpServerFeatures? Features => _shared._lastOpened?.Features;

    /// <summary>The first connection's greeting.</summary>
    public FtpReply? Greeting => _shared._lastOpened?.Greeting;

    /// <summary>Who the server said it is on the last connection opened; null when that is plain.</summary>
    public FtpServerIdentity? ServerIdentity => _shared._lastOpened?.ServerIdentity;

    /// <summary>The version of TLS of the last connection opened; none when that is plain.</summary>
    public SslProtocols TlsVersion => _shared._lastOpened?.TlsVersion ?? SslProtocols.None;

    /// <summary>Waits for a connection that is logged in and not in use.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <param name="purpose">The use of the connection, if not for commands. The exception of a call that times out while it waits contains
    /// it.</param>
    /// <exception cref="FtpTimeoutException">Every connection was held, and none was used for
    /// <see cref="FtpTimeouts.Acquire"/>.</exception>
    /// <exception cref="ObjectDisposedException">The pool is closed.</exception>
    public async Task<PoolLease> AcquireAsync(CancellationToken cancellationToken, string? purpose = null)
    {
        long started = _options.TimeProvider.GetTimestamp();
        PoolWaiter? postponed = null;
        while (true)
        {
            PoolSlot slot = await _slots.AcquireAsync(postponed, cancellationToken).ConfigureAwait(false);
            FtpConnection? entering = null;
            try
            {
                WorkingDirectory? directory = _workingDirectory;
                FtpConnection? idle = entering = await ProbeIdleAsync(slot, cancellationToken).ConfigureAwait(false);
                if (idle is not null && !await TryEnterWorkingDirectoryAsync(idle, directory, cancellationToken).ConfigureAwait(false))
                {
                    idle = entering = null;
                }

                FtpConnection connection = idle ?? await OpenAsync(cancellationToken).ConfigureAwait(false);
                if (idle is null)
                {
                    entering = connection;
                    await EnterWorkingDirectoryAsync(connection, directory, cancellationToken).ConfigureAwait(false);
                }

                entering = null;
                var lease = new PoolLease(this, connection, purpose) { WasIdle = idle is not null };
                if (_slots.TryAddLease(lease))
                {
                    return lease;
                }

                PoolSlots.CloseWithoutQuit(connection);
                throw PoolSlots.CreateDisposedException();
            }
            catch (FtpReplyException) when (entering is not null)
            {
                // The server refuses the folder, for example because it was deleted. The connection is in the folder that it was in before.
                await MakeIdleOrCloseAsync(entering).ConfigureAwait(false);
                throw;
            }
            catch (FtpException e)
            {
                postponed = _slots.EndFailedAttempt(e, started);
                if (postponed is null)
                {
                    throw;
                }
            }
            catch
            {
                _slots.Release();
                throw;
            }
        }
    }

    /// <summary>
    /// Opens one more connection and leaves it idle, unless the wanted number exists already. Returns false if it cannot be opened now.
    /// </summary>
    public async Task<bool> TryOpenAdditionalAsync(int wanted, CancellationToken cancellationToken)
    {
        (bool isTaken, bool isEnough) = _slots.TryAcquireAdditional(wanted);
        if (!isTaken)
        {
            return isEnough;
        }

        FtpConnection connection;
        try
        {
            connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (FtpException e)
        {
            _slots.EndFailedAttempt(e, started: null);
            return false;
        }
        catch
        {
            _slots.Release();
            throw;
        }

        await MakeIdleOrCloseAsync(connection).ConfigureAwait(false);
        return true;
    }

    /// <summary>
    /// Runs work on a connection. If the server ended that connection while it was idle (421, a close or a reset), runs the work once more on another
    /// one, unless something may have changed on the server.
    /// </summary>
    public async Task<T> RunAsync<T>(Func<FtpConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        for (bool isSecond = false; ; isSecond = true)
        {
            PoolLease lease = await AcquireAsync(cancellationToken).ConfigureAwait(false);
            await using (lease.ConfigureAwait(false))
            {
                try
                {
                    return await work(lease.Connection, cancellationToken).ConfigureAwait(false);
                }
                catch (FtpConnectionException e) when (!isSecond && lease.CanRetry(e))
                {
                    LogIdleClosed(e);
                }
            }
        }
    }

    /// <summary>Logs that the server ended an idle connection, and that its work is done again.</summary>
    public void LogIdleClosed(FtpConnectionException failure) => _log.IdleConnectionClosed(_options.Host, failure.Message);

    /// <inheritdoc cref="PoolSlots.CloseAll"/>
    public void CloseAll() => _slots.CloseAll();

    /// <inheritdoc cref="PoolSlots.RegisterEarlyRelease"/>
    public void RegisterEarlyRelease(PoolLease lease, Action vacate) => _slots.RegisterEarlyRelease(lease, vacate);

    /// <summary>
    /// Releases a connection to the pool. Does not wait for the abort of its transfer: the connection is used again only after that.
    /// </summary>
    public ValueTask ReleaseAsync(PoolLease lease)
    {
        _slots.RemoveLease(lease);
        if (lease.Connection.TransferAbort.RunningAbort.IsCompleted)
        {
            return MakeIdleOrCloseAsync(lease.Connection);
        }

        RunInBackground(ReleaseAfterAbortAsync(lease.Connection));
        return default;
    }

    /// <summary>
    /// Registers background work that no call waits for. It must end by itself and never fail. Closing the pool waits for it.
    /// </summary>
    public void RunInBackground(Task work)
    {
        lock (_backgroundLock)
        {
            if (work.IsCompleted || !_backgroundTasks.Add(work))
            {
                return;
            }
        }

        work.ContinueWith(
            static (ended, pool) => ((ConnectionPool)pool!).RemoveBackground(ended), this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Waits until the aborts and the other background work that are under way now have ended.</summary>
    public Task WaitForAbortsAsync()
    {
        lock (_backgroundLock)
        {
            return Task.WhenAll(_backgroundTasks);
        }
    }

    /// <summary>
    /// Waits for the background work, then closes every connection: idle ones after QUIT, those in use at once. Calls that wait for a connection fail.
    /// </summary>
    /// <param name="cancellationToken">Cancels the wait; the connections are closed in any case.</param>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        // If the token is cancelled before an abort ends, the abort later closes its own connection, because the pool is closed.
        await WaitForAbortsAsync().WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_slots.Close().Select(connection => QuitAsync(connection, cancellationToken))).ConfigureAwait(false);
    }

    private static async Task QuitAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        await connection.QuitAsync(cancellationToken).ConfigureAwait(false);
        await connection.CloseAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Returns the idle connection of a slot if it still works, else null. After a long idle time only a reply of the server proves that,
    /// because a router in between may have dropped the connection. If it is dead, connections that were idle even longer are closed as
    /// well, so that the call waits for one reply at most.
    /// </summary>
    private async Task<FtpConnection?> ProbeIdleAsync(PoolSlot slot, CancellationToken cancellationToken)
    {
        TimeSpan trusted = _options.Timeouts.IdleProbeAfter;
        if (slot.IdleConnection is not { } connection || trusted == Timeout.InfiniteTimeSpan || _options.TimeProvider.GetElapsedTime(slot.IdleSince) < trusted)
        {
            return slot.IdleConnection;
        }

        try
        {
            await connection.SendAsync("NOOP", null, cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch (FtpException e)
        {
            _log.IdleConnectionClosed(_options.Host, e.Message);
            PoolSlots.CloseWithoutQuit(connection);
            _slots.CloseIdle(slot.IdleSince);
            return null;
        }
        catch
        {
            PoolSlots.CloseWithoutQuit(connection);
            throw;
        }
    }

    /// <summary>
    /// Enters the operation's folder on an idle connection. Returns false, and closes the connection, if the server ended it or no path leads to the folder.
    /// </summary>
    /// <exception cref="FtpReplyException">The server refuses the folder. The connection stays open.</exception>
    private async Task<bool> TryEnterWorkingDirectoryAsync(FtpConnection connection, WorkingDirectory? directory, CancellationToken cancellationToken)
    {
        try
        {
            if (await EnterWorkingDirectoryAsync(connection, directory, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }
        }
        catch (FtpException e) when (e is not FtpReplyException)
        {
            _log.IdleConnectionClosed(_options.Host, e.Message);
            return false;
        }

        await connection.DisposeAsync().ConfigureAwait(false);
        return false;
    }

    /// <summary>Enters the operation's folder. A new connection is in the folder that the account starts in, from which each step leads on.</summary>
    /// <exception cref="FtpReplyException">The server refuses the folder. The connection stays open.</exception>
    private async Task<bool> EnterWorkingDirectoryAsync(FtpConnection connection, WorkingDirectory? directory, CancellationToken cancellationToken)
    {
        try
        {
            return _isAbsolute || ReferenceEquals(connection.WorkingDirectory, directory) || await WorkingDirectory.TrySwitchAsync(connection, directory, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not FtpReplyException)
        {
            PoolSlots.CloseWithoutQuit(connection);
            throw;
        }
    }

    private async Task<FtpConnection> OpenAsync(CancellationToken cancellationToken)
    {
        FtpConnection connection = await FtpConnection.ConnectAsync(_options, _serverProfile, cancellationToken).ConfigureAwait(false);
        try
        {
            await connection.LoginAsync(cancellationToken).ConfigureAwait(false);
            _shared._lastOpened = new OpenedConnection(connection.Features, connection.Greeting, connection.ServerIdentity, connection.TlsVersion);
            _slots.NoteOpened();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task ReleaseAfterAbortAsync(FtpConnection connection)
    {
        await connection.TransferAbort.RunningAbort.ConfigureAwait(false);
        await MakeIdleOrCloseAsync(connection).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes a connection idle. If it cannot be used again, closes it before its slot is released, so that the server does not count it
    /// when another one is opened.
    /// </summary>
    private async ValueTask MakeIdleOrCloseAsync(FtpConnection connection)
    {
        if (_slots.TryReleaseIdle(connection))
        {
            return;
        }

        try
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Properties of the connection that was opened last.</summary>
    private sealed record OpenedConnection(FtpServerFeatures Features, FtpReply Greeting, FtpServerIdentity? ServerIdentity, SslProtocols TlsVersion);

    private void RemoveBackground(Task ended)
    {
        lock (_backgroundLock)
        {
            _backgroundTasks.Remove(ended);
        }
    }
}
