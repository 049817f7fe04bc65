using Fts.Native;

namespace Fts.Server.Data.Copy;

/// <summary>
/// A limited number of reusable threads for blocking copies. They always run at a lower priority than the rest of the process. During eight
/// large downloads, control connections then reply in a tenth of the time (bench: latency). Blocking copies on the thread pool would delay
/// all other work.
/// </summary>
internal sealed class PumpThreads(int maxThreads)
{
    private const int Niceness = 10;
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(30);

    private readonly object _gate = new();
    private readonly Queue<Action> _work = new();
    private int _threadCount, _idleCount;

    /// <summary>
    /// Runs work on a pump thread and returns its task, whose continuations run on the thread pool. Returns null if the maximum number of
    /// threads is busy. The caller then copies without a pump thread.
    /// </summary>
    public Task? TryRun(Action work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
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
            Monitor.Pulse(_gate);
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
        if (OperatingSystem.IsLinux())
        {
            _ = ProcessCalls.Setpriority(ProcessCalls.PRIO_PROCESS, 0, Niceness);
        }

        while (TryDequeueWork(out Action? work))
        {
            work!();
        }
    }

    private bool TryDequeueWork(out Action? work)
    {
        lock (_gate)
        {
            _idleCount++;
            while (!_work.TryDequeue(out work))
            {
                if (!Monitor.Wait(_gate, IdleTime) && _work.Count == 0)
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
