using System.Net;
using System.Net.Sockets;

namespace Fts.Server.Data;

/// <summary>No data connection came about; answered 425.</summary>
internal sealed class NoDataConnectionException(Exception? cause = null) : Exception("No data connection came about.", cause);

/// <summary>
/// How the peer of the next transfer is met: by waiting on this session's own listening socket (PASV, EPSV), or by connecting to it (PORT, EPRT).
/// Good for one transfer, then it must be said anew.
/// </summary>
/// <remarks>
/// One listening socket serves the whole session, on a port the system picks at random: a fresh bind for each transfer slows to a crawl
/// once tens of thousands of closed connections wait in TIME_WAIT. It is closed after a while without use (<see cref="CloseIfIdle"/>).
/// </remarks>
internal sealed class DataPort(IPAddress local, IPAddress peer) : IDisposable
{
    // linux/in.h: bind takes the address only, and connect the port, which then may be one that is busy towards another peer.
    private const int IpLevel = 0, BindAddressNoPort = 24;

    private readonly Lock _lock = new();
    private Socket? _listener;
    private IPEndPoint? _target;
    private bool _waits;
    private long _lastUsed;

    /// <summary>Whether a transfer can start.</summary>
    public bool IsReady => _waits || _target is not null;

    /// <summary>EPSV ALL was said: the other ways are closed for this session (RFC 2428 §4).</summary>
    public bool OnlyExtendedPassive { get; set; }

    /// <summary>Waits on a port from now on. Whoever connected before and was not met is turned away: nobody gets in line for a later transfer.</summary>
    /// <exception cref="SocketException">No port is free.</exception>
    public IPEndPoint Listen()
    {
        lock (_lock)
        {
            (_target, _waits, _lastUsed) = (null, false, Environment.TickCount64);
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
            (_target, _waits) = (target, false);
        }
    }

    /// <summary>Forgets where the next peer was to be met (ABOR); EPSV ALL still holds.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            (_target, _waits) = (null, false);
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
        lock (_lock)
        {
            (listener, target) = (_waits ? _listener : null, _target);
            (_target, _waits) = (null, false);
        }

        try
        {
            if (target is not null)
            {
                return await ConnectAsync(target, cancellationToken);
            }

            return await AcceptAsync(listener!, beforeWaiting, cancellationToken);
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
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _listener?.Dispose();
            (_listener, _target, _waits) = (null, null, false);
        }
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

    /// <summary>Only the control connection's own peer is served: another host that connects first is turned away, not answered (RFC 2577 §4).</summary>
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

            if (((IPEndPoint)socket.RemoteEndPoint!).Address.Equals(peer))
            {
                return socket;
            }

            socket.Dispose();
        }
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

            socket.Bind(new IPEndPoint(local, 0)); // from the address the client knows, or its firewall will not have it
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
