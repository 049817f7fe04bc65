using Fts.Native;

namespace Fts.Cli;

/// <summary>The libc functions that the terminal code needs, and their error numbers. Not for Windows.</summary>
internal static class UnixCalls
{
    public const int Interrupted = Errno.EINTR, WouldBlock = Errno.EAGAIN, WouldBlockOnMac = Errno.MacEagain, BrokenPipe = Errno.EPIPE;

    /// <summary>
    /// Returns whether the program inherited this file descriptor. Descriptors that .NET opened have the close-on-exec flag; inherited
    /// descriptors do not.
    /// </summary>
    public static bool IsInherited(int descriptor) =>
        DescriptorCalls.Fcntl(descriptor, DescriptorCalls.F_GETFD) is >= 0 and var flags && (flags & DescriptorCalls.FD_CLOEXEC) == 0;

    /// <summary>
    /// Writes some or all of the bytes to a descriptor. Returns the number of written bytes, or -1 after an error, whose number is the last
    /// P/Invoke error.
    /// </summary>
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

    /// <summary>Suspends the process as Ctrl-Z does. Returns when the user resumes the process.</summary>
    public static void Suspend() => _ = ProcessCalls.Raise(OperatingSystem.IsLinux() ? 20 : 18);
}
