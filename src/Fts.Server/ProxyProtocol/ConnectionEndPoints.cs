using System.Net;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Server.ProxyProtocol;

/// <summary>
/// The local and the peer address of a connection, as the client uses them: those of the socket, or those in the PROXY header of a load
/// balancer. All checks, limits and log lines use these addresses.
/// </summary>
/// <param name="Local">The server's address.</param>
/// <param name="Peer">The client's address.</param>
internal readonly record struct ConnectionEndPoints(IPEndPoint Local, IPEndPoint Peer)
{
    /// <summary>Returns the addresses of a socket.</summary>
    public static ConnectionEndPoints FromSocket(Socket socket) =>
        new(((IPEndPoint)socket.LocalEndPoint!).UnmapIPv4(), ((IPEndPoint)socket.RemoteEndPoint!).UnmapIPv4());
}
