using System.Runtime.ExceptionServices;
using Fts.Client.Pool;

namespace Fts.Client.Segments;

/// <summary>
/// Transfers the segments of a file over several connections. If the server accepts fewer connections or fewer simultaneous transfers, the
/// transfer is slower but does not fail. A segment is retried once after a transient error.
/// </summary>
internal sealed class SegmentQueue<T>(ConnectionPool pool, Func<FtpConnection, T, CancellationToken, Task> work)
{
    private readonly Queue<(T Segment, bool IsRetry)> _waiting = new();
    private readonly Lock _lock = new();
    private int _unfinishedCount, _workerCount;
    private Exception? _failure;

    /// <summary>Transfers all segments.</summary>
    /// <exception cref="FtpException">A segment cannot be transferred over any connection.</exception>
    public async Task RunAsync(IReadOnlyList<T> segments, int connections, CancellationToken cancellationToken)
    {
        foreach (T segment in segments)
        {
            _waiting.Enqueue((segment, false));
        }

        _unfinishedCount = segments.Count;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _workerCount = Math.Min(connections, segments.Count);
        await Task.WhenAll(Enumerable.Range(0, _workerCount).Select(_ => RunWorkerAsync(stop))).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (_failure is not null && _unfinishedCount > 0)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }
    }

    /// <summary>Transfers segments while any are waiting. Acquires another connection after each connection that fails.</summary>
    private async Task RunWorkerAsync(CancellationTokenSource stop)
    {
        bool isActive = true;
        try
        {
            while (isActive && HasWaitingSegments())
            {
                PoolLease lease = await pool.AcquireAsync(stop.Token).ConfigureAwait(false);
                await using (lease.ConfigureAwait(false))
                {
                    isActive = await ProcessSegmentsAsync(lease.Connection, stop).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // All segments are transferred, another worker failed, or the caller cancelled.
        }
        catch (FtpException e)
        {
            // No connection is available for this worker. The other workers continue.
            Interlocked.CompareExchange(ref _failure, e, null);
        }
        catch (Exception e)
        {
            Volatile.Write(ref _failure, e);
            await stop.CancelAsync().ConfigureAwait(false);
        }
        finally
        {
            // TryRetireWorker has already subtracted a worker that retired.
            Interlocked.Add(ref _workerCount, isActive ? -1 : 0);
        }
    }

    /// <summary>
    /// Transfers segments on one connection. Returns false if the worker has retired, so that other workers transfer the remaining
    /// segments.
    /// </summary>
    private async Task<bool> ProcessSegmentsAsync(FtpConnection connection, CancellationTokenSource stop)
    {
        // A 421 or a close after a segment makes the connection unusable, which must not count as a failed attempt of the next segment.
        bool isFirst = true;
        while ((isFirst ? connection.IsUsable : connection.IsReusable) && TryDequeue(out T segment, out bool isRetry))
        {
            isFirst = false;
            try
            {
                await work(connection, segment, stop.Token).ConfigureAwait(false);
                if (Interlocked.Decrement(ref _unfinishedCount) == 0)
                {
                    // Other workers no longer need to wait for a connection.
                    await stop.CancelAsync().ConfigureAwait(false);
                }
            }
            catch (FtpException e) when (e.IsTransient && !isRetry)
            {
                Requeue(segment, isRetry: true);
            }
            catch (FtpException e)
            {
                Volatile.Write(ref _failure, e);
                Requeue(segment, isRetry);
                if (e is FtpReplyException && TryRetireWorker())
                {
                    return false;
                }

                await stop.CancelAsync().ConfigureAwait(false);
                return true;
            }
        }

        return true;
    }

    private bool HasWaitingSegments()
    {
        lock (_lock)
        {
            return _waiting.Count > 0;
        }
    }

    private bool TryDequeue(out T segment, out bool isRetry)
    {
        lock (_lock)
        {
            bool isDequeued = _waiting.TryDequeue(out (T Segment, bool IsRetry) next);
            (segment, isRetry) = next;
            return isDequeued;
        }
    }

    private void Requeue(T segment, bool isRetry)
    {
        lock (_lock)
        {
            _waiting.Enqueue((segment, isRetry));
        }
    }

    /// <summary>
    /// Retires this worker after a negative reply, because the server may limit simultaneous transfers. Returns false for the last worker.
    /// </summary>
    private bool TryRetireWorker()
    {
        for (int others = Volatile.Read(ref _workerCount) - 1; others > 0; others = Volatile.Read(ref _workerCount) - 1)
        {
            if (Interlocked.CompareExchange(ref _workerCount, others, others + 1) == others + 1)
            {
                return true;
            }
        }

        return false;
    }
}
