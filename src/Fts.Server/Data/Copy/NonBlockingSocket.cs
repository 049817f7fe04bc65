using System.Net.Sockets;
using System.Runtime.InteropServices;
using Fts.Native;

namespace Fts.Server.Data.Copy;

/// <summary>
/// Non-blocking calls on a socket, on Linux only. An asynchronous operation allocates half a kilobyte of state for each direction of each
/// socket. These calls allocate no such state. If no wait is needed, the allocation costs more than the system call.
/// </summary>
internal static class NonBlockingSocket
{
    /// <summary>The length in bytes of struct tcp_info (linux/tcp.h), up to and including its field tcpi_bytes_acked.</summary>
    public const int TcpInfoLength = 128;

    private const int TcpLevel = 6, TcpInfo = 11, BytesAcknowledgedOffset = 120;

    /// <summary>
    /// Reads struct tcp_info of the socket. Returns the number of bytes read, or 0 if the socket is closed or the system is not Linux.
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
    /// Returns the number of bytes that the peer has acknowledged, or null if the socket is closed or the system is not Linux.
    /// </summary>
    public static long? GetAcknowledgedBytes(this Socket socket)
    {
        Span<byte> info = stackalloc byte[TcpInfoLength];
        return socket.ReadTcpInfo(info) == TcpInfoLength ? BitConverter.ToInt64(info[BytesAcknowledgedOffset..]) : null;
    }

    /// <summary>
    /// Sends as many bytes as the kernel accepts without waiting, and returns their number. Returns 0 if the kernel accepts none, after an
    /// error, and on systems other than Linux. The caller then sends asynchronously, and that call reports the error.
    /// </summary>
    /// <param name="socket">The socket.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="isEndNext">
    /// Whether the caller shuts the sending side down immediately afterwards. The last bytes and FIN are then sent in the same TCP segment.
    /// </param>
    public static int TrySend(this Socket socket, ReadOnlySpan<byte> bytes, bool isEndNext = false)
    {
        int flags = SocketCalls.MSG_DONTWAIT | SocketCalls.MSG_NOSIGNAL | (isEndNext ? SocketCalls.MSG_MORE : 0);
        return OperatingSystem.IsLinux() ? (int)Math.Max(0, SocketCalls.Send(socket.SafeHandle, bytes, (nuint)bytes.Length, flags)) : 0;
    }

    /// <summary>
    /// Receives the bytes that have arrived, and returns their number. Returns 0 if the peer has closed its side of the connection. Returns
    /// -1 if no byte has arrived, and on systems other than Linux.
    /// </summary>
    /// <exception cref="IOException">
    /// The connection failed. The kernel reports an error only once: the next call would return 0.
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

    /// <summary>Converts an errno to the .NET socket error. Returns null if the errno does not report a failed connection.</summary>
    public static SocketError? GetSocketError(int errno) => errno switch
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
