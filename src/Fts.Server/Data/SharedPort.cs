using System.Net;
using System.Net.Sockets;

namespace Fts.Server.Data;

/// <summary>
/// One port of the server's range, listened on for all the sessions that wait there, one for each peer address. Who connects is known by that address;
/// whoever nobody waits for is turned away at once, so that no queue forms. Its owner, <see cref="PassivePorts"/>, disposes it.
/// </summary>
internal sealed class SharedPort : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, Reservation> _waiting = [];
    private readonly FtpServer _server;
    private readonly Socket _listener;
    private long _lastUsed;

    /// <summary>Listens from now on.</summary>
    /// <exception cref="SocketException">The port is somebody else's.</exception>
    public SharedPort(FtpServer server, IPEndPoint endPoint)
    {
        (_server, EndPoint, _lastUsed) = (server, endPoint, Environment.TickCount64);
        _listener = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _listener.Bind(endPoint);
            _listener.Listen(128);
            _listener.Blocking = false; // for Empty; accepting in the loop does not mind
        }
        catch (SocketException)
        {
            _listener.Dispose();
            throw;
        }

        _ = Task.Run(() => AcceptLoop.RunAsync(_listener, Welcome, server.Options.Logger, CancellationToken.None));
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Waits for a connection of this peer; null when another session already does.</summary>
    public Reservation? Reserve(IPAddress peer)
    {
        lock (_lock)
        {
            Empty();
            var reservation = new Reservation(this, peer);
            _lastUsed = Environment.TickCount64;
            return _waiting.TryAdd(peer, reservation) ? reservation : null;
        }
    }

    /// <summary>Waits no longer; false when the peer was there before.</summary>
    public bool Forget(Reservation reservation, IPAddress peer)
    {
        lock (_lock)
        {
            return ((ICollection<KeyValuePair<IPAddress, Reservation>>)_waiting).Remove(new(peer, reservation));
        }
    }

    /// <summary>Whether nobody waits here, nor did since <paramref name="before"/> (<see cref="Environment.TickCount64"/>).</summary>
    public bool IsIdle(long before)
    {
        lock (_lock)
        {
            return _waiting.Count == 0 && _lastUsed < before;
        }
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Whoever connected before this moment came for an earlier reservation, or for none: nobody gets in line for a later one.</summary>
    private void Empty()
    {
        while (_listener.Poll(0, SelectMode.SelectRead))
        {
            try
            {
                Welcome(_listener.Accept());
            }
            catch (SocketException)
            {
                return; // it left, or the loop was quicker
            }
        }
    }

    private void Welcome(Socket socket)
    {
        socket.Blocking = true; // it inherits the listener's way
        if (socket.RemoteEndPoint is not IPEndPoint)
        {
            socket.Dispose(); // gone before it was welcomed
            return;
        }

        ConnectionEnds ends = ConnectionEnds.Of(socket);
        if (_server.Balancers.Include(ends.Peer.Address))
        {
            _server.Balancers.Ask(socket, told => HandOver(socket, told.Peer.Address), CancellationToken.None);
        }
        else
        {
            HandOver(socket, ends.Peer.Address);
        }
    }

    private void HandOver(Socket socket, IPAddress peer)
    {
        Reservation? reservation;
        lock (_lock)
        {
            _waiting.Remove(peer, out reservation);
        }

        if (reservation is null)
        {
            Log.UnexpectedDataPeer(_server.Options.Logger, EndPoint.Port, peer);
            socket.Dispose();
            return;
        }

        reservation.Give(socket);
    }
}
