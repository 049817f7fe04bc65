using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Fts.Protocol;
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
/// An FTP server (RFC 959) with TLS (RFC 4217) and the extensions of RFC 2389, 2428, 2640, 3659 and 7151. An instance can be started and
/// stopped once. Sessions run on the server's own threads and on thread-pool threads, never on the synchronization context of the caller.
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
    private long _lastSessionId;
    private int _unfinishedSessionCount; // the size of _sessions, but decremented only after the end of the session was logged
    private bool _isAdmissionClosed;
    private bool _isDisposed;

    /// <summary>Creates a server that does not listen yet.</summary>
    /// <exception cref="ArgumentException">An option is missing or invalid.</exception>
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

    /// <summary>The address on which the server listens. After the start, the port is the actual port, never 0.</summary>
    public IPEndPoint EndPoint { get; private set; }

    /// <summary>
    /// The address on which the server listens for implicit TLS connections. Null before the start, and if implicit TLS is not enabled.
    /// </summary>
    public IPEndPoint? ImplicitTlsEndPoint { get; private set; }

    /// <summary>The number of open control connections.</summary>
    public int SessionCount => _sessions.Count;

    /// <summary>
    /// Whether the server serves: it accepts the connections that wait, and its monitor checks the sessions. False before the start, after
    /// the stop, and if the server has made no progress for some seconds. A service manager can restart a server that does not respond.
    /// </summary>
    /// <remarks>
    /// While the server stops, only the monitor is checked. On systems other than Linux, waiting connections are not counted.
    /// </remarks>
    public bool IsResponsive => Health is { } health && !_stopped.IsCancellationRequested
        && health.IsResponsive(Environment.TickCount64, isAccepting: !_stopping.IsCancellationRequested);

    internal FtpServerOptions Options { get; }

    /// <summary>The progress of the background loops. Null before the start.</summary>
    internal ServerHealth? Health { get; private set; }

    internal ServedHosts Hosts { get; }

    internal HashCache HashCache { get; } = new();

    internal RunningUploads RunningUploads { get; }

    internal PumpSelector Pumps { get; }

    internal SuppressedPartialSizes SuppressedPartialSizes { get; } = new();

    internal SortingBudget SortingBudget { get; }

    internal LoginThrottle LoginThrottle { get; }

    internal ProxyHeaderReader ProxyHeaders { get; }

    internal PassiveAddresses PassiveAddresses { get; }

    /// <summary>The passive ports that all sessions share. Null if no range is configured: each session then opens its own port.</summary>
    internal PassivePorts? PassivePorts { get; }

    internal IEnumerable<Session> Sessions => _sessions.Select(entry => entry.Value);

    /// <summary>Binds the control ports, starts to accept connections, and returns a completed task.</summary>
    /// <exception cref="SocketException">
    /// A control port cannot be bound, for example because it is in use or its address does not belong to this machine.
    /// </exception>
    /// <exception cref="InvalidOperationException">The server was already started or stopped.</exception>
    /// <exception cref="ObjectDisposedException">The server was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was already cancelled.</exception>
    /// <param name="cancellationToken">Cancels the start, before the ports are bound. Does not stop a started server.</param>
    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        Listen();
        return Task.CompletedTask;
    }

    /// <summary>Opens the listeners and starts the background loops.</summary>
    private void Listen()
    {
        if (_listeners.Count > 0 || _stopping.IsCancellationRequested)
        {
            throw new InvalidOperationException("The server was already started or stopped. Create a new instance.");
        }

        try
        {
            _listeners.Add(Options.ListeningSocket is { } opened
                ? ControlListener.Adopt(opened, Options.ControlKeepAlive)
                : ControlListener.Open(Options.EndPoint, Options.ControlKeepAlive));
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
        Health = new ServerHealth(_listeners);
        _acceptTask = Task.WhenAll(_listeners.Select((listener, i) => Task.Run(
            () => ControlListener.AcceptAsync(
                listener, socket => HandleConnection(socket, isImplicitTls: i > 0), () => Health.RecordAccept(i), Options.Logger,
                _stopping.Token))));
        // The monitor runs until the last session has ended. The other loops end when the server begins to stop.
        _monitorTask = Task.Run(() => SessionMonitor.RunAsync(this, _stopped.Token));
        _maintenanceTask = Task.WhenAll(
            Task.Run(() => PassiveAddresses.RunAsync(_stopping.Token)), Task.Run(() => PartialUploadSweep.RunAsync(this, _stopping.Token)));
    }

    /// <summary>
    /// Stops accepting connections, and closes sessions that have no transfer (421). Running transfers may continue for
    /// <see cref="FtpServerOptions.DrainTimeout"/>. After that time, the remaining sessions are closed.
    /// </summary>
    /// <remarks>
    /// Takes at most the sum of the drain timeout, <see cref="FtpServerOptions.CloseTimeout"/> and one second. After that time, sessions
    /// whose store or authenticator has not returned are abandoned: their number is logged, and the server no longer waits for them.
    /// </remarks>
    /// <param name="cancellationToken">Aborts the running transfers before the drain timeout. Does not cancel the stop itself.</param>
    public Task StopAsync(CancellationToken cancellationToken = default) => StopAfterDrainAsync(Options.DrainTimeout, cancellationToken);

    private async Task StopAfterDrainAsync(TimeSpan drainTimeout, CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        _listeners.ForEach(listener => listener.Dispose());
        await _acceptTask;
        lock (_admissionLock)
        {
            _isAdmissionClosed = true; // rejects connections that are still sending their PROXY header
            SignalIfAllSessionsEnded();
        }

        await DrainAsync(drainTimeout, cancellationToken);
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

    /// <summary>Stops the server without a drain: running transfers are aborted, and their uploads are not published.</summary>
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

    /// <summary>Removes a session that has ended or could not start, so that it no longer counts towards the limits.</summary>
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
                _unfinishedSessionCount--;
                SignalIfAllSessionsEnded();
            }
        }
    }

    /// <summary>
    /// Reloads certificate files that have changed. Without this call, the server reloads them at a later handshake. Running sessions and
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

    /// <summary>Waits for a task, and returns whether it completed before the timeout. Exceptions of the task are ignored.</summary>
    private static async Task<bool> WaitForEndAsync(Task task, TimeSpan timeout)
    {
        await task.WaitAsync(timeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.IsCompleted;
    }

    /// <summary>
    /// Waits until no session is left, the timeout expires or the token is cancelled. Meanwhile, ends every session that has no transfer.
    /// </summary>
    private async Task DrainAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        waiting.CancelAfter(timeout);
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
    /// Closes the connections of the remaining sessions, and waits at most one second for the sessions to end. Sessions that still wait for
    /// a store or an authenticator are abandoned and logged.
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

    /// <summary>
    /// Admits or rejects a new connection. If it comes from a load balancer, its PROXY header is read first. Must not block, because the
    /// accept loop calls this method.
    /// </summary>
    private void HandleConnection(Socket socket, bool isImplicitTls)
    {
        ConnectionEndPoints endPoints;
        try
        {
            socket.NoDelay = true;
            // Clients may send a Telnet Synch, which has an urgent byte, before ABOR (RFC 959 §4.1.3). With this option, the urgent byte
            // stays in the stream, and the line reader removes it.
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

            ProxyHeaders.StartReading(socket, clientEndPoints => AdmitOrReject(socket, isImplicitTls, clientEndPoints), _stopping.Token);
        }
        else
        {
            AdmitOrReject(socket, isImplicitTls, endPoints);
        }
    }

    /// <summary>Starts the session if the limits permit it; otherwise rejects the connection.</summary>
    private void AdmitOrReject(Socket socket, bool isImplicitTls, ConnectionEndPoints endPoints)
    {
        var session = new Session(this, Interlocked.Increment(ref _lastSessionId), socket, isImplicitTls, endPoints);
        var block = AddressBlock.FromAddress(endPoints.Peer.Address);
        bool isExempt = IPAddress.IsLoopback(endPoints.Peer.Address) && !Options.ShouldLimitLoopback;
        int limit = isExempt ? int.MaxValue : Options.MaxSessionsPerAddress;
        // Several threads admit connections, so checking the limits and acquiring a slot must be one atomic step.
        Rejection? rejection;
        lock (_admissionLock)
        {
            rejection = FindRejection(socket, block, limit);
            if (rejection is null)
            {
                _sessionsPerAddress.AddOrUpdate(block, 1, (_, count) => count + 1);
                _sessions[session.Id] = session;
                _unfinishedSessionCount++;
            }
        }

        if (rejection is not null)
        {
            _ = RejectAsync(session, rejection);
            return;
        }

        try
        {
            Log.Connected(Options.Logger, session.Id, session.Peer);
            _ = new SessionLoop(session).RunAsync(); // from now on, the loop disposes the session and calls RemoveSession
        }
        catch (Exception)
        {
            ReleaseUnstartedSession(session);
            throw;
        }
    }

    /// <summary>Returns why a connection cannot be admitted, or null if it can. Requires the admission lock.</summary>
    private Rejection? FindRejection(Socket socket, AddressBlock block, int limit)
    {
        if (_isAdmissionClosed)
        {
            return new Rejection(Replies.Stopping, "the server is stopping");
        }

        if (_sessions.Count >= Options.MaxSessions)
        {
            return new Rejection(Replies.TooManySessions, "too many sessions");
        }

        if (_sessionsPerAddress.GetValueOrDefault(block) >= limit)
        {
            return new Rejection(Replies.TooManySessions, "too many sessions from this address");
        }

        return _descriptorReserve.Contains(socket) ? new Rejection(Replies.TooManySessions, "too few free file descriptors") : null;
    }

    /// <summary>Removes a session whose loop did not start, and closes its socket.</summary>
    private void ReleaseUnstartedSession(Session session)
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

    /// <summary>Sends 421 and closes the connection. A rejected connection does not count towards the limits.</summary>
    private async Task RejectAsync(Session session, Rejection rejection)
    {
        try
        {
            Log.Rejected(Options.Logger, session.Id, session.Peer, rejection.Reason);
            // A client that expects a TLS handshake cannot read a reply.
            if (!session.IsImplicitTls)
            {
                session.Queue(rejection.Reply);
            }

            using var timeLimit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await session.Channel.FlushAsync(timeLimit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client disconnected, or did not read the reply within the time limit.
        }
        finally
        {
            await session.Channel.DisposeAsync();
            session.Dispose();
        }
    }

    /// <summary>
    /// Completes <see cref="_allSessionsEnded"/> if no session is left and no new session can start. The caller must hold
    /// <see cref="_admissionLock"/>.
    /// </summary>
    private void SignalIfAllSessionsEnded()
    {
        if (_isAdmissionClosed && _unfinishedSessionCount == 0)
        {
            _allSessionsEnded.TrySetResult();
        }
    }

    /// <summary>Why a connection was not admitted.</summary>
    /// <param name="Reply">The reply for the client.</param>
    /// <param name="Reason">The reason for the log.</param>
    private sealed record Rejection(FtpReply Reply, string Reason);
}
