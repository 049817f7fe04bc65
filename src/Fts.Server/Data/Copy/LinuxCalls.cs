using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Data.Copy;

/// <summary>The kernel's own copies between files and sockets, which .NET does not offer for an open handle.</summary>
[SupportedOSPlatform("linux")]
internal static partial class LinuxCalls
{
    public const int PriorityOfThread = 0;
    public const int GetFlags = 3, SetFlags = 4, NonBlocking = 0x800, SetPipeSize = 1031;
    public const int CloseOnExec = 0x80000;
    public const uint SpliceMove = 1;
    public const int Interrupted = 4, TryAgain = 11;
    public const int DontWait = 0x40, NoSignal = 0x4000;

    private const int Netlink = 16, RawSocket = 3, SockDiag = 4, DescriptorLimit = 7;

    /// <summary>Returns the .NET name of an errno of a connection; null for any other errno.</summary>
    public static SocketError? SocketErrorOf(int error) => error switch
    {
        32 => SocketError.Shutdown, // EPIPE
        100 => SocketError.NetworkDown,
        101 => SocketError.NetworkUnreachable,
        103 => SocketError.ConnectionAborted,
        104 => SocketError.ConnectionReset,
        107 => SocketError.NotConnected,
        110 => SocketError.TimedOut,
        113 => SocketError.HostUnreachable,
        _ => null,
    };

    /// <summary>sendfile(2).</summary>
    [LibraryImport("libc", EntryPoint = "sendfile", SetLastError = true)]
    public static partial nint SendFile(SafeSocketHandle target, SafeFileHandle source, ref long offset, nuint count);

    /// <summary>splice(2), from a socket into a pipe.</summary>
    [LibraryImport("libc", EntryPoint = "splice", SetLastError = true)]
    public static partial nint SpliceIn(SafeSocketHandle source, nint sourceOffset, SafeFileHandle target, nint targetOffset, nuint count, uint flags);

    /// <summary>splice(2), from a pipe into a file.</summary>
    [LibraryImport("libc", EntryPoint = "splice", SetLastError = true)]
    public static partial nint SpliceOut(SafeFileHandle source, nint sourceOffset, SafeFileHandle target, ref long targetOffset, nuint count, uint flags);

    /// <summary>send(2).</summary>
    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(SafeSocketHandle target, ReadOnlySpan<byte> buffer, nuint count, int flags);

    /// <summary>recv(2).</summary>
    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(SafeSocketHandle source, Span<byte> buffer, nuint count, int flags);

    /// <summary>pipe2(2).</summary>
    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    public static unsafe partial int Pipe(int* ends, int flags);

    /// <summary>fcntl(2) with a number.</summary>
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Control(SafeHandle handle, int command, int value);

    /// <summary>read(2).</summary>
    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static unsafe partial nint Read(SafeFileHandle source, byte* buffer, nuint count);

    /// <summary>write(2).</summary>
    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static unsafe partial nint Write(SafeFileHandle target, byte* buffer, nuint count);

    /// <summary>geteuid(2).</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint GetUser();

    /// <summary>A netlink socket for sock_diag(7), which never blocks; invalid if this process may not open one.</summary>
    public static SafeFileHandle OpenSocketDiagnostics() => new(OpenSocket(Netlink, RawSocket | CloseOnExec | NonBlocking, SockDiag), ownsHandle: true);

    /// <summary>The number of descriptors this process may have open (RLIMIT_NOFILE); null for no limit.</summary>
    public static unsafe long? FindDescriptorLimit()
    {
        ulong* limits = stackalloc ulong[2]; // struct rlimit: soft, hard
        return GetLimit(DescriptorLimit, limits) == 0 && limits[0] <= int.MaxValue ? (long)limits[0] : null;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int OpenSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static unsafe partial int GetLimit(int resource, ulong* limits);

    /// <summary>setpriority(2); thread 0 is the caller's own.</summary>
    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    public static partial int SetPriority(int which, int thread, int niceness);
}
