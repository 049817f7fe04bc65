using Fts.Storage.Workers;

namespace Fts.Accounts.Passwords.Verification;

/// <summary>
/// Runs computations on a few threads of low priority, in the order of their arrival. Limits the number of waiting computations and the
/// memory of all running ones.
/// </summary>
internal sealed class VerificationQueue(int maxThreads, int maxWaiting, long maxMemory) : IDisposable
{
    /// <summary>The time after which an idle thread ends.</summary>
    private static readonly TimeSpan s_maxIdleTime = TimeSpan.FromSeconds(10);

    private readonly object _lock = new();
    private readonly LinkedList<Work> _waiting = new(); // guarded by _lock, like the fields below
    private long _freeMemory = maxMemory;
    private int _threadCount;
    private int _idleCount;
    private bool _isDisposed;

    /// <summary>The number of computations that wait for a thread.</summary>
    public int WaitingCount
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Runs a computation. Returns its task, or null if too many computations are waiting.</summary>
    /// <param name="compute">The computation. Its exception becomes the exception of the task.</param>
    /// <param name="memory">The memory in bytes that it allocates. At most the maximum of the queue.</param>
    /// <param name="cancellationToken">
    /// Its cancellation cancels the task at once. A waiting computation does not run. A running one completes, and its result is discarded.
    /// </param>
    /// <exception cref="ObjectDisposedException">The queue is disposed.</exception>
    public Task<T>? TryRun<T>(Func<T> compute, long memory, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        var work = new Work<T>(compute, memory);
        bool needsThread;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            // A thread takes a computation soon, so that one is not waiting if a thread is free for it.
            int free = maxThreads - _threadCount + _idleCount;
            if (_waiting.Count >= maxWaiting + free)
            {
                return null;
            }

            _waiting.AddLast(work.Node);
            needsThread = _waiting.Count > _idleCount && _threadCount < maxThreads;
            _threadCount += needsThread ? 1 : 0;
            Monitor.PulseAll(_lock);
        }

        if (needsThread && !TryStartThread(work))
        {
            return null;
        }

        work.RegisterCancellation(this, cancellationToken);
        return work.Task;
    }

    /// <summary>Cancels the waiting computations. The threads end after the running ones.</summary>
    public void Dispose()
    {
        Work[] waiting;
        lock (_lock)
        {
            _isDisposed = true;
            waiting = [.. _waiting];
            _waiting.Clear();
            Monitor.PulseAll(_lock);
        }

        foreach (Work work in waiting)
        {
            work.Cancel(new CancellationToken(canceled: true));
        }
    }

    /// <summary>Starts a thread. Returns false and removes the work if the system refuses the only thread.</summary>
    private bool TryStartThread(Work work)
    {
        try
        {
            LowPriorityThread.Start(RunLoop, "fts passwords");
            return true;
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            lock (_lock)
            {
                _threadCount--;
                if (_threadCount == 0 && work.Node.List is not null)
                {
                    _waiting.Remove(work.Node);
                    return false;
                }

                return true;
            }
        }
    }

    private void RunLoop()
    {
        while (TakeWork() is { } work)
        {
            work.Run();
            lock (_lock)
            {
                _freeMemory += work.Memory;
                Monitor.PulseAll(_lock);
            }
        }
    }

    /// <summary>Waits for the next computation. Returns null, which ends the thread, after a time without one.</summary>
    private Work? TakeWork()
    {
        lock (_lock)
        {
            // The first computation waits for its memory, and the others wait behind it. Otherwise it could wait forever.
            while (_waiting.First is not { } first || first.Value.Memory > _freeMemory)
            {
                _idleCount++;
                bool isInTime = !_isDisposed && Monitor.Wait(_lock, s_maxIdleTime);
                _idleCount--;
                if (!isInTime && _waiting.Count == 0)
                {
                    _threadCount--;
                    return null;
                }
            }

            Work work = _waiting.First!.Value;
            _waiting.RemoveFirst();
            _freeMemory -= work.Memory;
            return work;
        }
    }

    private void Cancel(Work work, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (work.Node.List is not null)
            {
                _waiting.Remove(work.Node);
            }

            Monitor.PulseAll(_lock);
        }

        work.Cancel(cancellationToken);
    }

    private abstract class Work
    {
        protected Work(long memory)
        {
            Memory = memory;
            Node = new LinkedListNode<Work>(this);
        }

        public long Memory { get; }

        public LinkedListNode<Work> Node { get; }

        public abstract void Run();

        public abstract void Cancel(CancellationToken cancellationToken);
    }

    private sealed class Work<T>(Func<T> compute, long memory) : Work(memory)
    {
        // A continuation must not run on a thread of low priority.
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private CancellationTokenRegistration _registration;

        public Task<T> Task => _completion.Task;

        public void RegisterCancellation(VerificationQueue queue, CancellationToken cancellationToken)
        {
            _registration = cancellationToken.UnsafeRegister(
                static (state, token) =>
                {
                    (VerificationQueue queue, Work<T> work) = ((VerificationQueue, Work<T>))state!;
                    queue.Cancel(work, token);
                },
                (queue, this));
            // The completion may have run before the registration.
            if (Task.IsCompleted)
            {
                _registration.Unregister();
            }
        }

        public override void Run()
        {
            try
            {
                _completion.TrySetResult(compute());
            }
            catch (Exception e)
            {
                _completion.TrySetException(e);
            }

            _registration.Unregister();
        }

        public override void Cancel(CancellationToken cancellationToken) => _completion.TrySetCanceled(cancellationToken);
    }
}
