using System.Threading.Channels;
using Fts.Client.Pool;

namespace Fts.Client.Listings;

/// <summary>
/// Reads a listing over a connection of the pool, one entry per call. If another call waits for a connection, the remaining entries are
/// read into memory and the connection is released. If the connection were not released, a caller that transfers each file during the
/// listing could time out while it waits for the connection that its own listing holds. <see cref="FtpLimits.Listing"/> limits the memory.
/// </summary>
/// <remarks>
/// Owns its lease and releases it at the end of the listing or on disposal. Supports one reader at a time. Before reading ahead starts,
/// only the reader uses the source and the lease. After that, only the read-ahead task uses them. <see cref="_lock"/> protects the fields
/// that determine when reading ahead starts.
/// </remarks>
internal sealed class PooledListing : IAsyncDisposable
{
    private readonly ConnectionPool _pool;
    private readonly string _path;
    private readonly CancellationToken _callerToken, _clientDisposedToken;
    private readonly CancellationTokenSource _stop;
    // Only the current user of the source, the reader or the read-ahead task, accesses these fields.
    private PoolLease _lease;
    private IAsyncEnumerator<FtpEntry> _source;
    private bool _hasStarted;
    private readonly Lock _lock = new();
    // Protected by _lock. Reading ahead starts between two reads of the caller.
    private bool _isReading, _isConnectionWanted;
    private Channel<FtpEntry>? _bufferedEntries;
    private Task _readAhead = Task.CompletedTask;

    private PooledListing(
        ConnectionPool pool, PoolLease lease, string path, CancellationToken callerToken, CancellationToken clientDisposedToken)
    {
        (_pool, _lease, _path) = (pool, lease, path);
        (_callerToken, _clientDisposedToken) = (callerToken, clientDisposedToken);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(callerToken, clientDisposedToken);
        _source = RemoteListing.ReadAsync(lease.Connection, path, _stop.Token).GetAsyncEnumerator(CancellationToken.None);
    }

    /// <summary>Acquires a connection for a listing. The first read sends the command.</summary>
    public static async Task<PooledListing> OpenAsync(
        ConnectionPool pool, RunningOperations operations, string path, CancellationToken cancellationToken)
    {
        PoolLease lease = await operations.RunAsync(
            token => pool.AcquireAsync(token, DescribePurpose(path)), cancellationToken).ConfigureAwait(false);
        var listing = new PooledListing(pool, lease, path, cancellationToken, operations.StoppingToken);
        pool.RegisterEarlyRelease(lease, listing.OnConnectionWanted);
        return listing;
    }

    /// <summary>Returns the next entry, or null at the end of the listing.</summary>
    public async ValueTask<FtpEntry?> ReadAsync()
    {
        Channel<FtpEntry>? buffer;
        lock (_lock)
        {
            buffer = _bufferedEntries;
            _isReading = buffer is null;
        }

        try
        {
            return buffer is null
                ? await ReadFromServerAsync().ConfigureAwait(false)
                : await ReadFromMemoryAsync(buffer.Reader).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (_stop.IsCancellationRequested)
        {
            throw RunningOperations.TranslateCancellation(e, _callerToken);
        }
        catch (FtpException e) when (_clientDisposedToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException("The client was disposed while the listing was read.", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        bool isReadingAhead;
        lock (_lock)
        {
            isReadingAhead = _bufferedEntries is not null;
            _isReading = true; // prevents a later start of reading ahead
        }

        if (isReadingAhead)
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            await _readAhead.ConfigureAwait(false);
        }
        else
        {
            await CloseAsync().ConfigureAwait(false);
        }

        _stop.Dispose();
    }

    private async ValueTask<FtpEntry?> ReadFromMemoryAsync(ChannelReader<FtpEntry> buffer)
    {
        _stop.Token.ThrowIfCancellationRequested();
        return await buffer.WaitToReadAsync().ConfigureAwait(false) && buffer.TryRead(out FtpEntry? entry) ? entry : null;
    }

    private async ValueTask<FtpEntry?> ReadFromServerAsync()
    {
        bool hasEntry = false;
        try
        {
            hasEntry = await MoveNextAsync().ConfigureAwait(false);
            return hasEntry ? _source.Current : null;
        }
        finally
        {
            if (hasEntry)
            {
                lock (_lock)
                {
                    _isReading = false;
                    StartReadAhead();
                }
            }
            else
            {
                // The listing has ended or failed, and no longer needs a connection.
                await CloseAsync().ConfigureAwait(false);
            }
        }
    }

    private static string DescribePurpose(string path) => $"listing of '{(path.Length == 0 ? "." : path)}'";

    /// <summary>
    /// Moves to the next entry. Returns false at the end of the listing. If the server closed the connection while it was idle in the pool,
    /// starts the listing again on another connection.
    /// </summary>
    private async ValueTask<bool> MoveNextAsync()
    {
        try
        {
            bool hasEntry = await _source.MoveNextAsync().ConfigureAwait(false);
            _hasStarted = true;
            return hasEntry;
        }
        catch (FtpConnectionException e) when (!_hasStarted && _lease.CanRetry(e))
        {
            _hasStarted = true;
            _pool.LogIdleClosed(e);
            await CloseAsync().ConfigureAwait(false);
        }

        _lease = await _pool.AcquireAsync(_stop.Token, DescribePurpose(_path)).ConfigureAwait(false);
        _source = RemoteListing.ReadAsync(_lease.Connection, _path, _stop.Token).GetAsyncEnumerator(CancellationToken.None);
        _pool.RegisterEarlyRelease(_lease, OnConnectionWanted);
        return await _source.MoveNextAsync().ConfigureAwait(false);
    }

    /// <summary>Called by the pool, on another thread, when another call waits for a connection.</summary>
    private void OnConnectionWanted()
    {
        lock (_lock)
        {
            _isConnectionWanted = true;
            StartReadAhead();
        }
    }

    /// <summary>Starts reading ahead if a connection is wanted and no read is running. The caller holds the lock.</summary>
    private void StartReadAhead()
    {
        if (_isConnectionWanted && !_isReading && _bufferedEntries is null)
        {
            _bufferedEntries = Channel.CreateUnbounded<FtpEntry>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
            _readAhead = Task.Run(() => ReadRemainingAsync(_bufferedEntries.Writer));
        }
    }

    /// <summary>Reads the remaining entries into memory and releases the connection.</summary>
    private async Task ReadRemainingAsync(ChannelWriter<FtpEntry> buffer)
    {
        Exception? failure = null;
        try
        {
            while (await MoveNextAsync().ConfigureAwait(false))
            {
                buffer.TryWrite(_source.Current);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The reader receives the exception after the buffered entries.
            failure = e;
        }

        try
        {
            await CloseAsync().ConfigureAwait(false);
        }
        finally
        {
            buffer.TryComplete(failure);
        }
    }

    private async ValueTask CloseAsync()
    {
        await _source.DisposeAsync().ConfigureAwait(false);
        await _lease.DisposeAsync().ConfigureAwait(false);
    }
}
