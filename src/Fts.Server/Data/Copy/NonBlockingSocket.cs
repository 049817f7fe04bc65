using System.Net.Sockets;
using System.Runtime.InteropServices;
using Fts.Native;

namespace Fts.Server.Data.Copy;

/// <summary>
/// What a socket does at once, without the state of an asynchronous operation, which is half a kilobyte for each direction of each socket and costs more than the
/// call itself where nothing has to be waited for. Elsewhere than on Linux nothing is done at once.
/// </summary>
internal static class NonBlockingSocket
{
    /// <summary>linux/tcp.h: the length of struct tcp_info up to tcpi_bytes_acked.</summary>
    public const int TcpInfoLength = 128;

    private const int TcpLevel = 6, TcpInfo = 11, BytesAcknowledgedOffset = 120;

    /// <summary>Reads struct tcp_info, and returns the number of bytes read; 0 if the socket is closed or the system has no such structure.</summary>
    public static int ReadTcpInfo(this Socket socket, Span<byte> info)
    {
        try
        {
            return OperatingSystem.IsLinux() ? socket.GetRawSocketOption(TcpLevel, TcpInfo, info) : 0;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return 0;
        }
    }

    /// <summary>Returns how many bytes the peer has acknowledged so far, or null if the socket is closed or the system does not report it.</summary>
    public static long? GetAcknowledgedBytes(this Socket socket)
    {
        Span<byte> info = stackalloc byte[TcpInfoLength];
        return socket.ReadTcpInfo(info) == TcpInfoLength ? BitConverter.ToInt64(info[BytesAcknowledgedOffset..]) : null;
    }

    /// <summary>Sends what the kernel takes now; how many bytes. 0 also where the connection is broken: who then sends in earnest is told why.</summary>
    public static int TrySend(this Socket socket, ReadOnlySpan<byte> bytes) =>
        OperatingSystem.IsLinux() ? (int)Math.Max(0, SocketCalls.Send(socket.SafeHandle, bytes, (nuint)bytes.Length, SocketCalls.MSG_DONTWAIT | SocketCalls.MSG_NOSIGNAL)) : 0;

    /// <summary>Receives what is there now; how many bytes, 0 at the end, and -1 where nothing has come.</summary>
    /// <exception cref="IOException">The connection is broken. Whoever asked the kernel again would be told that it ended.</exception>
    public static int TryReceive(this Socket socket, Span<byte> buffer)
    {
        if (!OperatingSystem.IsLinux())
        {
            return -1;
        }

        int received = (int)SocketCalls.Recv(socket.SafeHandle, buffer, (nuint)buffer.Length, SocketCalls.MSG_DONTWAIT);
        return received >= 0 || Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR ? received
            : throw new IOException(Marshal.GetLastPInvokeErrorMessage(), new SocketException((int)(GetSocketError(Marshal.GetLastPInvokeError()) ?? SocketError.SocketError)));
    }

    /// <summary>Returns the .NET name of an errno of a connection; null for any other errno.</summary>
    public static SocketError? GetSocketError(int error) => error switch
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
}
