namespace Fts.Storage.Workers;

/// <summary>
/// A thread for calls that can block. All stores of the process share these threads. <see cref="StoreWorkers"/> limits the number of
/// threads that one store uses.
/// </summary>
/// <remarks>The thread pool is not used, because hung calls would delay all other work of the pool.</remarks>
internal sealed class WorkerThread
{
    /// <summary>The time after which an idle thread ends.</summary>
    private static readonly TimeSpan s_maxIdleTime = TimeSpan.FromSeconds(10);
    private static readonly List<WorkerThread> s_idle = [];

    private readonly object _workLock = new();
    private Action? _work;

    private WorkerThread(Action work) => _work = work;

    /// <summary>Starts work on an idle thread, or on a new thread. Does not wait until the work ends.</summary>
    public static void Run(Action work)
    {
        if (TryTakeIdle() is not { } idle)
        {
            var created = new WorkerThread(work);
            new Thread(created.RunLoop) { IsBackground = true, Name = "fts store" }.UnsafeStart();
            return;
        }

        lock (idle._workLock)
        {
            idle._work = work;
            Monitor.Pulse(idle._workLock);
        }
    }

    /// <summary>
    /// Removes and returns the thread that became idle last, because its memory is most likely still in the processor's caches. Returns
    /// null if no thread is idle.
    /// </summary>
    private static WorkerThread? TryTakeIdle()
    {
        lock (s_idle)
        {
            if (s_idle.Count == 0)
            {
                return null;
            }

            WorkerThread last = s_idle[^1];
            s_idle.RemoveAt(s_idle.Count - 1);
            return last;
        }
    }

    /// <summary>Runs the work of this thread until it has been idle for <see cref="s_maxIdleTime"/>.</summary>
    private void RunLoop()
    {
        while (WaitForWork() is { } work)
        {
            work();
            lock (s_idle)
            {
                s_idle.Add(this);
            }
        }
    }

    /// <summary>
    /// Returns the next work. Returns null, which ends the thread, if no work arrived within <see cref="s_maxIdleTime"/>.
    /// </summary>
    private Action? WaitForWork()
    {
        lock (_workLock)
        {
            while (_work is null)
            {
                if (!Monitor.Wait(_workLock, s_maxIdleTime) && _work is null && TryRemoveIdle())
                {
                    return null;
                }
            }

            Action work = _work;
            _work = null;
            return work;
        }
    }

    /// <summary>
    /// Removes this thread from the idle threads. Returns false if <see cref="Run"/> has already chosen this thread and is about to set its
    /// work.
    /// </summary>
    private bool TryRemoveIdle()
    {
        lock (s_idle)
        {
            return s_idle.Remove(this);
        }
    }
}
