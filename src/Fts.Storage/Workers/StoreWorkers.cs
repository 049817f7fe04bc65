namespace Fts.Storage.Workers;

/// <summary>
/// Runs the blocking calls of one store on worker threads. Limits the number of threads and of waiting calls, so that a hung store cannot
/// use up the threads of the process.
/// </summary>
/// <remarks>
/// <para>
/// A cancelled caller stops waiting after half a second, even if its call hangs. The call then ends in the background, and
/// its result is released.
/// </para>
/// <para>
/// The continuation of a call runs on the worker thread. The first call that the continuation makes runs on the same thread as soon as the
/// continuation awaits it, without a change of threads. If the continuation blocks instead, the call moves to another thread.
/// </para>
/// </remarks>
internal sealed class StoreWorkers(int maxThreads = StoreWorkers.DefaultMaxThreads, int maxWaiting = StoreWorkers.DefaultMaxWaiting)
{
    /// <summary>The default maximum number of threads of one store.</summary>
    public const int DefaultMaxThreads = 32;

    /// <summary>The default maximum number of calls that wait for a thread. A session rarely has more than one such call.</summary>
    public const int DefaultMaxWaiting = 100_000;

    /// <summary>
    /// The minimum time for which a call waits for the thread of the continuation that made it. The call moves to another thread after at
    /// most twice this time.
    /// </summary>
    private static readonly TimeSpan s_moveDelay = TimeSpan.FromMilliseconds(20);

    /// <summary>The worker whose continuation runs on this thread, or null.</summary>
    [ThreadStatic]
    private static Worker? t_continuing;

    private readonly Lock _lock = new();
    private readonly LinkedList<WorkerCall> _waiting = new();
    private readonly HashSet<Worker> _withNextCall = []; // the workers that have a next call
    private bool _isMoving; // whether MoveOverdueCallsAsync is running
    private int _threadCount;

    /// <summary>Runs a call on a worker thread.</summary>
    /// <param name="state">The argument of the call.</param>
    /// <param name="function">The call.</param>
    /// <param name="discard">Releases the result if the caller no longer waits for it. Null if the result owns nothing.</param>
    /// <param name="cancellationToken">
    /// Its cancellation ends the wait half a second later. A call that has not started by then does not run.
    /// </param>
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
        if (t_continuing is { } worker && worker.Workers == this && TrySetNextCall(worker, call))
        {
            return;
        }

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
        var worker = new Worker(this);
        for (WorkerCall? call = first; call is not null; call = DequeueOrReleaseThread(worker))
        {
            if (call.TryExecute())
            {
                t_continuing = worker;
                call.Complete();
                t_continuing = null;
            }
        }
    }

    /// <summary>Returns the next call of a worker. If no call waits, releases the thread and returns null.</summary>
    private WorkerCall? DequeueOrReleaseThread(Worker worker)
    {
        lock (_lock)
        {
            if (worker.NextCall is { } next)
            {
                worker.NextCall = null;
                _withNextCall.Remove(worker);
                return next;
            }

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

    /// <summary>
    /// Lets a call run next on the worker whose continuation starts it. Returns false if the worker already has a next call, or if calls of
    /// other callers wait for a thread.
    /// </summary>
    private bool TrySetNextCall(Worker worker, WorkerCall call)
    {
        lock (_lock)
        {
            if (worker.NextCall is not null || _waiting.Count > 0)
            {
                return false;
            }

            worker.NextCall = call;
            worker.IsOverdue = false;
            _withNextCall.Add(worker);
            if (!_isMoving)
            {
                _isMoving = true;
                _ = MoveOverdueCallsAsync();
            }

            return true;
        }
    }

    /// <summary>Moves overdue calls to other threads until no worker has a next call.</summary>
    private async Task MoveOverdueCallsAsync()
    {
        while (true)
        {
            await Task.Delay(s_moveDelay).ConfigureAwait(false);
            List<WorkerCall> overdue = [];
            lock (_lock)
            {
                if (_withNextCall.Count == 0)
                {
                    _isMoving = false;
                    return;
                }

                foreach (Worker worker in _withNextCall.ToArray())
                {
                    if (worker.IsOverdue)
                    {
                        overdue.Add(worker.NextCall!);
                        worker.NextCall = null;
                        _withNextCall.Remove(worker);
                    }

                    worker.IsOverdue = true;
                }
            }

            // The calls are started on other threads, because a refused call runs its caller's continuation at once, and that
            // continuation may block.
            overdue.ForEach(call => ThreadPool.UnsafeQueueUserWorkItem(Start, call, preferLocal: false));
        }
    }

    /// <summary>A worker thread of this store while it runs calls.</summary>
    private sealed class Worker(StoreWorkers workers)
    {
        /// <summary>The store's workers.</summary>
        public StoreWorkers Workers { get; } = workers;

        /// <summary>
        /// The call that runs on this thread after the current continuation, or null. Guarded by the lock of the workers.
        /// </summary>
        public WorkerCall? NextCall { get; set; }

        /// <summary>Whether the next call has waited since the previous check. Guarded by the lock of the workers.</summary>
        public bool IsOverdue { get; set; }
    }
}
