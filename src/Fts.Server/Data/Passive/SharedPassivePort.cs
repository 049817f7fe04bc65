using System.Net;
using System.Net.Sockets;
using Fts.Server.ProxyProtocol;

namespace Fts.Server.Data.Passive;

/// <summary>
/// One port of the server's range, shared by sessions with different client addresses. The client address of a connection decides which
/// reservation the connection completes. A connection without a reservation is closed at once, so that the listener's queue stays empty.
/// <see cref="FtpServerOptions.DataPeers"/> decides which addresses count as the same client address. The owner,
/// <see cref="PassivePorts"/>, disposes this object.
/// </summary>
/// <remarks>
/// <c>_lock</c> guards the reservations and their numbers. The poller's thread and the sessions accept connections only under this lock.
/// </remarks>
internal sealed class SharedPassivePort : IDisposable
{
    private const int Backlog = 128;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, PassivePortReservation> _reservations = [];
    private readonly FtpServer _server;
    private readonly PassivePortPoller _poller;
    private readonly Socket _listener;
    private long _nextSequence;
    private long _lastReservedAt;

    /// <summary>Opens the listener.</summary>
    /// <exception cref="SocketException">The port is in use, or no file descriptor is free.</exception>
    public SharedPassivePort(FtpServer server, PassivePortPoller poller, IPEndPoint endPoint)
    {
        (_server, _poller, EndPoint, _lastReservedAt) = (server, poller, endPoint, Environment.TickCount64);
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

    /// <summary>The local address and port.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>
    /// Reserves the port for one connection of a client. Returns null if another session has a reservation for the same client address.
    /// </summary>
    public PassivePortReservation? Reserve(IPAddress peer)
    {
        lock (_lock)
        {
            // Connections that arrived before the reservation must not complete it.
            AcceptQueuedConnections();
            var reservation = new PassivePortReservation(this, peer, _nextSequence++);
            _lastReservedAt = Environment.TickCount64;
            return _reservations.TryAdd(_server.Options.DataPeers.GetKey(peer), reservation) ? reservation : null;
        }
    }

    /// <summary>Removes a reservation. Returns false if the client has connected already.</summary>
    public bool RemoveReservation(PassivePortReservation reservation, IPAddress peer)
    {
        var entry = new KeyValuePair<IPAddress, PassivePortReservation>(_server.Options.DataPeers.GetKey(peer), reservation);
        lock (_lock)
        {
            return ((ICollection<KeyValuePair<IPAddress, PassivePortReservation>>)_reservations).Remove(entry);
        }
    }

    /// <summary>Returns whether the port has no reservation and was last reserved before a time.</summary>
    /// <param name="before">The time, in <see cref="Environment.TickCount64"/> milliseconds.</param>
    public bool IsIdle(long before)
    {
        lock (_lock)
        {
            return _reservations.Count == 0 && _lastReservedAt < before;
        }
    }

    /// <summary>
    /// Accepts the queued connections. Each connection completes a reservation or is closed. Returns false if no file descriptor is free.
    /// </summary>
    public bool AcceptQueuedConnections()
    {
        lock (_lock)
        {
            try
            {
                // Accepts at most one full queue, so that a flood of connections does not block the other sessions.
                for (int i = 0; i <= Backlog && _listener.Poll(0, SelectMode.SelectRead); i++)
                {
                    RouteConnection(_listener.Accept());
                }
            }
            catch (ObjectDisposedException)
            {
                // The listener has just been closed.
            }
            catch (SocketException e)
            {
                Log.AcceptFailed(_server.Options.Logger, e.Message);
                return e.SocketErrorCode is not (SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable);
            }

            return true;
        }
    }

    /// <summary>Closes the listener.</summary>
    public void Dispose()
    {
        _poller.Remove(_listener);
        _listener.Dispose();
    }

    /// <summary>
    /// Assigns a number to a connection, and passes the connection to the reservation of the client. If the peer is a load balancer, first
    /// reads the client's address from the PROXY protocol header.
    /// </summary>
    private void RouteConnection(Socket socket)
    {
        socket.Blocking = true; // the socket has inherited the listener's non-blocking mode
        long sequence = _nextSequence++;
        IPAddress peer = ConnectionEndPoints.FromSocket(socket).Peer.Address;
        if (_server.ProxyHeaders.RequiresHeader(peer))
        {
            _server.ProxyHeaders.StartReading(
                socket, endPoints => CompleteReservation(socket, endPoints.Peer.Address, sequence), CancellationToken.None);
        }
        else
        {
            CompleteReservation(socket, peer, sequence);
        }
    }

    /// <summary>Completes the client's reservation if it was made before the connection arrived. Otherwise closes the connection.</summary>
    private void CompleteReservation(Socket socket, IPAddress peer, long sequence)
    {
        IPAddress key = _server.Options.DataPeers.GetKey(peer);
        lock (_lock)
        {
            if (_reservations.TryGetValue(key, out PassivePortReservation? reservation) && reservation.Sequence < sequence)
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
