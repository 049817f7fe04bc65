using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

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

    /// <summary>Hands each connection to <paramref name="onAccepted"/>, whose it is from then on, and which must not wait.</summary>
    public static async Task AcceptAsync(Socket listener, Action<Socket> onAccepted, ILogger logger, CancellationToken stopping)
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
                return; // the listener was closed under the call
            }
            catch (SocketException e) when (socket is null)
            {
                // A peer that left the queue, or no descriptor free: neither ends the server, and the second passes when a session ends.
                Log.AcceptFailed(logger, e.Message);
                await Task.Delay(e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable ? 100 : 1, CancellationToken.None);
            }
            catch (Exception e)
            {
                // An error with one connection must not end the loop.
                socket?.Dispose();
                Log.LoopFailed(logger, e, "accept loop");
                await Task.Delay(1, CancellationToken.None);
            }
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
