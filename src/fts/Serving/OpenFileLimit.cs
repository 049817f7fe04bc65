using System.Runtime.Versioning;
using Fts.Native;

namespace Fts.Serving;

/// <summary>The limit on open files and connections of this process (RLIMIT_NOFILE).</summary>
internal static unsafe class OpenFileLimit
{
    /// <summary>
    /// Raises the soft limit, usually 1,024, to the hard limit. This is safe, because the low soft limit only protects programs that use
    /// select(2), and this program does not use select.
    /// </summary>
    public static void Raise()
    {
        if (OperatingSystem.IsLinux())
        {
            RaiseOnLinux();
        }
    }

    [SupportedOSPlatform("linux")]
    private static void RaiseOnLinux()
    {
        ResourceLimit limit;
        if (ProcessCalls.Getrlimit(ProcessCalls.RLIMIT_NOFILE, &limit) == 0 && limit.Soft < limit.Hard)
        {
            limit.Soft = limit.Hard;
            _ = ProcessCalls.Setrlimit(ProcessCalls.RLIMIT_NOFILE, &limit); // if the kernel refuses, the existing limit stays
        }
    }
}
