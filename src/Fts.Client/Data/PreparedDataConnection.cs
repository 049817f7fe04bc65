using System.Net;
using System.Net.Sockets;
using Fts.Client.Connections;
using Fts.Client.Proxies;

namespace Fts.Client.Data;

/// <summary>A data connection that is not open yet: a connection attempt (passive mode) or a listener (active mode).</summary>
/// <remarks>Owns its sockets. The caller of <see cref="WaitForSocketAsync"/> owns the connected socket.</remarks>
internal sealed class PreparedDataConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly IPAddress _allowedAddress;
    private readonly Task? _connecting; // null for a listener
    // Never disposed: it owns no timer, and a connection attempt that fails after this object was disposed still cancels the source.
    private readonly CancellationTokenSource _connectFailed = new();
    private Socket? _connected; // the socket that WaitForSocketAsync has returned

    private PreparedDataConnection(Socket socket, IPAddress peer) => (_socket, _allowedAddress) = (socket, peer);

    private PreparedDataConnection(IPEndPoint endPoint, Func<Socket, Task> connect)
        : this(new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp), endPoint.Address) =>
        _connecting = SignalFailureAsync(connect(_socket));

    /// <summary>Starts to connect immediately, so that the connect and the next command share one round trip.</summary>
    public static PreparedDataConnection Connect(IPEndPoint endPoint, TimeSpan limit) =>
        new(endPoint, socket => ConnectAsync(socket, endPoint, limit));

    /// <summary>Starts to connect to a host through the proxy of the options.</summary>
    /// <param name="proxy">The address at which the control connection reached the proxy.</param>
    /// <param name="options">The options.</param>
    /// <param name="host">The host that the proxy connects to.</param>
    /// <param name="port">The port that the proxy connects to.</param>
    public static PreparedDataConnection ConnectThroughProxy(IPEndPoint proxy, FtpClientOptions options, string host, int port) =>
        new(proxy, async socket =>
    {
        await ProxyTunnel.ConnectToProxyAsync(
            socket, options.Proxy!, proxy, options.Timeouts.Connect, CancellationToken.None).ConfigureAwait(false);
        await ProxyTunnel.OpenAsync(socket, options, host, port, CancellationToken.None).ConfigureAwait(false);
    });

    /// <summary>
    /// Listens on a free port of a local address. Connections from addresses other than <paramref name="peer"/> are closed.
    /// </summary>
    public static PreparedDataConnection Listen(IPAddress local, IPAddress peer)
    {
        var socket = new Socket(local.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(local, 0));
        socket.Listen(1);
        return new PreparedDataConnection(socket, peer);
    }

    /// <summary>
    /// Cancelled if the connection attempt fails. Some servers reply only after the data connection is open, so a failed attempt must also
    /// end the wait for the reply.
    /// </summary>
    public CancellationToken ConnectFailed => _connectFailed.Token;

    /// <summary>Whether the server opens the connection (active mode).</summary>
    public bool IsListener => _connecting is null;

    /// <summary>The local address. In active mode, the server connects to it.</summary>
    public IPEndPoint LocalEndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>Waits for the connection and returns its socket, which the caller then owns.</summary>
    /// <exception cref="FtpConnectionException">No connection could be opened within <paramref name="limit"/>.</exception>
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

    /// <summary>
    /// Resets the socket, unless a caller of <see cref="WaitForSocketAsync"/> owns it. The socket is not closed in an orderly way, because
    /// a server that accepted the connection would treat such a close as a complete, empty upload.
    /// </summary>
    public void Dispose()
    {
        if (!ReferenceEquals(_socket, _connected))
        {
            Reset(_socket);
            // Observes a later failure of the connection attempt, which no caller awaits.
            _connecting?.ContinueWith(
                static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }

    /// <summary>Accepts the connection of the server and closes connections from other addresses.</summary>
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

    /// <summary>Closes a socket with a TCP reset, so that the peer does not receive an orderly end of the data.</summary>
    public static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The socket is already closed.
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

    /// <summary>Awaits the connection attempt. If it fails, cancels <see cref="ConnectFailed"/>.</summary>
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
