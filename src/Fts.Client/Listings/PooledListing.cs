using System.Threading.Channels;
using Fts.Client.Pool;

namespace Fts.Client.Listings;

/// <summary>
/// Reads a listing over a connection of the pool, one entry per call. If another call waits for a connection, the rest of the listing is
/// read into memory. Without that, a caller that transfers each file as it is listed would wait for itself.
/// <see cref="FtpLimits.Listing"/> bounds the memory.
/// </summary>
/// <remarks>Owns its lease, and returns it at the end of the listing or on disposal. Supports one reader at a time.</remarks>
internal sealed class PooledListing : IAsyncDisposable
{
    private readonly ConnectionPool _pool;
    private readonly string _path;
    private readonly CancellationToken _caller, _clientDisposed;
    private readonly CancellationTokenSource _stop;
    // Changed by the reader of the source only, before the first entry.
    private PoolLease _lease;
    private IAsyncEnumerator<FtpEntry> _source;
    private bool _hasBegun;
    private readonly Lock _lock = new();
    // The lock protects these fields. Reading ahead begins between two reads, and from then on only that task uses the source.
    private bool _isReading, _isConnectionWanted;
    private Channel<FtpEntry>? _bufferedEntries;
    private Task _readAhead = Task.CompletedTask;

    private PooledListing(ConnectionPool pool, PoolLease lease, string path, CancellationToken caller, CancellationToken clientDisposed)
    {
        (_pool, _lease, _path, _caller, _clientDisposed) = (pool, lease, path, caller, clientDisposed);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(caller, clientDisposed);
        _source = RemoteListing.ReadAsync(lease.Connection, path, _stop.Token).GetAsyncEnumerator(CancellationToken.None);
    }

    /// <summary>Waits for a connection; the listing begins with the first read.</summary>
    public static async Task<PooledListing> OpenAsync(ConnectionPool pool, RunningOperations operations, string path, CancellationToken cancellationToken)
    {
        PoolLease lease = await operations.RunAsync(token => pool.AcquireAsync(token, DescribePurpose(path)), cancellationToken).ConfigureAwait(false);
        var listing = new PooledListing(pool, lease, path, cancellationToken, operations.StoppingToken);
        pool.RegisterEarlyRelease(lease, listing.OnConnectionWanted);
        return listing;
    }

    /// <summary>Returns the next entry, or null at the end.</summary>
    public async ValueTask<FtpEntry?> ReadAsync()
    {
        Channel<FtpEntry>? ahead;
        lock (_lock)
        {
            ahead = _bufferedEntries;
            _isReading = ahead is null;
        }

        try
        {
            return ahead is null ? await ReadFromServerAsync().ConfigureAwait(false) : await ReadFromMemoryAsync(ahead.Reader).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (_stop.IsCancellationRequested)
        {
            throw RunningOperations.Translate(e, _caller);
        }
        catch (FtpException e) when (_clientDisposed.IsCancellationRequested)
        {
            throw new ObjectDisposedException("The client of this listing is disposed.", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        bool isReadingAhead;
        lock (_lock)
        {
            (isReadingAhead, _isReading) = (_bufferedEntries is not null, true);
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

    private async ValueTask<FtpEntry?> ReadFromMemoryAsync(ChannelReader<FtpEntry> ahead)
    {
        _stop.Token.ThrowIfCancellationRequested();
        return await ahead.WaitToReadAsync().ConfigureAwait(false) && ahead.TryRead(out FtpEntry? entry) ? entry : null;
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
                // At its end, or after an error, the listing needs no connection any more.
                await CloseAsync().ConfigureAwait(false);
            }
        }
    }

    private static string DescribePurpose(string path) => $"listing of '{(path.Length == 0 ? "." : path)}'";

    /// <summary>Reads the next entry. If the server ended the idle connection instead of sending the first one, lists once more on another connection.</summary>
    private async ValueTask<bool> MoveNextAsync()
    {
        try
        {
            bool hasEntry = await _source.MoveNextAsync().ConfigureAwait(false);
            _hasBegun = true;
            return hasEntry;
        }
        catch (FtpConnectionException e) when (!_hasBegun && _lease.CanRetry(e))
        {
            _hasBegun = true;
            _pool.LogIdleClosed(e);
            await CloseAsync().ConfigureAwait(false);
        }

        _lease = await _pool.AcquireAsync(_stop.Token, DescribePurpose(_path)).ConfigureAwait(false);
        _source = RemoteListing.ReadAsync(_lease.Connection, _path, _stop.Token).GetAsyncEnumerator(CancellationToken.None);
        _pool.RegisterEarlyRelease(_lease, OnConnectionWanted);
        return await _source.MoveNextAsync().ConfigureAwait(false);
    }

    /// <summary>Called when another call waits for a connection.</summary>
    private void OnConnectionWanted()
    {
        lock (_lock)
        {
            _isConnectionWanted = true;
            StartReadAhead();
        }
    }

    private void StartReadAhead()
    {
        if (_isConnectionWanted && !_isReading && _bufferedEntries is null)
        {
            _bufferedEntries = Channel.CreateUnbounded<FtpEntry>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
            _readAhead = Task.Run(() => ReadRestAsync(_bufferedEntries.Writer));
        }
    }

    private async Task ReadRestAsync(ChannelWriter<FtpEntry> ahead)
    {
        Exception? failure = null;
        try
        {
            while (await MoveNextAsync().ConfigureAwait(false))
            {
                ahead.TryWrite(_source.Current);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The reader receives it after the entries before it.
            failure = e;
        }

        try
        {
            await CloseAsync().ConfigureAwait(false);
        }
        finally
        {
            ahead.TryComplete(failure);
        }
    }

    private async ValueTask CloseAsync()
    {
        await _source.DisposeAsync().ConfigureAwait(false);
        await _lease.DisposeAsync().ConfigureAwait(false);
    }
}
