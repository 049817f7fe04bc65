using System.Runtime.InteropServices;

namespace Fts.Native;

/// <summary>
/// Functions on the calling process or thread. They return -1 on failure and set <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
public static unsafe partial class ProcessCalls
{
    public const int RLIMIT_NOFILE = 7, PRIO_PROCESS = 0, PR_SET_NO_NEW_PRIVS = 38;

    /// <summary>The default scheduling policy.</summary>
    public const uint SCHED_OTHER = 0;

    /// <summary>geteuid(2). It cannot fail.</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint Geteuid();

    /// <summary>getrlimit(2).</summary>
    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    public static partial int Getrlimit(int resource, ResourceLimit* limit);

    /// <summary>setrlimit(2).</summary>
    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    public static partial int Setrlimit(int resource, ResourceLimit* limit);

    /// <summary>setpriority(2). With PRIO_PROCESS and id 0 it applies to the calling thread.</summary>
    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    public static partial int Setpriority(int which, int id, int niceness);

    /// <summary>sched_getattr(2) of the calling thread.</summary>
    public static int SchedGetattr(SchedulingAttributes* attributes) =>
        (int)SchedGetattr(SystemCallNumbers.SchedGetattr, 0, attributes, (uint)sizeof(SchedulingAttributes), 0);

    /// <summary>sched_setattr(2) of the calling thread. The size must be set.</summary>
    public static int SchedSetattr(SchedulingAttributes* attributes) =>
        (int)SchedSetattr(SystemCallNumbers.SchedSetattr, 0, attributes, 0);

    /// <summary>prctl(2).</summary>
    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int Prctl(int option, nuint first, nuint second, nuint third, nuint fourth);

    /// <summary>
    /// setenv(3). Does not change the copy of the variables that .NET makes at the first call of
    /// <see cref="Environment.SetEnvironmentVariable(string, string)"/> or the first enumeration. The program makes that call at its start.
    /// </summary>
    [LibraryImport("libc", EntryPoint = "setenv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Setenv(string name, string value, int overwrite);

    /// <summary>raise(3). Also works on macOS.</summary>
    [LibraryImport("libc", EntryPoint = "raise")]
    public static partial int Raise(int signal);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SchedGetattr(nint number, int thread, SchedulingAttributes* attributes, uint size, uint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SchedSetattr(nint number, int thread, SchedulingAttributes* attributes, uint flags);
}

/// <summary>struct sched_attr, without the utilization limits of later versions.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedulingAttributes
{
    public uint Size;
    public uint Policy;
    public ulong Flags;
    public int Niceness;
    public uint Priority;

    /// <summary>The time slice in nanoseconds, if the policy is SCHED_OTHER. Zero for the default. Since Linux 6.12.</summary>
    public ulong Runtime;

    public ulong Deadline;
    public ulong Period;
}

/// <summary>struct rlimit.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ResourceLimit
{
    public ulong Soft;
    public ulong Hard;
}
