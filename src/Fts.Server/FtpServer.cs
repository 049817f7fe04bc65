using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.Access;
using Fts.Server.Access.Bans;
using Fts.Server.Data.Copy;
using Fts.Server.Data.Passive;
using Fts.Server.Hashing;
using Fts.Server.Hosts;
using Fts.Server.Listings;
using Fts.Server.ProxyProtocol;
using Fts.Server.Sessions;
using Fts.Server.Telemetry;
using Fts.Server.Uploads;
using Microsoft.Extensions.Logging;

namespace Fts.Server;

/// <summary>
/// An FTP server (RFC 959) with TLS (RFC 4217) and the extensions of RFC 2389, 2428, 2640, 3659 and 7151. An instance can be started and
/// stopped once. Sessions run on the server's own threads and on thread-pool threads, never on the synchronization context of the caller.
/// </summary>
public sealed class FtpServer : IAsyncDisposable
{
    /// <summary>The name of the meter (<c>System.Diagnostics.Metrics</c>) and of the activity source of every server.</summary>
    public const string TelemetryName = "Fts.Server";
    /// <summary>The minimum time in milliseconds between two warnings about connections that a ban or a rate limit rejects.</summary>
    private const long RejectionLogInterval = 1000;

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
    private long _rejectionLoggedAt = -RejectionLogInterval; // in Environment.TickCount64 milliseconds
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
        Metrics = new ServerMetrics(this);
        SortingBudget = new SortingBudget(options.MaxListingEntriesInMemory);
        Hosts = new ServedHosts(options);
        EndPoint = options.EndPoint;
        RunningUploads = new RunningUploads(options.UploadTakeoverDelay);
        Pumps = new PumpSelector(options.MinKernelCopyBytes);
        LoginThrottle = new LoginThrottle(options);
        NegativeLoginTime = new NegativeLoginTime(options.TimeProvider);
        ConnectionRate = new ConnectionRate(options.MaxConnectionsPerSecond, options.MaxConnectionsPerSecondPerAddress);
        Bans = options.Bans is { } bans ? new FtpBanList(options, bans) : null;
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

    /// <summary>Whether the stop of the server has begun.</summary>
    internal bool IsStopping => _stopping.IsCancellationRequested;

    /// <summary>The number of open control connections.</summary>
    public int SessionCount => _sessions.Count;

    /// <summary>The bans, or null if <see cref="FtpServerOptions.Bans"/> is null.</summary>
    public FtpBanList? Bans { get; }

    internal ServerMetrics Metrics { get; }

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

    internal NegativeLoginTime NegativeLoginTime { get; }

    internal ConnectionRate ConnectionRate { get; }

    internal AccountSessions AccountSessions { get; } = new();

    internal ProxyHeaderReader ProxyHeaders { get; }

    internal PassiveAddresses PassiveAddresses { get; }

    /// <summary>The passive ports that all sessions share. Null if no range is configured: each session then opens its own port.</summary>
    internal PassivePorts? PassivePorts { get; }

    internal IEnumerable<Session> Sessions => _sessions.Select(entry => entry.Value);

    /// <summary>
    /// Reads the stored bans, binds the control ports and starts to accept connections. Returns a completed task, unless the store of the
    /// bans must wait.
    /// </summary>
    /// <exception cref="SocketException">
    /// A control port cannot be bound, for example because it is in use or its address does not belong to this machine.
    /// </exception>
    /// <exception cref="InvalidOperationException">The server was already started or stopped.</exception>
    /// <exception cref="ObjectDisposedException">The server was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was already cancelled.</exception>
    /// <param name="cancellationToken">Cancels the start, before the ports are bound. Does not stop a started server.</param>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        if (Bans is not null)
        {
            await Bans.TryRefreshAsync(cancellationToken);
        }

        Listen();
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
            Task.Run(() => PassiveAddresses.RunAsync(_stopping.Token)),
            Task.Run(() => PartialUploadSweep.RunAsync(this, _stopping.Token)),
            Task.Run(() => Bans?.RunAsync(_stopping.Token) ?? Task.CompletedTask));
    }

    /// <summary>
    /// Stops accepting connections, and closes sessions that have no transfer (421). Running transfers may continue for
    /// <see cref="FtpServerOptions.DrainTimeout"/>. After a transfer, the session executes further commands, for example QUIT, MFMT and
    /// RNTO. A command that transfers another file is refused (421). The session is closed two seconds after the refusal, or if no command
    /// arrives for two seconds. After the drain timeout, the remaining sessions are closed.
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
        if (Bans is not null)
        {
            await WaitForEndAsync(Bans.CompleteAsync(), Options.CloseTimeout);
        }

        PassivePorts?.Dispose();
        ConnectionRate.Dispose();
    }

    /// <summary>Stops the server without a drain: running transfers are aborted, and their uploads are not published.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            await StopAfterDrainAsync(TimeSpan.Zero, CancellationToken.None);
            Metrics.Dispose();
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
        Metrics.AddSession(-1);
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

    /// <summary>Returns the state of all open sessions, ordered by <see cref="FtpSessionInfo.Id"/>.</summary>
    /// <remarks>The sessions continue during this call. It needs a few microseconds for each session.</remarks>
    public IReadOnlyList<FtpSessionInfo> GetSessions()
    {
        DateTimeOffset now = Options.TimeProvider.GetUtcNow();
        return [.. Sessions.Select(session => SessionSnapshot.Create(session, now)).OrderBy(session => session.Id)];
    }

    /// <summary>Ends one session: aborts its transfer (426), sends 421 and closes the control connection.</summary>
    /// <param name="id">The number of the session.</param>
    /// <param name="reason">The text of the 421 reply, for example "Session ended by the administrator."</param>
    /// <returns>False if no open session has this number, or the session is already ending.</returns>
    /// <exception cref="ArgumentException">The reason is empty.</exception>
    public bool EndSession(long id, string reason) =>
        EndSessions(_sessions.TryGetValue(id, out Session? session) ? [session] : [], reason) > 0;

    /// <summary>Ends the sessions that match a condition, as <see cref="EndSession"/> does.</summary>
    /// <param name="predicate">Returns whether to end a session.</param>
    /// <param name="reason">The text of the 421 replies.</param>
    /// <returns>The number of ended sessions.</returns>
    /// <exception cref="ArgumentException">The reason is empty.</exception>
    public int EndSessions(Func<FtpSessionInfo, bool> predicate, string reason)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        DateTimeOffset now = Options.TimeProvider.GetUtcNow();
        return EndSessions(Sessions.Where(session => predicate(SessionSnapshot.Create(session, now))), reason);
    }

    private int EndSessions(IEnumerable<Session> sessions, string reason)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        string text = reason.ToPrintable();
        int count = 0;
        foreach (Session session in sessions.Where(session => session.EndedAt == 0))
        {
            Log.SessionEnded(Options.Logger, session.Id, text);
            session.End(new FtpReply(FtpReplyCode.ServiceNotAvailable, text));
            count++;
        }

        return count;
    }

    /// <summary>Waits for a task, and returns whether it completed before the timeout. Exceptions of the task are ignored.</summary>
    private static async Task<bool> WaitForEndAsync(Task task, TimeSpan timeout)
    {
        await task.WaitAsync(timeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.IsCompleted;
    }

    /// <summary>
    /// Waits until no session is left, the timeout expires or the token is cancelled. Meanwhile, ends every session that has no transfer
    /// and whose last transfer did not just end.
    /// </summary>
    private async Task DrainAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        waiting.CancelAfter(timeout);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!_sessions.IsEmpty && !waiting.IsCancellationRequested)
        {
            foreach (Session session in Sessions.Where(session => session.CanEndAtStop))
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
        Rejection? rejection = FindBanOrRateRejection(endPoints.Peer.Address, block, isExempt);
        if (rejection is not null)
        {
            _ = RejectAsync(session, rejection);
            return;
        }

        // Several threads admit connections, so checking the limits and acquiring a slot must be one atomic step.
        lock (_admissionLock)
        {
            rejection = FindRejection(socket, block, limit);
            if (rejection is null)
            {
                _sessionsPerAddress.AddOrUpdate(block, 1, (_, count) => count + 1);
                _sessions[session.Id] = session;
                _unfinishedSessionCount++;
                Metrics.AddSession(1);
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

    /// <summary>Returns the rejection of a connection by a ban of its address or by a rate limit, or null.</summary>
    private Rejection? FindBanOrRateRejection(IPAddress address, AddressBlock block, bool isExempt)
    {
        if (Bans?.Find(address, account: null) is { } ban)
        {
            return new Rejection(Replies.Banned, $"{ban.Subject} is banned until {FtpBanList.Describe(ban)}") { IsFrequent = true };
        }

        return isExempt || ConnectionRate.TryAcquire(block)
            ? null
            : new Rejection(Replies.TooManyNewConnections, "too many new connections in this second") { IsFrequent = true };
    }

    /// <summary>
    /// Logs a rejection. A client can cause frequent rejections without a limit, so only one of them in a second is logged as a warning.
    /// </summary>
    private void LogRejection(Session session, Rejection rejection)
    {
        long now = Environment.TickCount64, last = Volatile.Read(ref _rejectionLoggedAt);
        bool isWarning = !rejection.IsFrequent ||
            (now - last >= RejectionLogInterval && Interlocked.CompareExchange(ref _rejectionLoggedAt, now, last) == last);
        if (isWarning)
        {
            Log.Rejected(Options.Logger, session.Id, session.Peer, rejection.Reason, rejection.Rule);
        }
        else
        {
            Log.RejectedAgain(Options.Logger, session.Id, session.Peer, rejection.Reason, rejection.Rule);
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
            LogRejection(session, rejection);
            Metrics.AddRefusal(rejection.Rule);
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
    private sealed record Rejection(FtpReply Reply, string Reason)
    {
        /// <summary>The name of the rule, for the log and the metrics.</summary>
        public string Rule => RefusalRules.Find(Reply) ?? RefusalRules.Admission;

        /// <summary>Whether one client can cause such rejections at any rate.</summary>
        public bool IsFrequent { get; init; }
    }
}
