using System.Net;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Server.ProxyProtocol;

/// <summary>
/// The addresses and ports of the server and the client of a connection: from the PROXY header if a load balancer sent one with addresses,
/// otherwise from the socket. The limits and log lines of a session use these addresses.
/// </summary>
/// <param name="Local">The server's address and port.</param>
/// <param name="Peer">The client's address and port.</param>
internal readonly record struct ConnectionEndPoints(IPEndPoint Local, IPEndPoint Peer)
{
    /// <summary>Returns the addresses of a socket. IPv4-mapped IPv6 addresses are converted to IPv4.</summary>
    public static ConnectionEndPoints FromSocket(Socket socket) =>
        new(((IPEndPoint)socket.LocalEndPoint!).UnmapIPv4(), ((IPEndPoint)socket.RemoteEndPoint!).UnmapIPv4());
}
