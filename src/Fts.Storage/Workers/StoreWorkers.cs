namespace Fts.Storage.Workers;

/// <summary>
/// Runs the blocking calls of one store on worker threads. Limits the number of threads and of waiting calls, so that a hung store cannot
/// use up the threads of the process.
/// </summary>
/// <remarks>
/// A cancelled caller stops waiting after half a second, even if its call hangs. The call then ends in the background, and
/// its result is released.
/// </remarks>
internal sealed class StoreWorkers(int maxThreads = StoreWorkers.DefaultMaxThreads, int maxWaiting = StoreWorkers.DefaultMaxWaiting)
{
    /// <summary>The default maximum number of threads of one store.</summary>
    public const int DefaultMaxThreads = 32;

    /// <summary>The default maximum number of calls that wait for a thread. A session rarely has more than one such call.</summary>
    public const int DefaultMaxWaiting = 100_000;

    private readonly Lock _lock = new();
    private readonly LinkedList<WorkerCall> _waiting = new();
    private int _threadCount;

    /// <summary>Runs a call on a worker thread.</summary>
    /// <param name="state">The argument of the call.</param>
    /// <param name="function">The call.</param>
    /// <param name="discard">Releases the result if the caller no longer waits for it. Null if the result owns nothing.</param>
    /// <param name="cancellationToken">Ends the wait after half a second. A call that has not started before that does not run.</param>
    /// <exception cref="StoreException">
    /// Too many calls wait for a thread, or no thread can be started (<see cref="StoreError.Busy"/>).
    /// </exception>
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

    /// <summary>Runs a call without a result on a worker thread.</summary>
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
    /// Starts a call on a worker thread, or queues the call if the maximum number of threads is busy. If the queue is full or no thread can
    /// be started, completes the call with an exception.
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
                call.QueueNode = _waiting.AddLast(call);
                return;
            }
        }

        if (!canStart || !TryStartThread(call))
        {
            call.Refuse(new StoreException(
                StoreError.Busy, "The store is overloaded: too many calls wait for a thread, or the system cannot start one."));
        }
    }

    /// <summary>Removes a waiting call from the queue. Returns false if the call is not in the queue.</summary>
    public bool TryRemove(WorkerCall call)
    {
        lock (_lock)
        {
            if (call.QueueNode is not { } node)
            {
                return false;
            }

            _waiting.Remove(node);
            call.QueueNode = null;
            return true;
        }
    }

    /// <summary>Starts a worker thread that runs a first call. Returns false if the system cannot start a thread.</summary>
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

    /// <summary>Runs a first call and then the waiting calls on this thread.</summary>
    private void RunCalls(WorkerCall first)
    {
        for (WorkerCall? call = first; call is not null; call = DequeueOrReleaseThread())
        {
            call.Run();
        }
    }

    /// <summary>Returns the next waiting call. If no call waits, releases the thread and returns null.</summary>
    private WorkerCall? DequeueOrReleaseThread()
    {
        lock (_lock)
        {
            if (_waiting.First is not { } node)
            {
                _threadCount--;
                return null;
            }

            _waiting.RemoveFirst();
            node.Value.QueueNode = null;
            return node.Value;
        }
    }
}
