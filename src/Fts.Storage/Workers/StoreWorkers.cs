namespace Fts.Storage.Workers;

/// <summary>
/// Runs the calls of one store that can block. The number of threads and of waiting calls is limited, so that a store that hangs takes no
/// thread of another store.
/// </summary>
/// <remarks>
/// A cancelled caller stops waiting after half a second, even if its call hangs. The call then ends in the background, and
/// its result is released.
/// </remarks>
internal sealed class StoreWorkers(int maxThreads = StoreWorkers.DefaultMaxThreads, int maxWaiting = StoreWorkers.DefaultMaxWaiting)
{
    /// <summary>The default maximum number of threads of one store.</summary>
    public const int DefaultMaxThreads = 32;

    /// <summary>The default maximum number of calls that wait for a thread. A session rarely has more than one.</summary>
    public const int DefaultMaxWaiting = 100_000;

    private readonly Lock _lock = new();
    private readonly LinkedList<WorkerCall> _waiting = new();
    private int _threadCount;

    /// <summary>Runs a call on a worker thread.</summary>
    /// <param name="state">The argument of the call.</param>
    /// <param name="function">The call.</param>
    /// <param name="discard">Releases the result if the caller no longer waits for it, or null.</param>
    /// <param name="cancellationToken">Ends the wait. A call that has not started does not run any more.</param>
    /// <exception cref="StoreException">Too many calls wait for a thread (<see cref="StoreError.Busy"/>).</exception>
    public Task<TResult> RunAsync<TState, TResult>(
        TState state, Func<TState, TResult> function, Action<TResult>? discard, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult>(cancellationToken);
        }

        var call = new WorkerCall<TState, TResult>(state, function, discard);
        call.RegisterCancellation(this, cancellationToken);
        Start(call);
        return call.Task;
    }

    /// <summary>Runs a call on a worker thread.</summary>
    public Task RunAsync(Action action, CancellationToken cancellationToken) => RunAsync(
        action,
        static action =>
        {
            action();
            return true;
        },
        discard: null,
        cancellationToken);

    /// <summary>
    /// Starts a call, or queues it if the maximum number of threads is busy. Completes it with an exception at the limit.
    /// </summary>
    public void Start(WorkerCall call)
    {
        bool canStart;
        lock (_lock)
        {
            canStart = _threadCount < maxThreads;
            if (canStart)
            {
                _threadCount++;
            }
            else if (_waiting.Count < maxWaiting)
            {
                call.Node = _waiting.AddLast(call);
                return;
            }
        }

        if (!canStart || !TryStartThread(call))
        {
            call.Refuse(new StoreException(StoreError.Busy, "Too many calls of the store wait for a thread."));
        }
    }

    /// <summary>Removes a waiting call. Returns false if it is not in the queue.</summary>
    public bool TryRemove(WorkerCall call)
    {
        lock (_lock)
        {
            if (call.Node is not { } node)
            {
                return false;
            }

            _waiting.Remove(node);
            call.Node = null;
            return true;
        }
    }

    /// <summary>Returns false, and releases the thread, if the system cannot start one.</summary>
    private bool TryStartThread(WorkerCall call)
    {
        try
        {
            WorkerThread.Run(() => RunCalls(call));
            return true;
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            lock (_lock)
            {
                _threadCount--;
            }

            return false;
        }
    }

    private void RunCalls(WorkerCall first)
    {
        for (WorkerCall? call = first; call is not null; call = DequeueOrRelease())
        {
            call.Run();
        }
    }

    /// <summary>Returns the next waiting call. Returns null, and releases the thread, if none waits.</summary>
    private WorkerCall? DequeueOrRelease()
    {
        lock (_lock)
        {
            if (_waiting.First is not { } node)
            {
                _threadCount--;
                return null;
            }

            _waiting.RemoveFirst();
            node.Value.Node = null;
            return node.Value;
        }
    }
}
