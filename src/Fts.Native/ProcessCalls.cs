using System.Runtime.InteropServices;

namespace Fts.Native;

/// <summary>
/// Functions on the calling process or thread. They return -1 on failure and set <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
public static unsafe partial class ProcessCalls
{
    public const int RLIMIT_NOFILE = 7, PRIO_PROCESS = 0, PR_SET_NO_NEW_PRIVS = 38;

    private const int RUSAGE_THREAD = 1;

    /// <summary>The default scheduling policy.</summary>
    public const uint SCHED_OTHER = 0;

    /// <summary>Calls geteuid(2), which cannot fail.</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint Geteuid();

    /// <summary>Calls getrlimit(2).</summary>
    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    public static partial int Getrlimit(int resource, ResourceLimit* limit);

    /// <summary>Calls setrlimit(2).</summary>
    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    public static partial int Setrlimit(int resource, ResourceLimit* limit);

    /// <summary>Calls setpriority(2). With PRIO_PROCESS and id 0, the call changes the calling thread only.</summary>
    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    public static partial int Setpriority(int which, int id, int niceness);

    /// <summary>Calls sched_getattr(2) for the calling thread.</summary>
    public static int SchedGetattr(SchedulingAttributes* attributes) =>
        (int)SchedGetattr(SystemCallNumbers.SchedGetattr, 0, attributes, (uint)sizeof(SchedulingAttributes), 0);

    /// <summary>Calls sched_setattr(2) for the calling thread. The caller sets <see cref="SchedulingAttributes.Size"/>.</summary>
    public static int SchedSetattr(SchedulingAttributes* attributes) =>
        (int)SchedSetattr(SystemCallNumbers.SchedSetattr, 0, attributes, 0);

    /// <summary>
    /// Returns how often the calling thread has waited, by getrusage(2): for a disk, a lock or an event, but not for a processor. Returns
    /// -1 where the system does not report it.
    /// </summary>
    public static long GetWaitCount()
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            return -1;
        }

        ThreadUsage usage;
        return Getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.VoluntarySwitches : -1;
    }

    /// <summary>Calls prctl(2).</summary>
    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int Prctl(int option, nuint first, nuint second, nuint third, nuint fourth);

    /// <summary>
    /// Calls setenv(3). .NET passes its own copy of the variables to child processes. It makes the copy at the first call of
    /// <see cref="Environment.SetEnvironmentVariable(string, string)"/>, or when the variables are first enumerated. This method does not
    /// change a copy that already exists.
    /// </summary>
    [LibraryImport("libc", EntryPoint = "setenv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Setenv(string name, string value, int overwrite);

    /// <summary>Calls raise(3). Also works on macOS.</summary>
    [LibraryImport("libc", EntryPoint = "raise")]
    public static partial int Raise(int signal);

    [LibraryImport("libc", EntryPoint = "getrusage")]
    [SuppressGCTransition]
    private static partial int Getrusage(int who, ThreadUsage* usage);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SchedGetattr(nint number, int thread, SchedulingAttributes* attributes, uint size, uint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SchedSetattr(nint number, int thread, SchedulingAttributes* attributes, uint flags);
}

/// <summary>The kernel's struct sched_attr, without the utilization limits that later versions have.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedulingAttributes
{
    public uint Size;
    public uint Policy;
    public ulong Flags;
    public int Niceness;
    public uint Priority;

    /// <summary>
    /// The time slice in nanoseconds, if the policy is SCHED_OTHER. Zero selects the default. Supported since Linux 6.12.
    /// </summary>
    public ulong Runtime;

    public ulong Deadline;
    public ulong Period;
}

/// <summary>The C library's struct rlimit.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ResourceLimit
{
    public ulong Soft;
    public ulong Hard;
}

/// <summary>The C library's struct rusage on 64-bit Linux.</summary>
[StructLayout(LayoutKind.Explicit, Size = 144)]
internal struct ThreadUsage
{
    [FieldOffset(128)]
    public long VoluntarySwitches;
}
