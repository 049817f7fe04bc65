namespace Fts.Storage.Workers;

/// <summary>
/// A thread for calls that can block. All stores of the process share these threads. <see cref="StoreWorkers"/> limits the number that one
/// store uses.
/// </summary>
/// <remarks>The thread pool is not used, because hung calls would delay all other work on it.</remarks>
internal sealed class WorkerThread
{
    private static readonly TimeSpan s_idleTime = TimeSpan.FromSeconds(10);
    private static readonly List<WorkerThread> s_idle = [];

    private readonly object _gate = new();
    private Action? _work;

    private WorkerThread(Action work) => _work = work;

    /// <summary>Runs work on an idle thread, or on a new one. Does not wait for it.</summary>
    public static void Run(Action work)
    {
        if (TryTakeIdle() is not { } idle)
        {
            var created = new WorkerThread(work);
            new Thread(created.RunLoop) { IsBackground = true, Name = "fts store" }.UnsafeStart();
            return;
        }

        lock (idle._gate)
        {
            idle._work = work;
            Monitor.Pulse(idle._gate);
        }
    }

    /// <summary>Returns the thread that became idle last, because its memory is most likely still in the processor's caches.</summary>
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

    /// <summary>Returns the next work, or null if none arrived in time.</summary>
    private Action? WaitForWork()
    {
        lock (_gate)
        {
            while (_work is null)
            {
                if (!Monitor.Wait(_gate, s_idleTime) && _work is null && TryRemoveIdle())
                {
                    return null;
                }
            }

            Action work = _work;
            _work = null;
            return work;
        }
    }

    /// <summary>Returns false if <see cref="Run"/> has already chosen this thread and is about to set its work.</summary>
    private bool TryRemoveIdle()
    {
        lock (s_idle)
        {
            return s_idle.Remove(this);
        }
    }
}
