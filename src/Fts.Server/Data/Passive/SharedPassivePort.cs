using System.Net;
using System.Net.Sockets;
using Fts.Server.ProxyProtocol;

namespace Fts.Server.Data.Passive;

/// <summary>
/// One port of the server's range, listened on for all the sessions that wait there, one for each peer address. Who connects is known by that address;
/// whoever nobody waits for is turned away at once, so that no queue forms. Its owner, <see cref="PassivePorts"/>, disposes it.
/// </summary>
internal sealed class SharedPassivePort : IDisposable
{
    private const int Backlog = 128;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, PassivePortReservation> _reservations = [];
    private readonly FtpServer _server;
    private readonly PassivePortPoller _poller;
    private readonly Socket _listener;
    private long _sequence;
    private long _lastUsed;

    /// <summary>Listens from now on.</summary>
    /// <exception cref="SocketException">The port is somebody else's.</exception>
    public SharedPassivePort(FtpServer server, PassivePortPoller poller, IPEndPoint endPoint)
    {
        (_server, _poller, EndPoint, _lastUsed) = (server, poller, endPoint, Environment.TickCount64);
        _listener = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        try
        {
            _listener.Bind(endPoint);
            _listener.Listen(Backlog);
            poller.Add(_listener, this);
        }
        catch (SocketException)
        {
            _listener.Dispose();
            throw;
        }
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Waits for a connection of this peer; null when another session already does.</summary>
    public PassivePortReservation? Reserve(IPAddress peer)
    {
        lock (_lock)
        {
            // Whoever connected before this moment came for an earlier reservation, or for none: nobody gets in line for a later one.
            AcceptQueuedConnections();
            var reservation = new PassivePortReservation(this, peer, _sequence++);
            _lastUsed = Environment.TickCount64;
            return _reservations.TryAdd(_server.Options.DataPeers.GetKey(peer), reservation) ? reservation : null;
        }
    }

    /// <summary>Waits no longer; false when the peer was there before.</summary>
    public bool RemoveReservation(PassivePortReservation reservation, IPAddress peer)
    {
        lock (_lock)
        {
            return ((ICollection<KeyValuePair<IPAddress, PassivePortReservation>>)_reservations).Remove(new(_server.Options.DataPeers.GetKey(peer), reservation));
        }
    }

    /// <summary>Whether nobody waits here, nor did since <paramref name="before"/> (<see cref="Environment.TickCount64"/>).</summary>
    public bool IsIdle(long before)
    {
        lock (_lock)
        {
            return _reservations.Count == 0 && _lastUsed < before;
        }
    }

    /// <summary>Hands over whoever has connected, or turns them away. False when no descriptor is free to take them.</summary>
    public bool AcceptQueuedConnections()
    {
        lock (_lock)
        {
            try
            {
                // No more than were in the queue: strangers who connect without end must not hold up the others.
                for (int i = 0; i <= Backlog && _listener.Poll(0, SelectMode.SelectRead); i++)
                {
                    RouteConnection(_listener.Accept());
                }
            }
            catch (ObjectDisposedException)
            {
                // Closed in this moment.
            }
            catch (SocketException e)
            {
                Log.AcceptFailed(_server.Options.Logger, e.Message);
                return e.SocketErrorCode is not (SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable);
            }

            return true;
        }
    }

    public void Dispose()
    {
        _poller.Remove(_listener);
        _listener.Dispose();
    }

    private void RouteConnection(Socket socket)
    {
        socket.Blocking = true; // it inherits the listener's way
        long turn = _sequence++;
        IPAddress peer = ConnectionEndPoints.FromSocket(socket).Peer.Address;
        if (_server.ProxyHeaders.RequiresHeader(peer))
        {
            _server.ProxyHeaders.StartReading(socket, told => HandOver(socket, told.Peer.Address, turn), CancellationToken.None);
        }
        else
        {
            HandOver(socket, peer, turn);
        }
    }

    private void HandOver(Socket socket, IPAddress peer, long turn)
    {
        IPAddress key = _server.Options.DataPeers.GetKey(peer);
        lock (_lock)
        {
            if (_reservations.TryGetValue(key, out PassivePortReservation? reservation) && reservation.Sequence < turn)
            {
                _reservations.Remove(key);
                reservation.SetConnection(socket);
                return;
            }
        }

        Log.UnexpectedDataPeer(_server.Options.Logger, EndPoint.Port, peer);
        socket.Dispose();
    }
}
