namespace Fts.Server.Data.Copy;

/// <summary>
/// A bounded set of threads that do nothing but pump bytes, kept for reuse. They run at a lower priority than the rest of the process, for good:
/// beside eight bulk downloads the control connections then answer in a tenth of the time (bench: latency), and a bulk loop on the
/// thread pool would starve everybody else's work.
/// </summary>
internal sealed class PumpThreads(int maxThreads)
{
    private const int Niceness = 10;
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(30);

    private readonly object _gate = new();
    private readonly Queue<Action> _work = new();
    private int _threadCount, _idleCount;

    /// <summary>Runs work on a pump thread; null when all are busy and no more may be made, and the caller pumps another way. The task goes on elsewhere.</summary>
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
            done.SetException(e); // the handler that awaits the task answers for it
        }
    }

    private void RunQueuedWork()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = LinuxCalls.SetPriority(LinuxCalls.PriorityOfThread, 0, Niceness);
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
