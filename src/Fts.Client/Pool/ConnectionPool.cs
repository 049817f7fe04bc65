using System.Diagnostics;
using Fts.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fts.Client;

/// <summary>
/// The connections to one server: opened when needed up to a limit, kept while idle, tried before they are used again after a while, dropped when in
/// doubt. A server that turns further connections away lowers the limit for good instead of failing the work.
/// </summary>
/// <remarks>Owns every connection that is idle; a <see cref="PoolLease"/> owns the one it holds until it is disposed.</remarks>
internal sealed class ConnectionPool : IAsyncDisposable
{
    private readonly FtpClientOptions _options;
    private readonly SemaphoreSlim _permits;
    private readonly Stack<(FtpConnection Connection, long Since)> _idle = new();
    private readonly Lock _lock = new();
    private readonly ServerMemory _memory = new();
    private readonly ILogger _log;
    private int _limit;
    private int _open, _opening;
    private bool _disposed;

    public ConnectionPool(FtpClientOptions options)
    {
        _options = options;
        _limit = options.MaxConnections;
        _permits = new SemaphoreSlim(_limit, _limit);
        _log = options.LoggerFactory?.CreateLogger(typeof(FtpClient)) ?? NullLogger.Instance;
    }

    /// <summary>What its connections are made with.</summary>
    public FtpClientOptions Options => _options;

    /// <summary>Where the client logs.</summary>
    public ILogger Log => _log;

    /// <summary>What the first connection learnt; null before there was one.</summary>
    public FtpServerFeatures? Features { get; private set; }

    /// <summary>The first connection's greeting.</summary>
    public Reply? Greeting { get; private set; }

    /// <summary>Who the server said it is on the last connection opened; null when that is plain.</summary>
    public FtpServerIdentity? ServerIdentity { get; private set; }

    /// <summary>Waits for a connection that is signed in and in step.</summary>
    public async Task<PoolLease> RentAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _permits.WaitAsync(cancellationToken).ConfigureAwait(false);
            bool keepPermit = false;
            try
            {
                FtpConnection connection = await TakeIdleAsync(cancellationToken).ConfigureAwait(false) ?? await OpenAsync(cancellationToken).ConfigureAwait(false);
                keepPermit = true;
                return new PoolLease(this, connection);
            }
            catch (FtpException e) when (IsLimit(e) && TryLowerLimit(e))
            {
                // The permit stays taken for ever: there are others, and the next of them to come back does this work.
                keepPermit = true;
            }
            finally
            {
                if (!keepPermit)
                {
                    _permits.Release();
                }
            }
        }
    }

    /// <summary>
    /// Opens one connection more, unless there are as many as are wanted: whoever has work for one need not hold it meanwhile. False when it cannot be had.
    /// </summary>
    public async Task<bool> TryAddAsync(int wanted, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (wanted > _limit || _open + _opening >= wanted)
            {
                return wanted <= _limit;
            }

            _opening++;
        }

        bool keepPermit = true;
        try
        {
            await _permits.WaitAsync(cancellationToken).ConfigureAwait(false);
            keepPermit = false;
            FtpConnection connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
            keepPermit = true;
            await ReturnAsync(connection).ConfigureAwait(false);
            return true;
        }
        catch (FtpException e)
        {
            keepPermit = IsLimit(e) && TryLowerLimit(e);
            return false;
        }
        finally
        {
            Interlocked.Decrement(ref _opening);
            if (!keepPermit)
            {
                _permits.Release();
            }
        }
    }

    /// <summary>Runs work on a connection; once more on another when the first turned out to be gone before a byte of the work was sent.</summary>
    public async Task<T> RunAsync<T>(Func<FtpConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        for (bool isSecond = false; ; isSecond = true)
        {
            PoolLease lease = await RentAsync(cancellationToken).ConfigureAwait(false);
            await using (lease.ConfigureAwait(false))
            {
                try
                {
                    return await work(lease.Connection, cancellationToken).ConfigureAwait(false);
                }
                catch (FtpConnectionException e) when (e.NothingSent && lease.IsUntouched && !isSecond)
                {
                    _log.IdleDropped(_options.Host, e.Message);
                }
            }
        }
    }

    /// <summary>Takes a connection back.</summary>
    public async ValueTask ReturnAsync(FtpConnection connection)
    {
        bool keep;
        lock (_lock)
        {
            keep = connection.IsReady && !_disposed;
            if (keep)
            {
                _idle.Push((connection, Stopwatch.GetTimestamp()));
            }
        }

        try
        {
            if (!keep)
            {
                await DropAsync(connection).ConfigureAwait(false);
            }
        }
        finally
        {
            _permits.Release();
        }
    }

    /// <summary>Closes what is idle; what is in use is closed when it comes back.</summary>
    public async ValueTask DisposeAsync()
    {
        FtpConnection[] idle;
        lock (_lock)
        {
            _disposed = true;
            idle = [.. _idle.Select(entry => entry.Connection)];
            _idle.Clear();
        }

        await Task.WhenAll(idle.Select(connection => connection.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    private async Task<FtpConnection?> TakeIdleAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            FtpConnection connection;
            TimeSpan idleFor;
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_disposed, typeof(FtpClient));
                if (!_idle.TryPop(out (FtpConnection Connection, long Since) entry))
                {
                    return null;
                }

                (connection, idleFor) = (entry.Connection, Stopwatch.GetElapsedTime(entry.Since));
            }

            if (await IsAliveAsync(connection, idleFor, cancellationToken).ConfigureAwait(false))
            {
                return connection;
            }

            await DropAsync(connection).ConfigureAwait(false);
        }
    }

    /// <summary>A connection that was idle for long may be gone without a word, when something between forgot it.</summary>
    private async Task<bool> IsAliveAsync(FtpConnection connection, TimeSpan idleFor, CancellationToken cancellationToken)
    {
        if (!connection.IsReady || _options.Timeouts.IdleCheck == Timeout.InfiniteTimeSpan || idleFor < _options.Timeouts.IdleCheck)
        {
            return connection.IsReady;
        }

        try
        {
            await connection.SendAsync("NOOP", null, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (FtpException e)
        {
            _log.IdleDropped(_options.Host, e.Message);
            return false;
        }
        catch (OperationCanceledException)
        {
            await DropAsync(connection).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<FtpConnection> OpenAsync(CancellationToken cancellationToken)
    {
        FtpConnection connection = await FtpConnection.ConnectAsync(_options, _memory, cancellationToken).ConfigureAwait(false);
        try
        {
            await connection.SignInAsync(cancellationToken).ConfigureAwait(false);
            (Features, Greeting, ServerIdentity) = (connection.Features, connection.Greeting, connection.ServerIdentity);
            Interlocked.Increment(ref _open);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private ValueTask DropAsync(FtpConnection connection)
    {
        Interlocked.Decrement(ref _open);
        return connection.DisposeAsync();
    }

    /// <summary>Makes do with one connection less from now on, when there is another.</summary>
    private bool TryLowerLimit(FtpException reason)
    {
        lock (_lock)
        {
            if (_open == 0 || _limit == 1)
            {
                return false;
            }

            _limit--;
        }

        _log.LimitLearnt(_options.Host, _limit, reason.Message);
        return true;
    }

    /// <summary>
    /// How servers say "one connection too many" to a user they let in before: 421 or 530, at the greeting or at sign-in. Firewalls say it by a reset, or
    /// by nothing at all.
    /// </summary>
    private static bool IsLimit(FtpException exception) =>
        exception is FtpSignInException or (FtpConnectionException and not FtpTlsException and ({ Reply: not null } or { Phase: FtpConnectionPhase.Connect or FtpConnectionPhase.Greeting }));
}
