using System.Runtime.ExceptionServices;
using Fts.Client.Pool;

namespace Fts.Client.Segments;

/// <summary>
/// Segments as a queue that is drained by as many connections as can be had: a server that lets fewer in, or refuses to move data over several at once, makes it
/// slower and fails nothing. A segment that breaks is tried once more.
/// </summary>
internal sealed class SegmentQueue<T>(ConnectionPool pool, Func<FtpConnection, T, CancellationToken, Task> work)
{
    private readonly Queue<(T Segment, bool IsSecond)> _waiting = new();
    private readonly Lock _lock = new();
    private int _unfinishedCount, _workerCount;
    private Exception? _failure;

    /// <summary>Ends when all are done, or none is under way any more and one failed for good.</summary>
    /// <exception cref="FtpException">Why it failed.</exception>
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

    /// <summary>Works on a connection, and on another when it broke, while there is something to do.</summary>
    private async Task RunWorkerAsync(CancellationTokenSource stop)
    {
        bool goesOn = true;
        try
        {
            while (goesOn && HasWaitingSegments())
            {
                PoolLease lease = await pool.AcquireAsync(stop.Token).ConfigureAwait(false);
                await using (lease.ConfigureAwait(false))
                {
                    goesOn = await ProcessSegmentsAsync(lease.Connection, stop).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Others did it all, or one failed, or the caller knows.
        }
        catch (FtpException e)
        {
            // No connection for this one: those that there are go on.
            Interlocked.CompareExchange(ref _failure, e, null);
        }
        catch (Exception e)
        {
            Volatile.Write(ref _failure, e);
            await stop.CancelAsync().ConfigureAwait(false);
        }
        finally
        {
            // Who left to others has said so.
            Interlocked.Add(ref _workerCount, goesOn ? -1 : 0);
        }
    }

    /// <summary>False when it is of no more use, and others, or nobody, do the rest.</summary>
    private async Task<bool> ProcessSegmentsAsync(FtpConnection connection, CancellationTokenSource stop)
    {
        // A connection that received a 421 after a segment is not ready. It must not count as a failed attempt of the next segment.
        for (bool isFirst = true; (isFirst ? connection.IsUsable : connection.IsReusable) && TryDequeue(out T segment, out bool isSecond); isFirst = false)
        {
            try
            {
                await work(connection, segment, stop.Token).ConfigureAwait(false);
                if (Interlocked.Decrement(ref _unfinishedCount) == 0)
                {
                    // Nobody needs to wait for a connection any more.
                    await stop.CancelAsync().ConfigureAwait(false);
                }
            }
            catch (FtpException e) when (e.IsTransient && !isSecond)
            {
                Requeue(segment, isSecond: true);
            }
            catch (FtpException e)
            {
                Volatile.Write(ref _failure, e);
                Requeue(segment, isSecond);
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

    private bool TryDequeue(out T segment, out bool isSecond)
    {
        lock (_lock)
        {
            bool taken = _waiting.TryDequeue(out (T Segment, bool IsSecond) next);
            (segment, isSecond) = next;
            return taken;
        }
    }

    private void Requeue(T segment, bool isSecond)
    {
        lock (_lock)
        {
            _waiting.Enqueue((segment, isSecond));
        }
    }

    /// <summary>A server may allow one transfer at a time: who is refused leaves the rest to the others, but the last one may not.</summary>
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
