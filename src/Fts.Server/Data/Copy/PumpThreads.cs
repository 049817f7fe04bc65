using Fts.Server.Sessions;

namespace Fts.Server.Data.Copy;

/// <summary>
/// A limited number of reusable threads for blocking copies, because blocking copies on the thread pool would delay all other work. The
/// threads have a lower priority than the other threads of the process (<see cref="ThreadScheduling"/>).
/// </summary>
internal sealed class PumpThreads(int maxThreads)
{
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(30);

    private readonly object _lock = new();
    private readonly Queue<Action> _work = new();
    private int _threadCount, _idleCount;

    /// <summary>
    /// Starts work on a pump thread. Returns a task that completes with the work. The task's continuations run on the thread pool. Returns
    /// null if the maximum number of threads is busy. The caller then copies without a pump thread.
    /// </summary>
    public Task? TryRun(Action work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_idleCount <= _work.Count)
            {
                if (_threadCount == maxThreads)
                {
                    return null;
                }

                _threadCount++;
                new Thread(RunQueuedWork) { IsBackground = true, Name = "fts pump" }.Start();
            }

            _work.Enqueue(() => RunAndComplete(done, work));
            Monitor.Pulse(_lock);
        }

        return done.Task;
    }

    private static void RunAndComplete(TaskCompletionSource done, Action work)
    {
        try
        {
            work();
            done.SetResult();
        }
        catch (Exception e)
        {
            done.SetException(e); // the handler that awaits the task receives the exception
        }
    }

    private void RunQueuedWork()
    {
        ThreadScheduling.LowerPriority();
        while (TryDequeueWork(out Action? work))
        {
            work!();
        }
    }

    /// <summary>Waits for work. Returns false after <see cref="IdleTime"/> without work, and the thread then ends.</summary>
    private bool TryDequeueWork(out Action? work)
    {
        lock (_lock)
        {
            _idleCount++;
            while (!_work.TryDequeue(out work))
            {
                if (!Monitor.Wait(_lock, IdleTime) && _work.Count == 0)
                {
                    _threadCount--;
                    break;
                }
            }

            _idleCount--;
            return work is not null;
        }
    }
}
