using Fts.Native;

namespace Fts.Server.Sessions;

/// <summary>
/// Makes the Linux scheduler prefer reply threads, which process commands, over copy threads, which copy files. During eight large
/// downloads, the lower priority of the copy threads reduces the reply times to a tenth (bench: latency-8). The short time slices of the
/// reply threads reduce the 99th percentile by a further third.
/// </summary>
/// <remarks>Has no effect on other systems. Linux supports time slices since version 6.12.</remarks>
internal static class ThreadScheduling
{
    /// <summary>The niceness of copy threads (see setpriority(2)).</summary>
    private const int CopyNiceness = 10;

    /// <summary>The time slice of reply threads: 0.1 ms, the shortest that Linux accepts. The default is 1 to 3 ms.</summary>
    private const ulong ReplySliceNanoseconds = 100_000;

    private const ulong DefaultSlice = 0;

    [ThreadStatic]
    private static bool t_hasShortSlices;

    /// <summary>Requests short time slices for the calling thread, if that has not happened on this thread before.</summary>
    public static void RequestShortSlices()
    {
        if (!t_hasShortSlices)
        {
            t_hasShortSlices = true;
            SetSlice(ReplySliceNanoseconds);
        }
    }

    /// <summary>
    /// Lowers the priority of the calling thread, and requests the default time slices. Without this request, the thread would keep the
    /// time slices of the thread that started it.
    /// </summary>
    public static void LowerPriority()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = ProcessCalls.Setpriority(ProcessCalls.PRIO_PROCESS, 0, CopyNiceness); // on Linux, this concerns only the calling thread
            SetSlice(DefaultSlice);
        }
    }

    private static unsafe void SetSlice(ulong nanoseconds)
    {
        var attributes = new SchedulingAttributes();
        if (!SystemCallNumbers.IsSupported || ProcessCalls.SchedGetattr(&attributes) != 0 || attributes.Policy != ProcessCalls.SCHED_OTHER)
        {
            return;
        }

        attributes.Size = (uint)sizeof(SchedulingAttributes);
        attributes.Flags = 0;
        attributes.Runtime = nanoseconds;
        _ = ProcessCalls.SchedSetattr(&attributes); // on failure, only the reply times are longer
    }
}
