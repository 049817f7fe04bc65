using System.Net.Sockets;
using System.Runtime.InteropServices;
using Fts.Native;

namespace Fts.Server.Data.Copy;

/// <summary>
/// Non-blocking calls on a socket, on Linux only. They avoid the state of an asynchronous operation, which takes half a kilobyte for each
/// direction of each socket. If no wait is needed, creating that state costs more than the system call.
/// </summary>
internal static class NonBlockingSocket
{
    /// <summary>linux/tcp.h: the length of struct tcp_info up to tcpi_bytes_acked.</summary>
    public const int TcpInfoLength = 128;

    private const int TcpLevel = 6, TcpInfo = 11, BytesAcknowledgedOffset = 120;

    /// <summary>
    /// Reads struct tcp_info, and returns the number of bytes read. Returns 0 if the socket is closed or the system has no such structure.
    /// </summary>
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

    /// <summary>
    /// Returns the number of bytes that the peer has acknowledged, or null if the socket is closed or the system does not report it.
    /// </summary>
    public static long? GetAcknowledgedBytes(this Socket socket)
    {
        Span<byte> info = stackalloc byte[TcpInfoLength];
        return socket.ReadTcpInfo(info) == TcpInfoLength ? BitConverter.ToInt64(info[BytesAcknowledgedOffset..]) : null;
    }

    /// <summary>
    /// Sends as many bytes as the kernel accepts without waiting, and returns their number. Returns 0 also after an error and on other
    /// systems. The caller's asynchronous send then reports the error.
    /// </summary>
    /// <param name="socket">The socket.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="isEndNext">
    /// Whether the caller shuts the sending side down immediately afterwards. The end is then sent in the same segment as the last bytes.
    /// </param>
    public static int TrySend(this Socket socket, ReadOnlySpan<byte> bytes, bool isEndNext = false)
    {
        int flags = SocketCalls.MSG_DONTWAIT | SocketCalls.MSG_NOSIGNAL | (isEndNext ? SocketCalls.MSG_MORE : 0);
        return OperatingSystem.IsLinux() ? (int)Math.Max(0, SocketCalls.Send(socket.SafeHandle, bytes, (nuint)bytes.Length, flags)) : 0;
    }

    /// <summary>
    /// Receives the bytes that have arrived, and returns their number. Returns 0 at the end of the connection. Returns -1 if no byte has
    /// arrived, and on other systems.
    /// </summary>
    /// <exception cref="IOException">
    /// The connection failed. The kernel reports an error once: the next call would report the end of the connection.
    /// </exception>
    public static int TryReceive(this Socket socket, Span<byte> buffer)
    {
        if (!OperatingSystem.IsLinux())
        {
            return -1;
        }

        int received = (int)SocketCalls.Recv(socket.SafeHandle, buffer, (nuint)buffer.Length, SocketCalls.MSG_DONTWAIT);
        if (received >= 0 || Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR)
        {
            return received;
        }

        SocketError error = GetSocketError(Marshal.GetLastPInvokeError()) ?? SocketError.SocketError;
        throw new IOException(Marshal.GetLastPInvokeErrorMessage(), new SocketException((int)error));
    }

    /// <summary>Returns the .NET error of a connection's errno, or null for an errno that does not concern a connection.</summary>
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
