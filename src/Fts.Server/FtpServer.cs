using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Fts.Server.Hashing;

namespace Fts.Server;

/// <summary>
/// An FTP server: RFC 959 with 2389, 2428, 2640 and 3659. Made from options, started once, stopped once. Its work runs on the
/// thread pool's and the sockets' threads, never on the caller's context.
/// </summary>
public sealed class FtpServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, (Session Session, Task Running)> _sessions = new();
    private readonly ConcurrentDictionary<IPAddress, int> _perAddress = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Socket> _listeners = [];
    private Task _accepting = Task.CompletedTask;
    private Task _watching = Task.CompletedTask;
    private long _lastId;
    private bool _disposed;

    /// <summary>A server with these options, not yet listening.</summary>
    /// <exception cref="ArgumentException">An option is missing or out of range.</exception>
    public FtpServer(FtpServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
        Hosts = new ServedHosts(options);
        EndPoint = options.EndPoint;
    }

    /// <summary>Where it listens; once started, with the port it got.</summary>
    public IPEndPoint EndPoint { get; private set; }

    /// <summary>Where it listens for connections that are TLS from their first byte; null where it does not.</summary>
    public IPEndPoint? ImplicitTlsEndPoint { get; private set; }

    /// <summary>Control connections open now.</summary>
    public int SessionCount => _sessions.Count;

    internal FtpServerOptions Options { get; }

    internal ServedHosts Hosts { get; }

    internal HashCache Hashes { get; } = new();

    internal IEnumerable<Session> Sessions => _sessions.Values.Select(entry => entry.Session);

    /// <summary>Binds and begins to accept.</summary>
    /// <exception cref="SocketException">The port is in use, or the address is not this machine's.</exception>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    public void Start()
    {
        if (_listeners.Count > 0)
        {
            throw new InvalidOperationException("The server was started before.");
        }

        try
        {
            _listeners.Add(Listen(Options.EndPoint));
            if (Options.ImplicitTlsEndPoint is { } implicitTls)
            {
                _listeners.Add(Listen(implicitTls));
                ImplicitTlsEndPoint = (IPEndPoint)_listeners[1].LocalEndPoint!;
            }
        }
        catch (SocketException)
        {
            _listeners.ForEach(listener => listener.Dispose());
            _listeners.Clear();
            throw;
        }

        EndPoint = (IPEndPoint)_listeners[0].LocalEndPoint!;
        _accepting = Task.WhenAll(_listeners.Select((listener, i) => Task.Run(() => AcceptAsync(listener, isImplicit: i > 0))));
        _watching = Task.Run(() => SessionWatch.RunAsync(this, _stopping.Token));
    }

    /// <summary>
    /// Stops accepting, says goodbye to idle sessions, gives running transfers up to <paramref name="drain"/>, then ends what is left.
    /// Cancelling ends the waiting, not the stop.
    /// </summary>
    public async Task StopAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        _listeners.ForEach(listener => listener.Dispose());
        await _accepting;
        await _watching;

        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        waiting.CancelAfter(drain);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!_sessions.IsEmpty && !waiting.IsCancellationRequested)
        {
            foreach (Session session in Sessions.Where(session => session.Transfer is null))
            {
                session.End(Replies.Stopping);
            }

            await poll.WaitForNextTickAsync(CancellationToken.None);
        }

        foreach (Session session in Sessions)
        {
            session.End(Replies.Stopping);
        }

        await Task.WhenAll(_sessions.Values.Select(entry => entry.Running));
    }

    /// <summary>Stops at once: transfers are cut off, their uploads not published.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await StopAsync(TimeSpan.Zero, CancellationToken.None);
            _stopping.Dispose();
        }
    }

    private static Socket Listen(IPEndPoint endPoint)
    {
        var listener = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
            {
                listener.DualMode = true;
            }

            listener.Bind(endPoint);
            listener.Listen(512);
            return listener;
        }
        catch (SocketException)
        {
            listener.Dispose();
            throw;
        }
    }

    private async Task AcceptAsync(Socket listener, bool isImplicit)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                Welcome(await listener.AcceptAsync(_stopping.Token), isImplicit);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException) when (_stopping.IsCancellationRequested)
            {
                return; // the listener was closed under the call
            }
            catch (SocketException e)
            {
                // A peer that left the queue, or no descriptor free: neither ends the server, and the second passes when a session ends.
                Log.AcceptFailed(Options.Logger, e.Message);
                await Task.Delay(e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable ? 100 : 1);
            }
        }
    }

    private void Welcome(Socket socket, bool isImplicit)
    {
        long id = Interlocked.Increment(ref _lastId);
        Session session;
        try
        {
            socket.NoDelay = true;
            // The urgent mark of ABOR's Telnet Synch stays in the stream, in its place, where the line reader takes it out.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.OutOfBandInline, true);
            session = new Session(this, id, socket, isImplicit);
        }
        catch (SocketException)
        {
            socket.Dispose(); // gone before it was welcomed
            return;
        }

        if (_sessions.Count >= Options.MaxSessions || _perAddress.GetValueOrDefault(session.Peer.Address) >= Options.MaxSessionsPerAddress)
        {
            _ = TurnAwayAsync(session);
            return;
        }

        Log.Connected(Options.Logger, id, session.Peer);
        _perAddress.AddOrUpdate(session.Peer.Address, 1, (_, count) => count + 1);
        var ended = new TaskCompletionSource();
        _sessions[id] = (session, ended.Task);
        _ = ServeAsync(session, ended);
    }

    /// <summary>Says so and closes at once: who is turned away takes no place, however long it would stay.</summary>
    private async Task TurnAwayAsync(Session session)
    {
        Log.TurnedAway(Options.Logger, session.Id, session.Peer);
        try
        {
            // A peer that expects TLS would not understand.
            if (!session.IsImplicit)
            {
                session.Queue(Replies.TooManySessions);
            }

            using var budget = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await session.Channel.FlushAsync(budget.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // It did not wait for the answer.
        }

        await session.Channel.DisposeAsync();
        session.Dispose();
    }

    private async Task ServeAsync(Session session, TaskCompletionSource ended)
    {
        await new SessionLoop(session).RunAsync();
        _perAddress.AddOrUpdate(session.Peer.Address, 0, (_, count) => count - 1);
        _perAddress.TryRemove(new KeyValuePair<IPAddress, int>(session.Peer.Address, 0));
        _sessions.TryRemove(session.Id, out _);
        Log.Disconnected(Options.Logger, session.Id);
        ended.SetResult();
    }
}
