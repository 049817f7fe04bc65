using System.Net;
using System.Net.Sockets;

namespace Fts.Server.Sessions;

/// <summary>Opens the sockets on which the server listens for control connections.</summary>
internal static class ControlListener
{
    private const int Backlog = 512;

    /// <summary>A dead peer is found four probes after the idle time, that is one minute later.</summary>
    private const int ProbeIntervalSeconds = 15, ProbeCount = 4;

    /// <summary>Listens on the address. The caller owns the socket.</summary>
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

    /// <summary>Accepted connections inherit these options, so they cost no system calls per connection.</summary>
    private static void SetKeepAlive(Socket listener, TimeSpan idle)
    {
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        listener.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)Math.Clamp(Math.Ceiling(idle.TotalSeconds), 1, short.MaxValue));
        listener.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeIntervalSeconds);
        listener.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, ProbeCount);
    }
}
