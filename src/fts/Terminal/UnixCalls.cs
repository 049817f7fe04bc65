using System.Runtime.InteropServices;

namespace Fts.Cli;

/// <summary>The libc functions that the terminal code needs. Not for Windows.</summary>
internal static partial class UnixCalls
{
    public const int Interrupted = 4, NoSuchDevice = 6, WouldBlock = 11, WouldBlockOnMac = 35, BrokenPipe = 32;

    private const int GetDescriptorFlags = 1, CloseOnExec = 1, WaitForOutput = 4;

    /// <summary>
    /// Returns whether the program inherited this file descriptor. A descriptor that the runtime opened has close-on-exec set, an inherited one has not.
    /// </summary>
    public static bool IsInherited(int descriptor) => Control(descriptor, GetDescriptorFlags) is >= 0 and var flags && (flags & CloseOnExec) == 0;

    /// <summary>Writes some of the bytes. Returns their number, or -1 and sets the last error.</summary>
    public static unsafe nint Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return Write(descriptor, start, bytes.Length);
        }
    }

    /// <summary>Waits until a non-blocking descriptor accepts output.</summary>
    public static unsafe void AwaitOutput(int descriptor)
    {
        var wait = new PollEntry { Descriptor = descriptor, Events = WaitForOutput };
        _ = Poll(&wait, 1, -1);
    }

    /// <summary>Stops the process as Ctrl-Z does. Returns when it continues.</summary>
    public static void Suspend() => _ = Raise(OperatingSystem.IsLinux() ? 20 : 18);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(int descriptor, byte* bytes, nint length);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static unsafe partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "raise")]
    private static partial int Raise(int signal);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events, Results;
    }
}
