using System.Net;
using System.Net.Sockets;
using Fts.Client.Connections;
using Fts.Client.Proxies;

namespace Fts.Client.Data;

/// <summary>A data connection in the making: a connect under way (passive) or a listener waiting for the server (active).</summary>
/// <remarks>Owns its sockets until <see cref="WaitForSocketAsync"/> hands the connected one over.</remarks>
internal sealed class PreparedDataConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly IPAddress _allowedAddress;
    private readonly Task? _connecting;
    // Has no timer, and may fire after everyone has left: nothing to dispose.
    private readonly CancellationTokenSource _connectFailed = new();
    private Socket? _connected;

    private PreparedDataConnection(Socket socket, IPAddress peer) => (_socket, _allowedAddress) = (socket, peer);

    private PreparedDataConnection(IPEndPoint endPoint, Func<Socket, Task> connect)
        : this(new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp), endPoint.Address) => _connecting = SignalFailureAsync(connect(_socket));

    /// <summary>Starts connecting; the first packet leaves now, so that it travels together with the command sent next.</summary>
    public static PreparedDataConnection Connect(IPEndPoint endPoint, TimeSpan limit) => new(endPoint, socket => ConnectAsync(socket, endPoint, limit));

    /// <summary>Starts connecting to a host through the proxy of the options.</summary>
    /// <param name="proxy">Where the control connection found it.</param>
    /// <param name="options">The options.</param>
    /// <param name="host">The host, as the proxy is to be told it.</param>
    /// <param name="port">Its port.</param>
    public static PreparedDataConnection ConnectThroughProxy(IPEndPoint proxy, FtpClientOptions options, string host, int port) => new(proxy, async socket =>
    {
        await ProxyTunnel.ConnectToProxyAsync(socket, options.Proxy!, proxy, options.Timeouts.Connect, CancellationToken.None).ConfigureAwait(false);
        await ProxyTunnel.OpenAsync(socket, options, host, port, CancellationToken.None).ConfigureAwait(false);
    });

    /// <summary>Listens on a free port of an address of this side.</summary>
    public static PreparedDataConnection Listen(IPAddress local, IPAddress peer)
    {
        var socket = new Socket(local.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(local, 0));
        socket.Listen(1);
        return new PreparedDataConnection(socket, peer);
    }

    /// <summary>Fires when connecting failed. A server that waits for the data connection before it answers would otherwise be waited for in vain.</summary>
    public CancellationToken ConnectFailed => _connectFailed.Token;

    /// <summary>Whether the server connects (active mode).</summary>
    public bool IsListener => _connecting is null;

    /// <summary>Where the server is to connect to.</summary>
    public IPEndPoint LocalEndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>Waits for the connection and hands its socket over.</summary>
    /// <exception cref="FtpConnectionException">There is none.</exception>
    public async Task<Socket> WaitForSocketAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(limit, cancellationToken);
        try
        {
            if (_connecting is null)
            {
                return _connected = await AcceptAsync(deadline.Token).ConfigureAwait(false);
            }

            await _connecting.WaitAsync(deadline.Token).ConfigureAwait(false);
            return _connected = _socket;
        }
        catch (OperationCanceledException e)
        {
            throw deadline.Translate(e, FtpOperationPhase.OpenData);
        }
        catch (SocketException e)
        {
            throw new FtpConnectionException(FtpOperationPhase.OpenData, $"cannot open the data connection: {e.Message}", e);
        }
    }

    /// <summary>Closes what was not handed over, by a reset: an orderly close would be an empty upload, complete, to a server that accepted already.</summary>
    public void Dispose()
    {
        if (!ReferenceEquals(_socket, _connected))
        {
            Reset(_socket);
            // A connect that fails only now has nobody left to tell.
            _connecting?.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }

    /// <summary>The server's connection; anyone else who finds the port is turned away.</summary>
    private async Task<Socket> AcceptAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Socket socket = await _socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
            if (((IPEndPoint)socket.RemoteEndPoint!).Address.Equals(_allowedAddress))
            {
                return socket;
            }

            socket.Dispose();
        }
    }

    /// <summary>Closes a socket without the end of data that an orderly close would send.</summary>
    public static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed already, by the other side or this one.
        }

        socket.Dispose();
    }

    private static async Task ConnectAsync(Socket socket, IPEndPoint endPoint, TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            await socket.ConnectAsync(endPoint, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            throw new FtpTimeoutException(FtpOperationPhase.OpenData, limit, e);
        }
    }

    private async Task SignalFailureAsync(Task connecting)
    {
        try
        {
            await connecting.ConfigureAwait(false);
        }
        catch
        {
            await _connectFailed.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }
}
