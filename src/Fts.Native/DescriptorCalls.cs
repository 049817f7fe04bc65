using System.Runtime.InteropServices;

namespace Fts.Native;

/// <summary>
/// Functions on file descriptors that are passed as numbers. The functions also work on macOS. They return -1 on failure and set
/// <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
public static unsafe partial class DescriptorCalls
{
    public const int F_GETFD = 1, F_SETFD = 2, F_SETFL = 4, FD_CLOEXEC = 1;
    public const short POLLOUT = 4;

    /// <summary>Calls fcntl(2) with a command that has no argument.</summary>
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Fcntl(int descriptor, int command);

    /// <summary>Calls fcntl(2) with a number as the argument of the command. Not for macOS, which passes it differently.</summary>
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Fcntl(int descriptor, int command, int argument);

    /// <summary>Calls write(2).</summary>
    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, byte* bytes, nint length);

    /// <summary>Calls poll(2).</summary>
    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollEntry* entries, nuint count, int milliseconds);
}

/// <summary>The C library's struct pollfd.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PollEntry
{
    public int Descriptor;
    public short Events;
    public short Results;
}
