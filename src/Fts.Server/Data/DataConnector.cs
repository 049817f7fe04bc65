using System.Net;
using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.Data.BlockMode;
using Fts.Server.Data.Passive;
using Fts.Server.ProxyProtocol;

namespace Fts.Server.Data;

/// <summary>No data connection was established; the client receives 425.</summary>
internal sealed class NoDataConnectionException(Exception? cause = null) : Exception("No data connection was established.", cause);

/// <summary>
/// How the peer of the next transfer is met: by waiting on this session's own listening socket, or on a port of the server's range (PASV, EPSV), or by
/// connecting to it (PORT, EPRT). Good for one transfer, then it must be said anew; in block mode the connection stays, until any of these is said again.
/// </summary>
/// <remarks>
/// Without a range, one listening socket serves the whole session, on a port the system picks at random: a fresh bind for each transfer slows to a crawl
/// once tens of thousands of closed connections wait in TIME_WAIT. It is closed after a while without use (<see cref="CloseIdleListener"/>), and so is a
/// reservation given back: others need the port.
/// </remarks>
/// <param name="server">Whose range and balancers count.</param>
/// <param name="local">This machine's address that the control connection came to, or its balancer's did.</param>
/// <param name="peer">The client's address.</param>
internal sealed class DataConnector(FtpServer server, IPAddress local, IPAddress peer) : IDisposable
{
    // linux/in.h: bind takes the address only, and connect the port, which then may be one that is busy towards another peer.
    private const int IpLevel = 0, BindAddressNoPort = 24;

    private readonly Lock _lock = new();
    private Socket? _listener;
    private PassivePortReservation? _reservation;
    private IPEndPoint? _target;
    private bool _isListening;
    private long _lastUsed;
    private BlockConnection? _blockConnection;

    /// <summary>Whether the next data connection is passive: the client connects, perhaps only after the preliminary reply.</summary>
    public bool IsPassive => _isListening;

    /// <summary>Whether a transfer can start.</summary>
    public bool IsReady => _isListening || _target is not null || _blockConnection is not null;

    /// <summary>The connection that is open for the next transfer in block mode; null for none.</summary>
    public BlockConnection? BlockConnection => _blockConnection;

    /// <summary>EPSV ALL was said: the other ways are closed for this session (RFC 2428 §4).</summary>
    public bool IsExtendedPassiveOnly { get; set; }

    /// <summary>Waits on a port from now on. Whoever connected before and was not met is turned away: nobody gets in line for a later transfer.</summary>
    /// <exception cref="SocketException">No port is free.</exception>
    public IPEndPoint Listen()
    {
        lock (_lock)
        {
            CancelPreparedConnectionLocked();
            _lastUsed = Environment.TickCount64;
            if (server.PassivePorts is { } range)
            {
                _reservation = range.Reserve(local, peer);
                _isListening = true;
                return _reservation.EndPoint;
            }

            if (_listener is null)
            {
                var listener = new Socket(local.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    listener.Bind(new IPEndPoint(local, 0));
                    listener.Listen(4);
                }
                catch (SocketException)
                {
                    listener.Dispose();
                    throw;
                }

                _listener = listener;
            }
            else
            {
                CloseQueuedConnections(_listener);
            }

            _isListening = true;
            return (IPEndPoint)_listener.LocalEndPoint!;
        }
    }

    /// <summary>Connects to this address at the next transfer.</summary>
    public void SetActiveTarget(IPEndPoint target)
    {
        lock (_lock)
        {
            CancelPreparedConnectionLocked();
            _target = target;
        }
    }

    /// <summary>Keeps a connection for the transfers to come; it is disposed here.</summary>
    public void KeepBlockConnection(BlockConnection connection)
    {
        lock (_lock)
        {
            CancelPreparedConnectionLocked();
            _blockConnection = connection;
        }
    }

    /// <summary>Closes the connection that was kept.</summary>
    public void CloseBlockConnection()
    {
        lock (_lock)
        {
            _blockConnection?.Dispose();
            _blockConnection = null;
        }
    }

    /// <summary>Forgets where the next peer was to be met (ABOR); EPSV ALL still holds.</summary>
    public void CancelPreparedConnection()
    {
        lock (_lock)
        {
            CancelPreparedConnectionLocked();
        }
    }

    /// <summary>Forgets everything that was said (REIN).</summary>
    public void Reset()
    {
        CancelPreparedConnection();
        IsExtendedPassiveOnly = false;
    }

    /// <summary>
    /// Accepts the client's connection, or connects to the client. The caller disposes the socket. In passive mode, the result is completed at once
    /// if the client has connected already.
    /// </summary>
    /// <exception cref="NoDataConnectionException">The data connection could not be established.</exception>
    public async ValueTask<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        Socket? listener;
        IPEndPoint? target;
        PassivePortReservation? taken;
        lock (_lock)
        {
            (listener, target, taken) = (_isListening ? _listener : null, _target, _reservation);
            (_target, _isListening, _reservation) = (null, false, null);
        }

        using PassivePortReservation? reservation = taken;

        try
        {
            if (target is not null)
            {
                return await ConnectActiveAsync(target, cancellationToken);
            }

            return reservation is null ? await AcceptPassiveAsync(listener!, cancellationToken) : await reservation.AcceptAsync(cancellationToken);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            throw new NoDataConnectionException(e);
        }
    }

    /// <summary>Gives the listening socket back when no transfer used it since <paramref name="before"/> (<see cref="Environment.TickCount64"/>).</summary>
    public void CloseIdleListener(long before)
    {
        lock (_lock)
        {
            if (_listener is not null && !_isListening && _lastUsed < before)
            {
                _listener.Dispose();
                _listener = null;
            }

            if (_reservation is { HasConnection: false } && _lastUsed < before)
            {
                CancelPreparedConnectionLocked();
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            CancelPreparedConnectionLocked();
            _listener?.Dispose();
            _listener = null;
        }
    }

    private void CancelPreparedConnectionLocked()
    {
        _reservation?.Dispose();
        _blockConnection?.Dispose();
        (_reservation, _target, _isListening, _blockConnection) = (null, null, false, null);
    }

    private static void CloseQueuedConnections(Socket listener)
    {
        while (listener.Poll(0, SelectMode.SelectRead))
        {
            try
            {
                listener.Blocking = false; // whoever is in line may leave it before it is met
                listener.Accept().Dispose();
            }
            catch (SocketException)
            {
                // It left.
            }
            finally
            {
                listener.Blocking = true; // what is accepted inherits this
            }
        }
    }

    /// <summary>
    /// Accepts a connection from an address of <see cref="FtpServerOptions.DataPeers"/>. Closes the connections of other hosts that arrive before
    /// it (RFC 2577 §4).
    /// </summary>
    private async ValueTask<Socket> AcceptPassiveAsync(Socket listener, CancellationToken cancellationToken)
    {
        while (true)
        {
            Socket socket = await listener.AcceptAsync(cancellationToken);
            lock (_lock)
            {
                _lastUsed = Environment.TickCount64;
            }

            try
            {
                if (server.Options.DataPeers.Accepts(await GetPeerAddressAsync(socket, cancellationToken), peer))
                {
                    return socket;
                }
            }
            catch (Exception e) when (e is ProxyHeaderException or EndOfStreamException or SocketException)
            {
                Log.ProxyHeaderInvalid(server.Options.Logger, socket.RemoteEndPoint!, e.Message.ToPrintable());
            }
            catch
            {
                socket.Dispose();
                throw;
            }

            socket.Dispose();
        }
    }

    private async ValueTask<IPAddress> GetPeerAddressAsync(Socket socket, CancellationToken cancellationToken)
    {
        IPAddress address = ConnectionEndPoints.FromSocket(socket).Peer.Address;
        return server.ProxyHeaders.RequiresHeader(address) ? (await server.ProxyHeaders.ReadAsync(socket, cancellationToken)).Peer.Address : address;
    }

    private async ValueTask<Socket> ConnectActiveAsync(IPEndPoint target, CancellationToken cancellationToken)
    {
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (OperatingSystem.IsLinux())
            {
                socket.SetRawSocketOption(IpLevel, BindAddressNoPort, BitConverter.GetBytes(1));
            }

            // From the address the client knows, or its firewall will not have it. Behind a balancer it may even be of the other family.
            if (target.AddressFamily == local.AddressFamily)
            {
                socket.Bind(new IPEndPoint(local, 0));
            }

            await socket.ConnectAsync(target, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
