using Fts.Native;

namespace Fts.Storage.Workers;

/// <summary>Starts threads for computations that must not delay the transfers and commands of a server.</summary>
public static class LowPriorityThread
{
    /// <summary>
    /// The nice value of the threads on Linux. If all processors are busy, they get a tenth of the time of a normal thread.
    /// </summary>
    private const int Niceness = 10;

    /// <summary>Starts a background thread with a low priority.</summary>
    /// <param name="run">The work of the thread. An exception ends the process.</param>
    /// <param name="name">The name of the thread, for diagnosis.</param>
    public static void Start(Action run, string name)
    {
        ArgumentNullException.ThrowIfNull(run);
        new Thread(() =>
        {
            // .NET ignores Thread.Priority on Linux.
            if (OperatingSystem.IsLinux())
            {
                _ = ProcessCalls.Setpriority(ProcessCalls.PRIO_PROCESS, 0, Niceness);
            }

            run();
        })
        { IsBackground = true, Name = name, Priority = ThreadPriority.BelowNormal }.UnsafeStart();
    }

    /// <summary>Runs work on a new thread with a low priority. Its exception becomes the exception of the task.</summary>
    /// <param name="work">The work.</param>
    /// <param name="name">The name of the thread, for diagnosis.</param>
    public static Task<T> RunAsync<T>(Func<T> work, string name)
    {
        ArgumentNullException.ThrowIfNull(work);
        // A continuation must not run on the thread of low priority.
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Start(
            () =>
            {
                try
                {
                    completion.SetResult(work());
                }
                catch (Exception e)
                {
                    completion.SetException(e);
                }
            },
            name);
        return completion.Task;
    }
}
