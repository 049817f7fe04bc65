using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fts.Native;

/// <summary>Functions on sockets and pipes. They return -1 on failure and set <see cref="Marshal.GetLastPInvokeError"/>.</summary>
public static unsafe partial class SocketCalls
{
    public const int MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000, MSG_MORE = 0x8000;
    public const uint SPLICE_F_MOVE = 1;
    public const int AF_NETLINK = 16, SOCK_RAW = 3, SOCK_CLOEXEC = 0x80000, SOCK_NONBLOCK = 0x800, NETLINK_SOCK_DIAG = 4;

    /// <summary>Calls sendfile(2).</summary>
    [LibraryImport("libc", EntryPoint = "sendfile", SetLastError = true)]
    public static partial nint Sendfile(SafeSocketHandle target, SafeFileHandle source, ref long offset, nuint count);

    /// <summary>Calls splice(2) from a socket into a pipe. Both offsets are pointers, which must be null (0).</summary>
    [LibraryImport("libc", EntryPoint = "splice", SetLastError = true)]
    public static partial nint Splice(
        SafeSocketHandle source, nint sourceOffset, SafeFileHandle target, nint targetOffset, nuint count, uint flags);

    /// <summary>Calls splice(2) from a pipe into a file. The source offset is a pointer, which must be null (0).</summary>
    [LibraryImport("libc", EntryPoint = "splice", SetLastError = true)]
    public static partial nint Splice(
        SafeFileHandle source, nint sourceOffset, SafeFileHandle target, ref long targetOffset, nuint count, uint flags);

    /// <summary>Calls send(2).</summary>
    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(SafeSocketHandle target, ReadOnlySpan<byte> buffer, nuint count, int flags);

    /// <summary>Calls recv(2).</summary>
    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Recv(SafeSocketHandle source, Span<byte> buffer, nuint count, int flags);

    /// <summary>Calls pipe2(2).</summary>
    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    public static partial int Pipe2(int* ends, int flags);

    /// <summary>Calls socket(2).</summary>
    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int type, int protocol);
}
