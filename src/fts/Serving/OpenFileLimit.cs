using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Fts.Cli;

/// <summary>The number of files and connections the kernel lets this process have open (RLIMIT_NOFILE).</summary>
internal static unsafe partial class OpenFileLimit
{
    private const int NumberOfFiles = 7;

    /// <summary>
    /// Raises the soft limit, usually 1,024, to the hard limit. The low value protects programs that use select(2). This program does not
    /// use it.
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
        ulong* limits = stackalloc ulong[2]; // struct rlimit: soft, hard
        if (GetLimit(NumberOfFiles, limits) == 0 && limits[0] < limits[1])
        {
            limits[0] = limits[1];
            _ = SetLimit(NumberOfFiles, limits); // if this is refused, the existing limit stays
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, ulong* limits);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, ulong* limits);
}
