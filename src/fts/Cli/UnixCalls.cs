using Fts.Native;

namespace Fts.Cli;

/// <summary>The libc functions that the terminal code needs. Not for Windows.</summary>
internal static class UnixCalls
{
    public const int Interrupted = Errno.EINTR, NoSuchDevice = Errno.ENXIO, WouldBlock = Errno.EAGAIN,
        WouldBlockOnMac = Errno.MacEagain, BrokenPipe = Errno.EPIPE;

    /// <summary>
    /// Returns whether the program inherited this file descriptor. A descriptor that the runtime opened has close-on-exec set, an inherited
    /// one has not.
    /// </summary>
    public static bool IsInherited(int descriptor) =>
        DescriptorCalls.Fcntl(descriptor, DescriptorCalls.F_GETFD) is >= 0 and var flags && (flags & DescriptorCalls.FD_CLOEXEC) == 0;

    /// <summary>Writes some of the bytes. Returns their number, or -1 and sets the last error.</summary>
    public static unsafe nint Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return DescriptorCalls.Write(descriptor, start, bytes.Length);
        }
    }

    /// <summary>Waits until a non-blocking descriptor accepts output.</summary>
    public static unsafe void WaitForOutput(int descriptor)
    {
        var wait = new PollEntry { Descriptor = descriptor, Events = DescriptorCalls.POLLOUT };
        _ = DescriptorCalls.Poll(&wait, 1, -1);
    }

    /// <summary>Stops the process as Ctrl-Z does. Returns when it continues.</summary>
    public static void Suspend() => _ = ProcessCalls.Raise(OperatingSystem.IsLinux() ? 20 : 18);
}
