using System.Net;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Server.ProxyProtocol;

/// <summary>
/// Both ends of a connection as its client sees them: those of the socket, or those a balancer tells of. Every check of an address, every limit and
/// every log line means these.
/// </summary>
internal readonly record struct ConnectionEndPoints(IPEndPoint Local, IPEndPoint Peer)
{
    /// <summary>The ends of the socket itself.</summary>
    public static ConnectionEndPoints FromSocket(Socket socket) => new(((IPEndPoint)socket.LocalEndPoint!).UnmapIPv4(), ((IPEndPoint)socket.RemoteEndPoint!).UnmapIPv4());
}
