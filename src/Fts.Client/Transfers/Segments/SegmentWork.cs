using System.Runtime.ExceptionServices;

namespace Fts.Client;

/// <summary>
/// Segments as a queue that is drained by as many connections as can be had: a server that lets fewer in, or refuses to move data over several at once, makes it
/// slower and fails nothing. A segment that breaks is tried once more.
/// </summary>
internal sealed class SegmentWork<T>(ConnectionPool pool, Func<FtpConnection, T, CancellationToken, Task> work)
{
    private readonly Queue<(T Segment, bool IsSecond)> _waiting = new();
    private readonly Lock _lock = new();
    private int _unfinished, _drains;
    private Exception? _failure;

    /// <summary>Ends when all are done, or none is under way any more and one failed for good.</summary>
    /// <exception cref="FtpException">Why it failed.</exception>
    public async Task RunAsync(IReadOnlyList<T> segments, int connections, CancellationToken cancellationToken)
    {
        foreach (T segment in segments)
        {
            _waiting.Enqueue((segment, false));
        }

        _unfinished = segments.Count;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _drains = Math.Min(connections, segments.Count);
        await Task.WhenAll(Enumerable.Range(0, _drains).Select(_ => DrainAsync(stop))).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (_failure is not null && _unfinished > 0)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }
    }

    /// <summary>Works on a connection, and on another when it broke, while there is something to do.</summary>
    private async Task DrainAsync(CancellationTokenSource stop)
    {
        bool goesOn = true;
        try
        {
            while (goesOn && IsWaiting())
            {
                PoolLease lease = await pool.RentAsync(stop.Token).ConfigureAwait(false);
                await using (lease.ConfigureAwait(false))
                {
                    goesOn = await WorkAsync(lease.Connection, stop).ConfigureAwait(false);
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
            Interlocked.Add(ref _drains, goesOn ? -1 : 0);
        }
    }

    /// <summary>False when it is of no more use, and others, or nobody, do the rest.</summary>
    private async Task<bool> WorkAsync(FtpConnection connection, CancellationTokenSource stop)
    {
        // A connection that received a 421 after a segment is not ready. It must not count as a failed attempt of the next segment.
        for (bool isFirst = true; (isFirst ? connection.IsUsable : connection.IsReady) && TryTake(out T segment, out bool isSecond); isFirst = false)
        {
            try
            {
                await work(connection, segment, stop.Token).ConfigureAwait(false);
                if (Interlocked.Decrement(ref _unfinished) == 0)
                {
                    // Nobody needs to wait for a connection any more.
                    await stop.CancelAsync().ConfigureAwait(false);
                }
            }
            catch (FtpException e) when (e.IsTransient && !isSecond)
            {
                PutBack(segment, isSecond: true);
            }
            catch (FtpException e)
            {
                Volatile.Write(ref _failure, e);
                PutBack(segment, isSecond);
                if (e is FtpReplyException && TryLeaveToOthers())
                {
                    return false;
                }

                await stop.CancelAsync().ConfigureAwait(false);
                return true;
            }
        }

        return true;
    }

    private bool IsWaiting()
    {
        lock (_lock)
        {
            return _waiting.Count > 0;
        }
    }

    private bool TryTake(out T segment, out bool isSecond)
    {
        lock (_lock)
        {
            bool taken = _waiting.TryDequeue(out (T Segment, bool IsSecond) next);
            (segment, isSecond) = next;
            return taken;
        }
    }

    private void PutBack(T segment, bool isSecond)
    {
        lock (_lock)
        {
            _waiting.Enqueue((segment, isSecond));
        }
    }

    /// <summary>A server may allow one transfer at a time: who is refused leaves the rest to the others, but the last one may not.</summary>
    private bool TryLeaveToOthers()
    {
        for (int others = Volatile.Read(ref _drains) - 1; others > 0; others = Volatile.Read(ref _drains) - 1)
        {
            if (Interlocked.CompareExchange(ref _drains, others, others + 1) == others + 1)
            {
                return true;
            }
        }

        return false;
    }
}
