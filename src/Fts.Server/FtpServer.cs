using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Fts.Server.Access;
using Fts.Server.Data.Copy;
using Fts.Server.Data.Passive;
using Fts.Server.Hashing;
using Fts.Server.Hosts;
using Fts.Server.Listings;
using Fts.Server.ProxyProtocol;
using Fts.Server.Sessions;
using Fts.Server.Uploads;
using Microsoft.Extensions.Logging;

namespace Fts.Server;

/// <summary>
/// An FTP server (RFC 959, 2389, 2428, 2640, 3659). An instance can be started and stopped once. All work runs on threads of the pool,
/// never on the synchronization context of the caller.
/// </summary>
public sealed class FtpServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, Session> _sessions = new();
    private readonly ConcurrentDictionary<AddressBlock, int> _sessionsPerAddress = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _admissionLock = new();
    private readonly DescriptorReserve _descriptorReserve = new();
    private readonly TaskCompletionSource _allSessionsEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Socket> _listeners = [];
    private Task _acceptTask = Task.CompletedTask;
    private Task _monitorTask = Task.CompletedTask;
    private Task _maintenanceTask = Task.CompletedTask;
    private long _lastId;
    private int _runningCount;
    private bool _isAdmissionClosed;
    private bool _isDisposed;

    /// <summary>Creates a server that does not listen yet.</summary>
    /// <exception cref="ArgumentException">An option is missing or out of range.</exception>
    public FtpServer(FtpServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (options.LoggerFactory is { } factory)
        {
            options = options with { Logger = factory.CreateLogger<FtpServer>() };
        }

        Options = options;
        SortingBudget = new SortingBudget(options.MaxListingEntriesInMemory);
        Hosts = new ServedHosts(options);
        EndPoint = options.EndPoint;
        RunningUploads = new RunningUploads(options.UploadTakeoverDelay);
        Pumps = new PumpSelector(options.MinKernelCopyBytes);
        LoginThrottle = new LoginThrottle(options);
        ProxyHeaders = new ProxyHeaderReader(options);
        PassiveAddresses = new PassiveAddresses(options);
        PassivePorts = options.PassivePorts is { } ports ? new PassivePorts(this, ports) : null;
    }

    /// <summary>The address on which the server listens. After the start, it contains the actual port.</summary>
    public IPEndPoint EndPoint { get; private set; }

    /// <summary>The address on which the server listens for implicit TLS connections; null if it does not.</summary>
    public IPEndPoint? ImplicitTlsEndPoint { get; private set; }

    /// <summary>The number of open control connections.</summary>
    public int SessionCount => _sessions.Count;

    internal FtpServerOptions Options { get; }

    internal ServedHosts Hosts { get; }

    internal HashCache HashCache { get; } = new();

    internal RunningUploads RunningUploads { get; }

    internal PumpSelector Pumps { get; }

    internal SuppressedPartialSizes SuppressedPartialSizes { get; } = new();

    internal SortingBudget SortingBudget { get; }

    internal LoginThrottle LoginThrottle { get; }

    internal ProxyHeaderReader ProxyHeaders { get; }

    internal PassiveAddresses PassiveAddresses { get; }

    /// <summary>The shared passive ports; null if each session has its own port.</summary>
    internal PassivePorts? PassivePorts { get; }

    internal IEnumerable<Session> Sessions => _sessions.Select(entry => entry.Value);

    /// <summary>Binds the control ports and starts to accept connections. The returned task is complete.</summary>
    /// <exception cref="SocketException">The port is in use, or the address does not belong to this machine.</exception>
    /// <exception cref="InvalidOperationException">The server was already started or stopped.</exception>
    /// <exception cref="ObjectDisposedException">The server was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was already cancelled.</exception>
    /// <param name="cancellationToken">Checked before the ports are bound. It does not stop the server later.</param>
    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        Listen();
        return Task.CompletedTask;
    }

    private void Listen()
    {
        if (_listeners.Count > 0 || _stopping.IsCancellationRequested)
        {
            throw new InvalidOperationException("The server was already started or stopped.");
        }

        try
        {
            _listeners.Add(ControlListener.Open(Options.EndPoint, Options.ControlKeepAlive));
            if (Options.ImplicitTlsEndPoint is { } implicitTls)
            {
                _listeners.Add(ControlListener.Open(implicitTls, Options.ControlKeepAlive));
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
        _acceptTask = Task.WhenAll(_listeners.Select((listener, i) => Task.Run(
            () => ControlListener.AcceptAsync(
                listener, socket => HandleConnection(socket, isImplicit: i > 0), Options.Logger, _stopping.Token))));
        // The monitor runs until the last session has ended. The other loops end when the server begins to stop.
        _monitorTask = Task.Run(() => SessionMonitor.RunAsync(this, _stopped.Token));
        _maintenanceTask = Task.WhenAll(
            Task.Run(() => PassiveAddresses.RunAsync(_stopping.Token)), Task.Run(() => PartialUploadSweep.RunAsync(this, _stopping.Token)));
    }

    /// <summary>
    /// Stops accepting and closes idle sessions with 421. Running transfers may continue for
    /// <see cref="FtpServerOptions.DrainTimeout"/>; then the remaining sessions are closed.
    /// </summary>
    /// <remarks>
    /// Returns at most one second after the drain timeout and <see cref="FtpServerOptions.CloseTimeout"/>. If a store or an
    /// authenticator has not returned by that time, its session is disconnected, logged and abandoned.
    /// </remarks>
    /// <param name="cancellationToken">Ends the drain early: running transfers are aborted. It does not cancel the stop.</param>
    public Task StopAsync(CancellationToken cancellationToken = default) => StopAfterDrainAsync(Options.DrainTimeout, cancellationToken);

    private async Task StopAfterDrainAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        _listeners.ForEach(listener => listener.Dispose());
        await _acceptTask;
        lock (_admissionLock)
        {
            _isAdmissionClosed = true; // rejects connections that are still sending their PROXY header
            SignalIfAllSessionsEnded();
        }

        await DrainAsync(drain, cancellationToken);
        foreach (Session session in Sessions)
        {
            session.End(Replies.Stopping);
        }

        Task ended = Task.WhenAll(_allSessionsEnded.Task, _maintenanceTask);
        if (!await WaitForEndAsync(ended, Options.CloseTimeout))
        {
            await DisconnectAllAsync(ended);
        }

        await _stopped.CancelAsync();
        await _monitorTask;
        PassivePorts?.Dispose();
    }

    /// <summary>Stops at once: transfers are aborted, their uploads not published.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            await StopAfterDrainAsync(TimeSpan.Zero, CancellationToken.None);
            _stopping.Dispose();
            _stopped.Dispose();
        }
    }

    /// <summary>Removes a session after the end of its loop, and releases its slot.</summary>
    internal void RemoveSession(Session session)
    {
        var block = AddressBlock.FromAddress(session.Peer.Address);
        _sessionsPerAddress.AddOrUpdate(block, 0, (_, count) => count - 1);
        _sessionsPerAddress.TryRemove(new KeyValuePair<AddressBlock, int>(block, 0));
        _sessions.TryRemove(session.Id, out _);
        try
        {
            Log.Disconnected(Options.Logger, session.Id);
        }
        finally
        {
            lock (_admissionLock)
            {
                _runningCount--;
                SignalIfAllSessionsEnded();
            }
        }
    }

    /// <summary>
    /// Reads changed certificate files again, without waiting for the next handshake, and logs one line. Sessions and
    /// transfers continue.
    /// </summary>
    public void Reload()
    {
        IEnumerable<FtpCertificates?> all = Options.Hosts.Select(host => host.Certificates).Append(Options.Tls?.Certificates);
        foreach (FtpCertificates certificates in all.OfType<FtpCertificates>())
        {
            certificates.Reload(Options.Logger);
        }

        Log.Reloaded(Options.Logger);
    }

    private static async Task<bool> WaitForEndAsync(Task task, TimeSpan timeout)
    {
        await task.WaitAsync(timeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.IsCompleted;
    }

    /// <summary>Ends sessions without a transfer, repeatedly, until no session is left or the time limit is reached.</summary>
    private async Task DrainAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
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
    }

    /// <summary>
    /// Closes the connections of the remaining sessions. A session that still does not end is waiting for a store or an authenticator,
    /// and is abandoned.
    /// </summary>
    private async Task DisconnectAllAsync(Task ended)
    {
        foreach (Session session in Sessions.Where(session => !session.IsDisconnected))
        {
            Log.Disconnecting(Options.Logger, session.Id, "the server is stopping");
            session.Disconnect();
        }

        if (!await WaitForEndAsync(ended, TimeSpan.FromSeconds(1)))
        {
            Log.SessionsAbandoned(Options.Logger, SessionCount);
        }
    }

    /// <summary>Admits a new connection, after its PROXY header if one is required. Must not block.</summary>
    private void HandleConnection(Socket socket, bool isImplicit)
    {
        ConnectionEndPoints endPoints;
        try
        {
            socket.NoDelay = true;
            // The urgent byte of the Telnet Synch of ABOR stays in the stream, and the line reader removes it.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.OutOfBandInline, true);
            endPoints = ConnectionEndPoints.FromSocket(socket);
        }
        catch (SocketException)
        {
            socket.Dispose(); // the client has already disconnected
            return;
        }

        if (ProxyHeaders.RequiresHeader(endPoints.Peer.Address))
        {
            if (_descriptorReserve.Contains(socket))
            {
                Log.OutOfDescriptors(Options.Logger, endPoints.Peer);
                socket.Dispose();
                return;
            }

            ProxyHeaders.StartReading(socket, clientEndPoints => AdmitOrReject(socket, isImplicit, clientEndPoints), _stopping.Token);
        }
        else
        {
            AdmitOrReject(socket, isImplicit, endPoints);
        }
    }

    /// <summary>Starts the session if the limits permit it; otherwise rejects the connection.</summary>
    private void AdmitOrReject(Socket socket, bool isImplicit, ConnectionEndPoints endPoints)
    {
        var session = new Session(this, Interlocked.Increment(ref _lastId), socket, isImplicit, endPoints);
        var block = AddressBlock.FromAddress(endPoints.Peer.Address);
        bool isExempt = IPAddress.IsLoopback(endPoints.Peer.Address) && !Options.ShouldLimitLoopback;
        int limit = isExempt ? int.MaxValue : Options.MaxSessionsPerAddress;
        // Several threads admit connections, so checking the limits and acquiring a slot must be one atomic step.
        bool isAdmitted;
        lock (_admissionLock)
        {
            isAdmitted = !_isAdmissionClosed && _sessions.Count < Options.MaxSessions &&
                _sessionsPerAddress.GetValueOrDefault(block) < limit && !_descriptorReserve.Contains(socket);
            if (isAdmitted)
            {
                _sessionsPerAddress.AddOrUpdate(block, 1, (_, count) => count + 1);
                _sessions[session.Id] = session;
                _runningCount++;
            }
        }

        if (!isAdmitted)
        {
            _ = RejectAsync(session);
            return;
        }

        try
        {
            Log.Connected(Options.Logger, session.Id, session.Peer);
            _ = new SessionLoop(session).RunAsync(); // from now on the loop releases the slot
        }
        catch (Exception)
        {
            ReleaseUnstarted(session);
            throw;
        }
    }

    /// <summary>Releases the slot and the socket of a session if its loop did not start.</summary>
    private void ReleaseUnstarted(Session session)
    {
        try
        {
            RemoveSession(session);
        }
        finally
        {
            session.Socket.Dispose();
            session.Dispose();
        }
    }

    /// <summary>Sends 421 and closes the connection. Rejected connections do not count towards limits.</summary>
    private async Task RejectAsync(Session session)
    {
        try
        {
            Log.Rejected(Options.Logger, session.Id, session.Peer);
            // A client that expects a TLS handshake cannot read a reply.
            if (!session.IsImplicitTls)
            {
                session.Queue(Replies.TooManySessions);
            }

            using var timeLimit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await session.Channel.FlushAsync(timeLimit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client disconnected before it received the reply.
        }
        finally
        {
            await session.Channel.DisposeAsync();
            session.Dispose();
        }
    }

    /// <summary>Signals the end of the last session after the server stopped. The caller must hold <see cref="_admissionLock"/>.</summary>
    private void SignalIfAllSessionsEnded()
    {
        if (_isAdmissionClosed && _runningCount == 0)
        {
            _allSessionsEnded.TrySetResult();
        }
    }
}
