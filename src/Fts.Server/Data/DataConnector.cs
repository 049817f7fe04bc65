using System.Net;
using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.Data.BlockMode;
using Fts.Server.Data.Passive;
using Fts.Server.ProxyProtocol;

namespace Fts.Server.Data;

/// <summary>The data connection could not be established. The client receives 425, or 426 after ABOR or the end of the session.</summary>
internal sealed class NoDataConnectionException(Exception? cause = null)
    : Exception("The data connection could not be established.", cause);

/// <summary>
/// Establishes the data connections of a session. PASV and EPSV prepare a passive connection, on the session's own data listener or
/// on a port of the server's range. PORT and EPRT prepare an active connection. A prepared connection serves one transfer. In block mode,
/// the open connection serves further transfers until one of these four commands closes it, or another command, for example ABOR or MODE.
/// </summary>
/// <remarks>
/// Without a range, one data listener on a random port serves the whole session. A bind for each transfer would become very slow with
/// tens of thousands of connections in TIME_WAIT. <see cref="CloseIdleListener"/> closes an unused listener or reservation, because other
/// sessions need the port. The session owns this object. The session's tasks and the session monitor use it, so its private fields are
/// written only under <c>_lock</c>.
/// </remarks>
/// <param name="server">The server, which has the range of passive ports and the addresses of the load balancers.</param>
/// <param name="local">The local address of the control connection's socket.</param>
/// <param name="peer">The client's address.</param>
internal sealed class DataConnector(FtpServer server, IPAddress local, IPAddress peer) : IDisposable
{
    // linux/in.h, IP_BIND_ADDRESS_NO_PORT: bind sets only the address. The later connect can then choose a port that is in use with
    // another peer.
    private const int IpLevel = 0, BindAddressNoPort = 24;

    private readonly Lock _lock = new();
    private Socket? _listener;
    private PassivePortReservation? _reservation;
    private IPEndPoint? _activeTarget;
    private bool _isPassive;
    private long _lastUsedAt;
    private BlockConnection? _blockConnection;

    /// <summary>
    /// Whether the next data connection is passive: the client connects, perhaps only after it has received the preliminary reply.
    /// </summary>
    public bool IsPassive => _isPassive;

    /// <summary>Whether a data connection is prepared, or open in block mode.</summary>
    public bool IsReady => _isPassive || _activeTarget is not null || _blockConnection is not null;

    /// <summary>The open block-mode connection, or null.</summary>
    public BlockConnection? BlockConnection => _blockConnection;

    /// <summary>Whether the client has sent EPSV ALL. The server then refuses PASV, PORT and EPRT (RFC 2428 §4).</summary>
    public bool IsExtendedPassiveOnly { get; set; }

    /// <summary>
    /// Prepares a passive connection and returns the local address and port. Closes the connections in the listener's queue, so that a
    /// connection made before this call cannot serve a later transfer.
    /// </summary>
    /// <exception cref="SocketException">No port or no file descriptor is free.</exception>
    public IPEndPoint Listen()
    {
        lock (_lock)
        {
            CancelPreparedConnectionLocked();
            _lastUsedAt = Environment.TickCount64;
            if (server.PassivePorts is { } range)
            {
                _reservation = range.Reserve(local, peer);
                _isPassive = true;
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

            _isPassive = true;
            return (IPEndPoint)_listener.LocalEndPoint!;
        }
    }

    /// <summary>Prepares an active connection to an address and port that the client sent with PORT or EPRT.</summary>
    public void SetActiveTarget(IPEndPoint target)
    {
        lock (_lock)
        {
            CancelPreparedConnectionLocked();
            _activeTarget = target;
        }
    }

    /// <summary>Takes ownership of a block-mode connection and keeps it open for the next transfers.</summary>
    public void KeepBlockConnection(BlockConnection connection)
    {
        lock (_lock)
        {
            CancelPreparedConnectionLocked();
            _blockConnection = connection;
        }
    }

    /// <summary>Closes the block-mode connection.</summary>
    public void CloseBlockConnection()
    {
        lock (_lock)
        {
            _blockConnection?.Dispose();
            _blockConnection = null;
        }
    }

    /// <summary>Discards the prepared connection and closes the block-mode connection (ABOR). EPSV ALL stays in effect.</summary>
    public void CancelPreparedConnection()
    {
        lock (_lock)
        {
            CancelPreparedConnectionLocked();
        }
    }

    /// <summary>Discards the prepared connection, closes the block-mode connection, and ends the effect of EPSV ALL (REIN).</summary>
    public void Reset()
    {
        CancelPreparedConnection();
        IsExtendedPassiveOnly = false;
    }

    /// <summary>
    /// Accepts the client's connection, or connects to the client. The caller disposes the socket. If the client has connected already, the
    /// returned task is complete, unless a PROXY protocol header is still being read.
    /// </summary>
    /// <exception cref="NoDataConnectionException">The data connection could not be established, or the token was cancelled.</exception>
    public async ValueTask<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        Socket? listener;
        IPEndPoint? target;
        PassivePortReservation? reserved;
        lock (_lock)
        {
            (listener, target, reserved) = (_isPassive ? _listener : null, _activeTarget, _reservation);
            (_activeTarget, _isPassive, _reservation) = (null, false, null);
        }

        using PassivePortReservation? reservation = reserved;
        try
        {
            if (target is not null)
            {
                return await ConnectActiveAsync(target, cancellationToken);
            }

            return reservation is null
                ? await AcceptPassiveAsync(listener!, cancellationToken)
                : await reservation.AcceptAsync(cancellationToken);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            throw new NoDataConnectionException(e);
        }
    }

    /// <summary>
    /// Closes the unused data listener, or releases the reserved port of a client that has not connected, if the last use of the listener
    /// or port was before a time.
    /// </summary>
    /// <param name="before">The time, in <see cref="Environment.TickCount64"/> milliseconds.</param>
    public void CloseIdleListener(long before)
    {
        lock (_lock)
        {
            if (_listener is not null && !_isPassive && _lastUsedAt < before)
            {
                _listener.Dispose();
                _listener = null;
            }

            if (_reservation is { HasConnection: false } && _lastUsedAt < before)
            {
                CancelPreparedConnectionLocked();
            }
        }
    }

    /// <summary>Discards the prepared connection, and closes the block-mode connection and the data listener.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            CancelPreparedConnectionLocked();
            _listener?.Dispose();
            _listener = null;
        }
    }

    /// <summary>See <see cref="CancelPreparedConnection"/>. The caller holds <c>_lock</c>.</summary>
    private void CancelPreparedConnectionLocked()
    {
        _reservation?.Dispose();
        _blockConnection?.Dispose();
        (_reservation, _activeTarget, _isPassive, _blockConnection) = (null, null, false, null);
    }

    /// <summary>Closes the connections that have arrived on a listener but were not accepted.</summary>
    private static void CloseQueuedConnections(Socket listener)
    {
        while (listener.Poll(0, SelectMode.SelectRead))
        {
            try
            {
                listener.Blocking = false; // so that Accept does not wait if the peer has just closed its connection
                listener.Accept().Dispose();
            }
            catch (SocketException)
            {
                // The peer has closed its connection.
            }
            finally
            {
                listener.Blocking = true; // accepted sockets inherit the blocking mode
            }
        }
    }

    /// <summary>
    /// Accepts the first connection from an address that <see cref="FtpServerOptions.DataPeers"/> accepts. Closes earlier connections from
    /// other addresses (RFC 2577 §4).
    /// </summary>
    private async ValueTask<Socket> AcceptPassiveAsync(Socket listener, CancellationToken cancellationToken)
    {
        while (true)
        {
            Socket socket = await listener.AcceptAsync(cancellationToken);
            lock (_lock)
            {
                _lastUsedAt = Environment.TickCount64;
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

    /// <summary>
    /// Returns the client's address. If the peer is a load balancer, reads the address from the PROXY protocol header.
    /// </summary>
    private async ValueTask<IPAddress> GetPeerAddressAsync(Socket socket, CancellationToken cancellationToken)
    {
        IPAddress address = ConnectionEndPoints.FromSocket(socket).Peer.Address;
        return server.ProxyHeaders.RequiresHeader(address)
            ? (await server.ProxyHeaders.ReadAsync(socket, cancellationToken)).Peer.Address
            : address;
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

            // The client's firewall may accept connections only from the server's address on the control connection. Behind a load
            // balancer, this address and the target may belong to different families. The kernel then selects the local address.
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
