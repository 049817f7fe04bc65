using System.Net.Security;
using System.Security.Authentication;
using Fts.Client.Connections;
using Fts.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fts.Client.Pool;

/// <summary>
/// The connections of a client to its server. The pool opens connections as needed up to a limit, keeps idle connections, and checks a
/// connection after a long idle time. If all connections are in use, calls wait in order of arrival.
/// </summary>
/// <remarks>
/// The pool owns idle connections, and connections whose transfer is being aborted. A <see cref="PoolLease"/> owns its connection until it
/// is disposed. If the server refuses an additional connection, the call waits for an existing connection instead of failing. Each
/// operation uses an instance of its own, which shares the connections (<see cref="CreateForOperation"/>).
/// </remarks>
internal sealed class ConnectionPool
{
    private readonly ConnectionPool _shared; // this instance, or the one on which CreateForOperation was called
    private readonly bool _hasOnlyAbsolutePaths;
    private readonly FtpClientOptions _options;
    private readonly PoolSlots _slots;
    private readonly Lock _backgroundLock;
    private readonly HashSet<Task> _backgroundTasks; // protected by _backgroundLock
    private readonly ServerProfile _serverProfile;
    private readonly ILogger _log;
    private volatile WorkingDirectory? _workingDirectory;
    private volatile OpenedConnection? _lastOpened; // used in _shared only

    public ConnectionPool(FtpClientOptions options)
    {
        (_options, _serverProfile, _backgroundLock, _backgroundTasks) = (options, new ServerProfile(options), new Lock(), []);
        _log = options.LoggerFactory?.CreateLogger(typeof(FtpClient)) ?? NullLogger.Instance;
        _slots = new PoolSlots(options, _log);
        _shared = this;
    }

    private ConnectionPool(ConnectionPool pool, bool hasOnlyAbsolutePaths)
    {
        (_shared, _options, _log, _slots, _serverProfile) = (pool._shared, pool._options, pool._log, pool._slots, pool._serverProfile);
        (_backgroundLock, _backgroundTasks) = (pool._backgroundLock, pool._backgroundTasks);
        (_workingDirectory, _hasOnlyAbsolutePaths) = (pool._workingDirectory, hasOnlyAbsolutePaths);
    }

    /// <summary>The options of the connections.</summary>
    public FtpClientOptions Options => _options;

    /// <summary>The logger of the client.</summary>
    public ILogger Log => _log;

    /// <summary>
    /// The directory that relative paths refer to; null for the login directory. Each connection enters it before its next use.
    /// </summary>
    public WorkingDirectory? WorkingDirectory
    {
        get => _workingDirectory;
        set => _workingDirectory = value;
    }

    /// <summary>
    /// Returns a pool for one operation. It shares the connections of this pool, and keeps the current working directory even if the client
    /// enters another one.
    /// </summary>
    /// <param name="paths">
    /// The paths of the operation. If all paths are absolute, connections do not enter the working directory, which may have been deleted.
    /// </param>
    public ConnectionPool CreateForOperation(params IReadOnlyCollection<string> paths) =>
        new(this, paths.Count > 0 && paths.All(path => path is not null && path.StartsWith('/')));

    /// <summary>The properties of the server that all connections share.</summary>
    public ServerProfile ServerProfile => _serverProfile;

    /// <summary>The features that the server listed on the most recently opened connection; null if none has been opened.</summary>
    public FtpServerFeatures? Features => _shared._lastOpened?.Features;

    /// <summary>The server's greeting on the most recently opened connection; null if none has been opened.</summary>
    public FtpReply? Greeting => _shared._lastOpened?.Greeting;

    /// <summary>
    /// The identity of the server on the most recently opened connection; null if that connection is not encrypted, or if none has been
    /// opened.
    /// </summary>
    public FtpServerIdentity? ServerIdentity => _shared._lastOpened?.ServerIdentity;

    /// <summary>
    /// The TLS version of the most recently opened connection; <see cref="SslProtocols.None"/> if that connection is not encrypted, or if
    /// none has been opened.
    /// </summary>
    public SslProtocols TlsVersion => _shared._lastOpened?.TlsVersion ?? SslProtocols.None;

    /// <summary>
    /// The cipher suite of the most recently opened connection; null if that connection is not encrypted, or if none has been opened.
    /// </summary>
    public TlsCipherSuite? CipherSuite => _shared._lastOpened?.CipherSuite;

    /// <summary>Acquires a connection that is logged in: an idle one, or a new one. Waits if the connection limit is reached.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <param name="purpose">
    /// The use of the connection, for the timeout messages of other calls. If null, the messages contain the last command.
    /// </param>
    /// <param name="isTransferNext">Whether the login of a new connection prepares a data connection, if possible.</param>
    /// <exception cref="FtpTimeoutException">
    /// During <see cref="FtpTimeouts.Acquire"/>, other calls held all connections without using them, or the server refused all
    /// connections.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The pool is closed.</exception>
    public async Task<PoolLease> AcquireAsync(CancellationToken cancellationToken, string? purpose = null, bool isTransferNext = false)
    {
        long started = _options.TimeProvider.GetTimestamp();
        PoolWaiter? waiter = null;
        while (true)
        {
            PoolSlot slot = await _slots.AcquireAsync(waiter, cancellationToken).ConfigureAwait(false);
            FtpConnection? enteringConnection = null;
            try
            {
                WorkingDirectory? directory = _workingDirectory;
                FtpConnection? idle = enteringConnection = await ProbeIdleAsync(slot, cancellationToken).ConfigureAwait(false);
                if (idle is not null && !await TryEnterWorkingDirectoryAsync(idle, directory, cancellationToken).ConfigureAwait(false))
                {
                    idle = enteringConnection = null;
                }

                FtpConnection connection = idle ?? await OpenAsync(isTransferNext, cancellationToken).ConfigureAwait(false);
                if (idle is null)
                {
                    enteringConnection = connection;
                    await EnterWorkingDirectoryAsync(connection, directory, cancellationToken).ConfigureAwait(false);
                }

                enteringConnection = null;
                var lease = new PoolLease(this, connection, purpose) { WasIdle = idle is not null };
                if (_slots.TryAddLease(lease))
                {
                    return lease;
                }

                PoolSlots.CloseWithoutQuit(connection);
                throw PoolSlots.CreateDisposedException();
            }
            catch (FtpReplyException) when (enteringConnection is not null)
            {
                // The server rejects the directory, for example because it was deleted. The connection remains in its previous directory.
                await MakeIdleOrCloseAsync(enteringConnection).ConfigureAwait(false);
                throw;
            }
            catch (FtpException e)
            {
                waiter = _slots.EndFailedAttempt(e, started);
                if (waiter is null)
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
    /// Opens one more connection and makes it idle, unless <paramref name="wantedCount"/> connections already exist. Returns true in both
    /// cases, and false if no connection can be opened now.
    /// </summary>
    public async Task<bool> TryOpenAdditionalAsync(int wantedCount, CancellationToken cancellationToken)
    {
        (bool isAcquired, bool hasEnough) = _slots.TryAcquireAdditional(wantedCount);
        if (!isAcquired)
        {
            return hasEnough;
        }

        FtpConnection connection;
        try
        {
            connection = await OpenAsync(isTransferNext: false, cancellationToken).ConfigureAwait(false);
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
    /// Runs work on a connection. If the server closed the connection while it was idle (421, a close or a reset), the work runs once more
    /// on another connection, unless the first run may have changed something on the server.
    /// </summary>
    /// <param name="work">The work.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <param name="isTransferNext">Whether the login of a new connection prepares a data connection, if possible.</param>
    public async Task<T> RunAsync<T>(
        Func<FtpConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken, bool isTransferNext = false)
    {
        for (bool isRetry = false; ; isRetry = true)
        {
            PoolLease lease = await AcquireAsync(cancellationToken, isTransferNext: isTransferNext).ConfigureAwait(false);
            await using (lease.ConfigureAwait(false))
            {
                try
                {
                    return await work(lease.Connection, cancellationToken).ConfigureAwait(false);
                }
                catch (FtpConnectionException e) when (!isRetry && lease.CanRetry(e))
                {
                    LogIdleClosed(e);
                }
            }
        }
    }

    /// <summary>Logs that the server closed an idle connection.</summary>
    public void LogIdleClosed(FtpConnectionException failure) => _log.IdleConnectionClosed(_options.Host, failure.Message);

    /// <inheritdoc cref="PoolSlots.CloseAll"/>
    public void CloseAll() => _slots.CloseAll();

    /// <inheritdoc cref="PoolSlots.RegisterEarlyRelease"/>
    public void RegisterEarlyRelease(PoolLease lease, Action release) => _slots.RegisterEarlyRelease(lease, release);

    /// <summary>
    /// Releases a connection to the pool. If its transfer is being aborted, the call does not wait for the abort, and the connection
    /// becomes idle after the abort.
    /// </summary>
    public ValueTask ReleaseAsync(PoolLease lease)
    {
        _slots.RemoveLease(lease);
        if (lease.Connection.TransferAbort.RunningAbort.IsCompleted)
        {
            return MakeIdleOrCloseAsync(lease.Connection);
        }

        TrackBackgroundTask(ReleaseAfterAbortAsync(lease.Connection));
        return default;
    }

    /// <summary>
    /// Registers a running task that no call waits for. The task must end by itself and must not throw. Closing the pool waits for it.
    /// </summary>
    public void TrackBackgroundTask(Task task)
    {
        lock (_backgroundLock)
        {
            if (task.IsCompleted || !_backgroundTasks.Add(task))
            {
                return;
            }
        }

        task.ContinueWith(
            static (ended, pool) => ((ConnectionPool)pool!).RemoveBackgroundTask(ended),
            this,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    /// <summary>Waits until all running aborts and other background tasks have ended.</summary>
    public Task WaitForBackgroundTasksAsync()
    {
        lock (_backgroundLock)
        {
            return Task.WhenAll(_backgroundTasks);
        }
    }

    /// <summary>
    /// Waits for background tasks, then closes all connections: idle connections after QUIT, connections in use immediately. Calls that
    /// wait for a connection fail.
    /// </summary>
    /// <param name="cancellationToken">Cancels the wait. The connections are always closed.</param>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        // An abort that ends after the token was cancelled closes its own connection, because the pool is closed.
        await WaitForBackgroundTasksAsync().WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_slots.Close().Select(connection => QuitAsync(connection, cancellationToken))).ConfigureAwait(false);
    }

    private static async Task QuitAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        await connection.QuitAsync(cancellationToken).ConfigureAwait(false);
        await connection.CloseAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Returns the idle connection of a slot if it still works, otherwise null. After a long idle time the pool sends NOOP, because a
    /// router may have dropped the connection.
    /// </summary>
    /// <remarks>
    /// If the connection is dead, connections that were idle even longer are also closed, so that the call waits for at most one reply.
    /// </remarks>
    private async Task<FtpConnection?> ProbeIdleAsync(PoolSlot slot, CancellationToken cancellationToken)
    {
        TimeSpan probeAfter = _options.Timeouts.IdleProbeAfter;
        if (slot.IdleConnection is not { } connection
            || probeAfter == Timeout.InfiniteTimeSpan
            || _options.TimeProvider.GetElapsedTime(slot.IdleSince) < probeAfter)
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
    /// Enters the working directory of the operation on an idle connection. If the server has closed the connection, or the directory
    /// cannot be reached from the current directory, closes the connection and returns false.
    /// </summary>
    /// <exception cref="FtpReplyException">The server rejects the directory. The connection remains open.</exception>
    private async Task<bool> TryEnterWorkingDirectoryAsync(
        FtpConnection connection, WorkingDirectory? directory, CancellationToken cancellationToken)
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

    /// <summary>
    /// Enters the working directory of the operation. Returns false if that directory cannot be reached from the current directory of the
    /// connection. From the login directory, in which a new connection starts, every working directory can be reached.
    /// </summary>
    /// <exception cref="FtpReplyException">The server rejects the directory. The connection remains open.</exception>
    private async Task<bool> EnterWorkingDirectoryAsync(
        FtpConnection connection, WorkingDirectory? directory, CancellationToken cancellationToken)
    {
        try
        {
            return _hasOnlyAbsolutePaths
                || ReferenceEquals(connection.WorkingDirectory, directory)
                || await WorkingDirectory.TrySwitchAsync(connection, directory, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not FtpReplyException)
        {
            PoolSlots.CloseWithoutQuit(connection);
            throw;
        }
    }

    /// <summary>
    /// Opens a connection and logs in. If the server does not reply to all commands that were sent in one packet, opens another connection
    /// and sends the commands one by one.
    /// </summary>
    private async Task<FtpConnection> OpenAsync(bool isTransferNext, CancellationToken cancellationToken)
    {
        bool couldPipeline = !_serverProfile.IsPipeliningUnusable;
        try
        {
            return await OpenOnceAsync(isTransferNext, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpConnectionException) when (couldPipeline && _serverProfile.IsPipeliningUnusable)
        {
            return await OpenOnceAsync(isTransferNext, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<FtpConnection> OpenOnceAsync(bool isTransferNext, CancellationToken cancellationToken)
    {
        FtpConnection connection = await FtpConnection.ConnectAsync(_options, _serverProfile, cancellationToken).ConfigureAwait(false);
        try
        {
            await connection.RunLoginAsync(isTransferNext, cancellationToken).ConfigureAwait(false);
            _shared._lastOpened = new OpenedConnection(
                connection.Features, connection.Greeting, connection.ServerIdentity, connection.TlsVersion, connection.CipherSuite);
            _slots.RecordOpened();
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
    /// Makes a connection idle, or closes it if it cannot be used again. The connection is closed before its slot is released, so that the
    /// server no longer counts it when another connection is opened.
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

    /// <summary>Properties of the most recently opened connection.</summary>
    private sealed record OpenedConnection(
        FtpServerFeatures Features, FtpReply Greeting, FtpServerIdentity? ServerIdentity, SslProtocols TlsVersion,
        TlsCipherSuite? CipherSuite);

    private void RemoveBackgroundTask(Task ended)
    {
        lock (_backgroundLock)
        {
            _backgroundTasks.Remove(ended);
        }
    }
}
