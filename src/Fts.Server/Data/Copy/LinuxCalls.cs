using System.Net.Sockets;
using System.Runtime.Versioning;
using Fts.Native;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.SocketCalls;

namespace Fts.Server.Data.Copy;

/// <summary>What the server needs of Linux beyond .NET: error numbers of connections, sock_diag sockets and the descriptor limit.</summary>
[SupportedOSPlatform("linux")]
internal static class LinuxCalls
{
    /// <summary>Returns the .NET name of an errno of a connection; null for any other errno.</summary>
    public static SocketError? SocketErrorOf(int error) => error switch
    {
        Errno.EPIPE => SocketError.Shutdown,
        Errno.ENETDOWN => SocketError.NetworkDown,
        Errno.ENETUNREACH => SocketError.NetworkUnreachable,
        Errno.ECONNABORTED => SocketError.ConnectionAborted,
        Errno.ECONNRESET => SocketError.ConnectionReset,
        Errno.ENOTCONN => SocketError.NotConnected,
        Errno.ETIMEDOUT => SocketError.TimedOut,
        Errno.EHOSTUNREACH => SocketError.HostUnreachable,
        _ => null,
    };

    /// <summary>A netlink socket for sock_diag(7), which never blocks; invalid if this process may not open one.</summary>
    public static SafeFileHandle OpenSocketDiagnostics() =>
        new(SocketCalls.Socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG), ownsHandle: true);

    /// <summary>The number of descriptors this process may have open (RLIMIT_NOFILE); null for no limit.</summary>
    public static unsafe long? FindDescriptorLimit()
    {
        ResourceLimit limit;
        return ProcessCalls.Getrlimit(ProcessCalls.RLIMIT_NOFILE, &limit) == 0 && limit.Soft <= int.MaxValue ? (long)limit.Soft : null;
    }
}
