using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using Fts.Native;

namespace Fts.Serving;

/// <summary>The limit on open files and connections of this process (RLIMIT_NOFILE).</summary>
internal static unsafe class OpenFileLimit
{
    /// <summary>The soft limit that most systems give to a program, and that programs with select(2) can use.</summary>
    private const ulong CommonLimit = 1024;

    /// <summary>
    /// Raises the soft limit, usually 1,024, to the hard limit. This is safe, because the low soft limit only protects programs that use
    /// select(2), and this program does not use select.
    /// </summary>
    /// <returns>The soft limit for programs that this process starts: that of its own start. Null if it is unknown.</returns>
    public static ulong? Raise() => OperatingSystem.IsLinux() ? RaiseOnLinux() : null;

    /// <summary>Sets the soft limit, which started programs inherit. Does nothing if the system refuses.</summary>
    [SupportedOSPlatform("linux")]
    public static void Set(ulong soft)
    {
        ResourceLimit limit;
        if (ProcessCalls.Getrlimit(ProcessCalls.RLIMIT_NOFILE, &limit) == 0 && soft < limit.Soft)
        {
            limit.Soft = soft;
            _ = ProcessCalls.Setrlimit(ProcessCalls.RLIMIT_NOFILE, &limit);
        }
    }

    [SupportedOSPlatform("linux")]
    private static ulong? RaiseOnLinux()
    {
        ResourceLimit limit;
        if (ProcessCalls.Getrlimit(ProcessCalls.RLIMIT_NOFILE, &limit) != 0)
        {
            return null;
        }

        // With the just-in-time compiler, the runtime has raised the limit already, and the limit at the start is unknown.
        ulong original = RuntimeFeature.IsDynamicCodeCompiled ? Math.Min(limit.Soft, CommonLimit) : limit.Soft;
        if (limit.Soft < limit.Hard)
        {
            limit.Soft = limit.Hard;
            _ = ProcessCalls.Setrlimit(ProcessCalls.RLIMIT_NOFILE, &limit); // if the kernel refuses, the existing limit stays
        }

        return original;
    }
}
