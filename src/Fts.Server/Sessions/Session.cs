using System.Net;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Accounts.Recording;
using Fts.Protocol.Rates;
using Fts.Protocol;
using Fts.Protocol.Deflate;
using Fts.Protocol.Listings;
using Fts.Server.Access;
using Fts.Server.Data;
using Fts.Server.Data.BlockMode;
using Fts.Server.Data.Copy;
using Fts.Server.Data.Rates;
using Fts.Server.Hashing;
using Fts.Server.Hosts;
using Fts.Server.ProxyProtocol;
using Fts.Server.Tls;
using Fts.Storage;

namespace Fts.Server.Sessions;

/// <summary>The action of the session's loop after it has sent the reply to a command.</summary>
internal enum NextAction
{
    /// <summary>Reads the next line.</summary>
    ReadNext,
    /// <summary>Starts TLS on the control connection (AUTH).</summary>
    StartTls,
    /// <summary>Ends TLS on the control connection (CCC).</summary>
    EndTls,
    /// <summary>Closes the control connection.</summary>
    Close,
}

/// <summary>The transfer mode (RFC 959 §3.4, draft-preston-ftpext-deflate).</summary>
internal enum TransferMode
{
    /// <summary>MODE S: the end of the data connection marks the end of the file.</summary>
    Stream,
    /// <summary>MODE Z: each transfer is one zlib stream.</summary>
    Deflate,
    /// <summary>MODE B: one data connection transfers several files, and each file is a sequence of blocks.</summary>
    Block,
}

/// <summary>The state of one control connection. The <see cref="SessionLoop"/> of the session owns and disposes this object.</summary>
internal sealed class Session : IDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private FtpReply? _closingReply;
    private long _endedAt;
    // The number of bytes on the control connection that the client has acknowledged, and the time when this number last changed.
    private long _acknowledgedBytes, _acknowledgedAt;
    private long _loginDelayedSince;
    private DataConnector? _dataConnector;
    private SessionBandwidth? _bandwidth; // created on first use, because most accounts have no rate

    public Session(FtpServer server, long id, Socket socket, bool isImplicit, ConnectionEndPoints endPoints)
    {
        (Server, Id, Socket, IsImplicitTls) = (server, id, socket, isImplicit);
        EndPoints = endPoints;
        PlainStream = new NonBlockingFirstStream(socket, ownsSocket: true);
        Channel = new LineChannel(PlainStream, server.Options.MaxLineLength, refusesBinary: true);
        Tls = server.Options.Tls is { Control: not FtpTlsPolicy.Off } tls ? new SessionTls(tls, isImplicit) : null;
        Host = server.Hosts.Default;
        ConnectedAt = LoginStartedAt = LastActivityAt = Environment.TickCount64;
    }

    // Control connection
    public FtpServer Server { get; }
    /// <summary>The number of the session, for the log.</summary>
    public long Id { get; }
    public Socket Socket { get; }
    /// <summary>
    /// The addresses and ports of the server and the client: from the PROXY header if a load balancer sent one, otherwise from the socket.
    /// </summary>
    public ConnectionEndPoints EndPoints { get; }
    /// <summary>The server's address and port, as in <see cref="EndPoints"/>.</summary>
    public IPEndPoint Local => EndPoints.Local;
    /// <summary>The client's address and port, as in <see cref="EndPoints"/>.</summary>
    public IPEndPoint Peer => EndPoints.Peer;
    /// <summary>Reads the lines and writes the replies of the control connection.</summary>
    public LineChannel Channel { get; }
    /// <summary>The action after the reply to the current command.</summary>
    public NextAction Next { get; set; }
    /// <summary>The time of the connection, in <see cref="Environment.TickCount64"/> milliseconds.</summary>
    public long ConnectedAt { get; }
    /// <summary>The verb of the last command, or null before the first command.</summary>
    public string? LastCommand { get; set; }
    /// <summary>
    /// The start of the login time limit, in <see cref="Environment.TickCount64"/> milliseconds: the time of the connection or of the last
    /// logout, plus all login delays.
    /// </summary>
    public long LoginStartedAt { get; private set; }
    /// <summary>Whether the server is delaying a login. The delay does not count towards the login time limit.</summary>
    public bool IsLoginDelayed => Volatile.Read(ref _loginDelayedSince) != 0;
    /// <summary>
    /// The time of the last received line or of the end of the last transfer, in <see cref="Environment.TickCount64"/> milliseconds. Before
    /// the first line, the time of the connection.
    /// </summary>
    public long LastActivityAt { get; set; }
    /// <summary>The end of the last transfer, in <see cref="Environment.TickCount64"/> milliseconds. 0 before the first transfer.</summary>
    public long LastTransferEndedAt { get; set; }
    /// <summary>
    /// The time when a stopping server first refused a transfer, in <see cref="Environment.TickCount64"/> milliseconds. 0 if none was
    /// refused.
    /// </summary>
    public long RefusedAtStopAt { get; set; }
    /// <summary>The number of lines that were rejected before login.</summary>
    public int RejectedLines { get; set; }
    /// <summary>The number of lines that were received before login.</summary>
    public int LinesBeforeLogin { get; set; }
    /// <summary>Whether a line with content was received.</summary>
    public bool HasReadLine { get; set; }
    /// <summary>Whether a line that was read during a transfer is still to be processed after the transfer.</summary>
    public bool HasLineWaiting { get; set; }
    /// <summary>Whether the client has closed the control connection and no received command is left to process.</summary>
    public bool HasClientDisconnected =>
        !HasLineWaiting && !Channel.HasUnreadInput && Socket.Poll(0, SelectMode.SelectRead) && Socket.Available == 0;

    /// <summary>The unencrypted stream of the socket. With TLS, <see cref="Channel"/> uses a TLS stream on top of it.</summary>
    public NonBlockingFirstStream PlainStream { get; }

    // Security
    /// <summary>The TLS state; null if the server does not support TLS.</summary>
    public SessionTls? Tls { get; }
    /// <summary>Whether TLS encrypts the control connection.</summary>
    public bool IsSecure { get; set; }
    /// <summary>The TLS version of the control connection for the log, for example <c>TLSv1.3</c>, or <c>plain</c> without TLS.</summary>
    public string TlsName => IsSecure ? Tls!.ProtocolName : "plain";
    /// <summary>
    /// The trusted certificate of the client, or null. Also null after CCC, because another host could inject commands into the unencrypted
    /// connection.
    /// </summary>
    public ClientCertificate? Certificate => IsSecure ? Tls?.Certificate : null;
    /// <summary>Whether the connection uses TLS from its first byte.</summary>
    public bool IsImplicitTls { get; }

    // Host
    /// <summary>The selected host (RFC 7151), with its store and its accounts.</summary>
    public ServedHost Host { get; set; }
    /// <summary>The host name that the client sent with HOST, or null if the client sent no HOST, or HOST with an IP address.</summary>
    public string? HostName { get; set; }

    // Login
    /// <summary>The user name that the client sent with USER, or null if the server does not expect PASS.</summary>
    public string? UserName { get; set; }
    /// <summary>The files that the logged-in account can access, or null before login.</summary>
    public UserFiles? Files { get; set; }
    /// <summary>The quota and the events of the session, or null before login and if the server records none.</summary>
    public SessionRecords? Records { get; set; }
    /// <summary>
    /// The store of the account, or of the host if the account has none. It only identifies files; <see cref="Files"/> accesses them.
    /// </summary>
    public IFileStore Store => Files?.Account.Store ?? Host.Store;
    /// <summary>The place of this session among the sessions of its account, or null before login. The session disposes it.</summary>
    public AccountSlot? AccountSlot { get; set; }
    /// <summary>The speed limit of uploads, or null if the account has no upload rate.</summary>
    public BandwidthLimit? UploadLimit => Files?.Account.Limits.UploadRate is { } rate
        ? (_bandwidth ??= new SessionBandwidth(Server.Options.TimeProvider)).GetUpload(rate)
        : null;
    /// <summary>The speed limit of downloads and listings, or null if the account has no download rate.</summary>
    public BandwidthLimit? DownloadLimit => Files?.Account.Limits.DownloadRate is { } rate
        ? (_bandwidth ??= new SessionBandwidth(Server.Options.TimeProvider)).GetDownload(rate)
        : null;
    /// <summary>The number of failed logins on this control connection.</summary>
    public int FailedLogins { get; set; }

    // Protocol state
    public StorePath WorkingDirectory { get; set; }
    public bool IsAscii { get; set; } = true; // RFC 959 §5.1: the default type is ASCII
    /// <summary>The type in the log: <c>A</c> or <c>I</c>.</summary>
    public string TypeCode => IsAscii ? "A" : "I";
    public TransferMode Mode { get; set; }
    /// <summary>The compression level for MODE Z, 0 to 9.</summary>
    public int DeflateLevel { get; set; } = DeflateWriter.DefaultLevel;
    /// <summary>Whether the server reads and discards the data of a refused upload in block mode (OPTS MODE B DRAIN).</summary>
    public bool ShouldDrainRefusedUpload { get; set; }
    /// <summary>The facts in the replies to MLST and MLSD (OPTS MLST).</summary>
    public MlsxFacts Facts { get; set; } = MlsxFacts.Default;
    /// <summary>The hash algorithm that HASH uses.</summary>
    public HashKind Hash { get; set; }
    /// <summary>The parameters that commands such as REST, RNFR and ALLO set for a later command.</summary>
    public CommandSequence Sequence { get; } = new();

    /// <summary>
    /// The path of the last SIZE command that reported the size of a partial upload, while the file with the same path had another size.
    /// Null if there is no such path. The next RETR of this path is rejected.
    /// </summary>
    public StorePath? LastPartialSizePath { get; set; }

    // Data connection
    /// <summary>
    /// The object that establishes the data connections. It is created on first use, because most idle sessions never transfer data.
    /// </summary>
    public DataConnector DataConnector =>
        _dataConnector ??= new DataConnector(Server, ConnectionEndPoints.FromSocket(Socket).Local.Address, Peer.Address);
    /// <summary>The open data connection of block mode, or null.</summary>
    public BlockConnection? BlockConnection => _dataConnector?.BlockConnection;
    /// <summary>
    /// The running transfer, or null. Only the session's loop sets this property. Other threads may abort the transfer.
    /// </summary>
    public Transfer? Transfer { get; set; }

    /// <summary>The token that <see cref="End"/> cancels.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>The last reply of the session (421) if the session was ended from outside its loop; otherwise null.</summary>
    public FtpReply? ClosingReply => _closingReply;

    /// <summary>
    /// The time when the session was ended from outside its loop, in <see cref="Environment.TickCount64"/> milliseconds. 0 if the session
    /// was not ended in this way.
    /// </summary>
    public long EndedAt => Volatile.Read(ref _endedAt);

    /// <summary>Whether <see cref="Disconnect"/> was called.</summary>
    public bool IsDisconnected { get; private set; }

    /// <summary>
    /// Whether a stopping server can end the session now. False during a transfer. After a transfer, false until the client has sent no
    /// command for <see cref="FtpServerOptions.FinalReplyGrace"/>. If the client continues to send commands, false for this time after the
    /// first refused transfer, and for three times as long after the last transfer.
    /// </summary>
    public bool CanEndAtStop
    {
        get
        {
            double grace = Server.Options.FinalReplyGrace.TotalMilliseconds;
            long now = Environment.TickCount64;
            return Transfer is null && (LastTransferEndedAt == 0 || now - LastActivityAt > grace ||
                (RefusedAtStopAt != 0 && now - RefusedAtStopAt > grace) || now - LastTransferEndedAt > 3 * grace);
        }
    }

    /// <summary>Resolves a path relative to the working directory. Returns null if the path is invalid.</summary>
    public StorePath? Resolve(string path) => WorkingDirectory.Resolve(path);

    /// <summary>Queues a reply. The reply is sent when the loop next waits for a line, or by the next flush.</summary>
    public void Queue(FtpReply reply)
    {
        Channel.Queue(reply.Bytes.Span);
        if (Server.Options.CurrentTrace is { } trace)
        {
            foreach (string line in reply.ToString().Split('\n'))
            {
                trace(new FtpServerTrace(Id, IsReply: true, line.ToPrintable()));
            }
        }
    }

    /// <summary>Suspends the login time limit until <see cref="EndLoginDelay"/>.</summary>
    public void StartLoginDelay() => Volatile.Write(ref _loginDelayedSince, Environment.TickCount64);

    /// <summary>Resumes the login time limit.</summary>
    public void EndLoginDelay()
    {
        LoginStartedAt += Environment.TickCount64 - _loginDelayedSince;
        Volatile.Write(ref _loginDelayedSince, 0);
    }

    /// <summary>
    /// Logs the user out and resets the protocol state, for example the working directory and the transfer mode. The selected host stays.
    /// REIN, AUTH and a new USER call this method.
    /// </summary>
    public void Reset()
    {
        if (Files is not null)
        {
            LoginStartedAt = Environment.TickCount64; // only after a login: repeated USER commands must not extend the login time limit
        }

        AccountSlot?.Dispose();
        AccountSlot = null;
        Records = null;
        (UserName, Files, WorkingDirectory, Facts, Hash) = (null, null, StorePath.Root, MlsxFacts.Default, HashKind.Sha256);
        (IsAscii, Mode, DeflateLevel, ShouldDrainRefusedUpload) = (true, TransferMode.Stream, DeflateWriter.DefaultLevel, false);
        LastPartialSizePath = null;
        Sequence.Clear();
        _dataConnector?.Reset();
    }

    /// <summary>
    /// Closes the unused data listener, or releases the reserved passive port, if the last use of the listener or port was before a time.
    /// </summary>
    /// <param name="before">The time, in <see cref="Environment.TickCount64"/> milliseconds.</param>
    public void CloseIdleListener(long before) => _dataConnector?.CloseIdleListener(before);

    /// <summary>
    /// Ends the session from outside its loop: aborts a running transfer and sends the closing reply. Only the first call has an effect,
    /// and returns true.
    /// </summary>
    public bool End(FtpReply closingReply)
    {
        bool isFirst = Interlocked.CompareExchange(ref _closingReply, closingReply, null) is null;
        if (isFirst)
        {
            Volatile.Write(ref _endedAt, Environment.TickCount64);
            Transfer?.Abort(AbortReason.SessionEnded);
            try
            {
                _ending.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The loop has just ended by itself.
            }
        }

        return isFirst;
    }

    /// <summary>
    /// Closes the control connection from outside the loop, immediately and without a reply. Unsent replies are discarded. All pending
    /// operations of the loop fail.
    /// </summary>
    public void Disconnect()
    {
        IsDisconnected = true;
        Socket.Close(0);
        // Ends the loop and the transfer. The reply is not sent, because the socket is closed.
        End(Replies.ControlConnectionTimeout);
    }

    /// <summary>
    /// Returns how many milliseconds ago the client last acknowledged a byte of the reply that is being written. Returns 0 if no write
    /// waits for the client.
    /// </summary>
    /// <param name="now">The current time, in <see cref="Environment.TickCount64"/> milliseconds.</param>
    /// <remarks>
    /// The session monitor calls this method once a second. Only Linux reports acknowledged bytes. On other systems, the result is the time
    /// since the start of the write.
    /// </remarks>
    public long GetUnacknowledgedWriteTime(long now)
    {
        if (Channel.WriteStartedAt is not (> 0 and long since))
        {
            return 0;
        }

        if (Socket.GetAcknowledgedBytes() is { } acknowledged && acknowledged != _acknowledgedBytes)
        {
            (_acknowledgedBytes, _acknowledgedAt) = (acknowledged, now);
        }

        return now - Math.Max(since, _acknowledgedAt);
    }

    /// <summary>Closes the block-mode data connection if a send that started before a time still waits for the client.</summary>
    /// <param name="before">The time, in <see cref="Environment.TickCount64"/> milliseconds.</param>
    public void CloseStalledBlockConnection(long before)
    {
        if (BlockConnection is { BlockedSince: > 0 and var since } && since < before)
        {
            DataConnector.CloseBlockConnection();
        }
    }

    public void Dispose()
    {
        AccountSlot?.Dispose();
        _dataConnector?.Dispose();
        Tls?.Dispose();
        _ending.Dispose();
    }
}
