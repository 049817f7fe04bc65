using System.Net;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Server.Data;

/// <summary>No data connection was established; the client receives 425.</summary>
internal sealed class NoDataConnectionException(Exception? cause = null) : Exception("No data connection was established.", cause);

/// <summary>
/// How the peer of the next transfer is met: by waiting on this session's own listening socket, or on a port of the server's range (PASV, EPSV), or by
/// connecting to it (PORT, EPRT). Good for one transfer, then it must be said anew; in block mode the connection stays, until any of these is said again.
/// </summary>
/// <remarks>
/// Without a range, one listening socket serves the whole session, on a port the system picks at random: a fresh bind for each transfer slows to a crawl
/// once tens of thousands of closed connections wait in TIME_WAIT. It is closed after a while without use (<see cref="CloseIfIdle"/>), and so is a
/// reservation given back: others need the port.
/// </remarks>
/// <param name="server">Whose range and balancers count.</param>
/// <param name="local">This machine's address that the control connection came to, or its balancer's did.</param>
/// <param name="peer">The client's address.</param>
internal sealed class DataPort(FtpServer server, IPAddress local, IPAddress peer) : IDisposable
{
    // linux/in.h: bind takes the address only, and connect the port, which then may be one that is busy towards another peer.
    private const int IpLevel = 0, BindAddressNoPort = 24;

    private readonly Lock _lock = new();
    private Socket? _listener;
    private Reservation? _reservation;
    private IPEndPoint? _target;
    private bool _waits;
    private long _lastUsed;
    private BlockLink? _link;

    /// <summary>Whether a transfer can start.</summary>
    public bool IsReady => _waits || _target is not null || _link is not null;

    /// <summary>The connection that is open for the next transfer in block mode; null for none.</summary>
    public BlockLink? Link => _link;

    /// <summary>EPSV ALL was said: the other ways are closed for this session (RFC 2428 §4).</summary>
    public bool OnlyExtendedPassive { get; set; }

    /// <summary>Waits on a port from now on. Whoever connected before and was not met is turned away: nobody gets in line for a later transfer.</summary>
    /// <exception cref="SocketException">No port is free.</exception>
    public IPEndPoint Listen()
    {
        lock (_lock)
        {
            ForgetLocked();
            _lastUsed = Environment.TickCount64;
            if (server.PassivePorts is { } range)
            {
                _reservation = range.Reserve(local, peer);
                _waits = true;
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
                Empty(_listener);
            }

            _waits = true;
            return (IPEndPoint)_listener.LocalEndPoint!;
        }
    }

    /// <summary>Connects to this address at the next transfer.</summary>
    public void ConnectTo(IPEndPoint target)
    {
        lock (_lock)
        {
            ForgetLocked();
            _target = target;
        }
    }

    /// <summary>Keeps a connection for the transfers to come; it is disposed here.</summary>
    public void Keep(BlockLink link)
    {
        lock (_lock)
        {
            ForgetLocked();
            _link = link;
        }
    }

    /// <summary>Closes the connection that was kept.</summary>
    public void CloseLink()
    {
        lock (_lock)
        {
            _link?.Dispose();
            _link = null;
        }
    }

    /// <summary>Forgets where the next peer was to be met (ABOR); EPSV ALL still holds.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            ForgetLocked();
        }
    }

    /// <summary>Forgets everything that was said (REIN).</summary>
    public void Reset()
    {
        Forget();
        OnlyExtendedPassive = false;
    }

    /// <summary>
    /// Meets the peer. <paramref name="beforeWaiting"/> runs when a passive peer is not there yet: some clients connect only once they have read 150.
    /// The connection is the caller's to dispose.
    /// </summary>
    /// <exception cref="NoDataConnectionException">It could not be reached.</exception>
    public async ValueTask<Socket> MeetAsync(Func<ValueTask> beforeWaiting, CancellationToken cancellationToken)
    {
        Socket? listener;
        IPEndPoint? target;
        Reservation? taken;
        lock (_lock)
        {
            (listener, target, taken) = (_waits ? _listener : null, _target, _reservation);
            (_target, _waits, _reservation) = (null, false, null);
        }

        using Reservation? reservation = taken;

        try
        {
            if (target is not null)
            {
                return await ConnectAsync(target, cancellationToken);
            }

            if (reservation is null)
            {
                return await AcceptAsync(listener!, beforeWaiting, cancellationToken);
            }

            if (!reservation.HasArrived)
            {
                await beforeWaiting();
            }

            return await reservation.TakeAsync(cancellationToken);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            throw new NoDataConnectionException(e);
        }
    }

    /// <summary>Gives the listening socket back when no transfer used it since <paramref name="before"/> (<see cref="Environment.TickCount64"/>).</summary>
    public void CloseIfIdle(long before)
    {
        lock (_lock)
        {
            if (_listener is not null && !_waits && _lastUsed < before)
            {
                _listener.Dispose();
                _listener = null;
            }

            if (_reservation is { HasArrived: false } && _lastUsed < before)
            {
                ForgetLocked();
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            ForgetLocked();
            _listener?.Dispose();
            _listener = null;
        }
    }

    private void ForgetLocked()
    {
        _reservation?.Dispose();
        _link?.Dispose();
        (_reservation, _target, _waits, _link) = (null, null, false, null);
    }

    private static void Empty(Socket listener)
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
    private async ValueTask<Socket> AcceptAsync(Socket listener, Func<ValueTask> beforeWaiting, CancellationToken cancellationToken)
    {
        while (true)
        {
            ValueTask<Socket> accepting = listener.AcceptAsync(cancellationToken);
            if (!accepting.IsCompleted)
            {
                await beforeWaiting();
            }

            Socket socket = await accepting;
            lock (_lock)
            {
                _lastUsed = Environment.TickCount64;
            }

            try
            {
                if (server.Options.DataPeers.Include(await AddressOfAsync(socket, beforeWaiting, cancellationToken), peer))
                {
                    return socket;
                }
            }
            catch (Exception e) when (e is ProxyHeaderException or EndOfStreamException or SocketException)
            {
                Log.NoProxyHeader(server.Options.Logger, socket.RemoteEndPoint!, e.Message.ToPrintable());
            }
            catch
            {
                socket.Dispose();
                throw;
            }

            socket.Dispose();
        }
    }

    private async ValueTask<IPAddress> AddressOfAsync(Socket socket, Func<ValueTask> beforeWaiting, CancellationToken cancellationToken)
    {
        IPAddress address = ConnectionEnds.Of(socket).Peer.Address;
        if (!server.Balancers.Include(address))
        {
            return address;
        }

        await beforeWaiting();
        return (await server.Balancers.ReadAsync(socket, cancellationToken)).Peer.Address;
    }

    private async ValueTask<Socket> ConnectAsync(IPEndPoint target, CancellationToken cancellationToken)
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
