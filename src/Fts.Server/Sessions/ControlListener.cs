using System.Net;
using System.Net.Sockets;

namespace Fts.Server.Sessions;

/// <summary>Opens the sockets on which the server listens for control connections.</summary>
internal static class ControlListener
{
    private const int Backlog = 512;

    /// <summary>A dead peer is detected after four probes, one minute after the idle time.</summary>
    private const int ProbeIntervalSeconds = 15, ProbeCount = 4;

    /// <summary>Listens on an address. The caller owns the socket.</summary>
    /// <param name="endPoint">The address; an IPv6 wildcard also accepts IPv4.</param>
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

    /// <summary>Enables keep-alive on the listener. Accepted connections inherit these options without further system calls.</summary>
    private static void SetKeepAlive(Socket listener, TimeSpan idle)
    {
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        int idleSeconds = (int)Math.Clamp(Math.Ceiling(idle.TotalSeconds), 1, short.MaxValue);
        listener.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, idleSeconds);
        listener.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeIntervalSeconds);
        listener.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, ProbeCount);
    }
}
