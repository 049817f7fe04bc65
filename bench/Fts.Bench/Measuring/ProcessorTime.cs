using Fts.Bench.Load;

namespace Fts.Bench.Measuring;

/// <summary>The processor time of this program and of its ended child processes, precise to the microsecond.</summary>
internal static unsafe class ProcessorTime
{
    private const int Self = 0, EndedChildren = -1;

    /// <summary>Returns the processor time of this program so far, in seconds.</summary>
    public static double GetOwnSeconds() => Read(Self);

    /// <summary>Returns the processor time of all ended child processes so far, in seconds.</summary>
    public static double GetEndedChildrenSeconds() => Read(EndedChildren);

    private static double Read(int who)
    {
        // struct rusage starts with two struct timeval: user, then system.
        long* usage = stackalloc long[18];
        return Kernel.Usage(who, usage) == 0 ? usage[0] + usage[2] + ((usage[1] + usage[3]) / 1e6) : 0;
    }
}
