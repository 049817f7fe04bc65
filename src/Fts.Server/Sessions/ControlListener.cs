using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Sessions;

/// <summary>Listens for control connections and accepts them.</summary>
internal static class ControlListener
{
    private const int Backlog = 512;

    /// <summary>A dead peer is detected after four unanswered probes, one minute after the idle time.</summary>
    private const int ProbeIntervalSeconds = 15, ProbeCount = 4;

    /// <summary>Opens a socket that listens on an address. The caller owns the socket.</summary>
    /// <param name="endPoint">The address and port. The IPv6 wildcard address also accepts IPv4 connections.</param>
    /// <param name="keepAlive">The idle time of a connection before its first keep-alive probe; zero for no probes.</param>
    /// <exception cref="SocketException">The address cannot be used.</exception>
    public static Socket Open(IPEndPoint endPoint, TimeSpan keepAlive)
    {
        var listener = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
            {
                listener.DualMode = true;
            }

            if (keepAlive > TimeSpan.Zero)
            {
                SetKeepAlive(listener, keepAlive);
            }

            listener.Bind(endPoint);
            listener.Listen(Backlog);
            return listener;
        }
        catch (SocketException)
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Prepares a socket that already listens. The caller owns the socket.</summary>
    /// <exception cref="SocketException">The socket cannot be used.</exception>
    public static Socket Adopt(Socket listener, TimeSpan keepAlive)
    {
        if (keepAlive > TimeSpan.Zero)
        {
            SetKeepAlive(listener, keepAlive);
        }

        return listener;
    }

    /// <summary>
    /// Accepts connections until <paramref name="stopping"/> is cancelled. The caller must cancel this token before it closes the listener.
    /// </summary>
    /// <param name="listener">The listening socket. The caller owns it.</param>
    /// <param name="onAccepted">The method that receives each connection and owns it from then on. The method must not block.</param>
    /// <param name="onProgress">Called after each connection and after each failure.</param>
    /// <param name="logger">The logger for failures.</param>
    /// <param name="stopping">Cancelled when the server stops.</param>
    public static async Task AcceptAsync(
        Socket listener, Action<Socket> onAccepted, Action onProgress, ILogger logger, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            Socket? socket = null;
            try
            {
                socket = await listener.AcceptAsync(stopping);
                onAccepted(socket);
            }
            catch (Exception e) when (socket is null && e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException) when (stopping.IsCancellationRequested)
            {
                return; // the listener was closed during the call
            }
            catch (SocketException e) when (socket is null)
            {
                // The peer disconnected before its connection was accepted, or no file descriptor is free until a session ends.
                Log.AcceptFailed(logger, e.Message);
                bool isOutOfResources = e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable;
                await Task.Delay(isOutOfResources ? 100 : 1, CancellationToken.None);
            }
            catch (Exception e)
            {
                // A failure of one connection must not end the loop.
                socket?.Dispose();
                Log.LoopFailed(logger, e, "accept loop");
                await Task.Delay(1, CancellationToken.None);
            }

            onProgress();
        }
    }

    /// <summary>Enables keep-alive on the listener. Accepted connections inherit the listener's options without system calls.</summary>
    private static void SetKeepAlive(Socket listener, TimeSpan idle)
    {
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        int idleSeconds = (int)Math.Clamp(Math.Ceiling(idle.TotalSeconds), 1, short.MaxValue);
        listener.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, idleSeconds);
        listener.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeIntervalSeconds);
        listener.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, ProbeCount);
    }
}
