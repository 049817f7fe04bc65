using System.Net;
using System.Net.Sockets;

namespace Fts.Server.ProxyProtocol;

/// <summary>
/// Both ends of a connection as its client sees them: those of the socket, or those a balancer tells of. Every check of an address, every limit and
/// every log line means these.
/// </summary>
internal readonly record struct ConnectionEndPoints(IPEndPoint Local, IPEndPoint Peer)
{
    /// <summary>The ends of the socket itself.</summary>
    public static ConnectionEndPoints FromSocket(Socket socket) => new(Unmapped((IPEndPoint)socket.LocalEndPoint!), Unmapped((IPEndPoint)socket.RemoteEndPoint!));

    /// <summary>A dual-stack socket shows IPv4 peers as mapped IPv6 addresses; everything here compares and prints real ones.</summary>
    private static IPEndPoint Unmapped(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}
