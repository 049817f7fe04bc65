using Fts.Bench.Load;

namespace Fts.Bench.Measuring;

/// <summary>Processor time of this program, and of those it started and saw end, to the microsecond.</summary>
internal static unsafe class OwnProcessor
{
    private const int Self = 0, EndedChildren = -1;

    /// <summary>What the load generator itself used so far, in seconds.</summary>
    public static double OfLoad() => Read(Self);

    /// <summary>What all ended children used so far, in seconds.</summary>
    public static double OfEndedChildren() => Read(EndedChildren);

    private static double Read(int who)
    {
        // struct rusage begins with two struct timeval: user, then system.
        long* usage = stackalloc long[18];
        return Kernel.Usage(who, usage) == 0 ? usage[0] + usage[2] + ((usage[1] + usage[3]) / 1e6) : 0;
    }
}
