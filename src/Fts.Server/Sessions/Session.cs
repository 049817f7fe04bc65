using System.Net;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Protocol;
using Fts.Protocol.Deflate;
using Fts.Protocol.Listings;
using Fts.Server.Data;
using Fts.Server.Data.BlockMode;
using Fts.Server.Data.Copy;
using Fts.Server.Hashing;
using Fts.Server.Hosts;
using Fts.Server.ProxyProtocol;
using Fts.Server.Tls;
using Fts.Storage;

namespace Fts.Server.Sessions;

/// <summary>What the loop does once the reply is on its way.</summary>
internal enum NextAction
{
    ReadNext,
    /// <summary>Shake hands: from here on the control connection is TLS (AUTH).</summary>
    StartTls,
    /// <summary>From here on the control connection is plain again (CCC).</summary>
    EndTls,
    Close,
}

/// <summary>How data travels (RFC 959 §3.4, draft-preston-ftpext-deflate).</summary>
internal enum TransferMode
{
    Stream,
    /// <summary>MODE Z: one zlib stream for each transfer.</summary>
    Deflate,
    /// <summary>MODE B: the files of many transfers over one connection.</summary>
    Block,
}

/// <summary>The state of one control connection, and nothing that acts on it. Owned by its <see cref="SessionLoop"/>, which disposes it.</summary>
internal sealed class Session : IDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private FtpReply? _finalReply;
    private long _endedAt;
    private long _acknowledged;
    private long _acknowledgedAt;
    private long _loginDelayedSince;
    private DataConnector? _dataConnector;

    public Session(FtpServer server, long id, Socket socket, bool isImplicit, ConnectionEndPoints ends)
    {
        (Server, Id, Socket, IsImplicitTls) = (server, id, socket, isImplicit);
        EndPoints = ends;
        PlainStream = new NonBlockingFirstStream(socket, ownsSocket: true);
        Channel = new LineChannel(PlainStream, server.Options.MaxLineLength, refusesBinary: true);
        Tls = server.Options.Tls is { Control: not FtpTlsPolicy.Off } tls ? new SessionTls(tls, isImplicit) : null;
        Host = server.Hosts.Default;
        ConnectedAt = LastReceived = Environment.TickCount64;
    }

    // Control connection
    public FtpServer Server { get; }
    public long Id { get; }
    public Socket Socket { get; }
    public ConnectionEndPoints EndPoints { get; }
    public IPEndPoint Local => EndPoints.Local;
    public IPEndPoint Peer => EndPoints.Peer;
    public LineChannel Channel { get; }
    public NextAction Next { get; set; }
    /// <summary>When it began, and when a new USER or REIN ended a sign-in; later by the delays of logins that the server caused.</summary>
    public long ConnectedAt { get; private set; }
    /// <summary>Whether the server delays a login: that time is not the client's.</summary>
    public bool IsLoginDelayed => Volatile.Read(ref _loginDelayedSince) != 0;
    /// <summary>When the last line came, in <see cref="Environment.TickCount64"/> milliseconds.</summary>
    public long LastReceived { get; set; }
    public int UnknownCommands { get; set; }
    /// <summary>Whether a line with content was received.</summary>
    public bool HasReadLine { get; set; }
    /// <summary>A line was read beside a transfer and waits for its end.</summary>
    public bool HasLineWaiting { get; set; }
    /// <summary>The peer has closed its side, with nothing said that is still to be answered.</summary>
    public bool HasPeerClosed => !HasLineWaiting && !Channel.HasUnreadInput && Socket.Poll(0, SelectMode.SelectRead) && Socket.Available == 0;

    /// <summary>The socket's own stream; under TLS the channel's lies on top of it.</summary>
    public NonBlockingFirstStream PlainStream { get; }

    // Security
    /// <summary>Null where the server offers none.</summary>
    public SessionTls? Tls { get; }
    public bool IsSecure { get; set; }
    /// <summary>Whom the client's certificate names; null where none is believed. In plain, after CCC, it proves nothing: anybody may be speaking.</summary>
    public ClientCertificate? Certificate => IsSecure ? Tls?.Certificate : null;
    /// <summary>TLS from the first byte.</summary>
    public bool IsImplicitTls { get; }

    // Host
    /// <summary>What is served here, and to whom.</summary>
    public ServedHost Host { get; set; }
    /// <summary>The name HOST gave; null where it gave none, or an address.</summary>
    public string? HostName { get; set; }

    // Sign-in
    public string? UserName { get; set; }
    public UserFiles? Files { get; set; }
    public int FailedLogins { get; set; }

    // Protocol state
    public StorePath WorkingDirectory { get; set; }
    public bool IsAscii { get; set; } = true; // RFC 959 §5.1: the default type is ASCII
    public TransferMode Mode { get; set; }
    /// <summary>0 to 9, for what is sent in MODE Z.</summary>
    public int DeflateLevel { get; set; } = DeflateWriter.DefaultLevel;
    /// <summary>In block mode the client sends files before it knows whether they are wanted: those that are not are read to their end (OPTS MODE B DRAIN).</summary>
    public bool ShouldDrainRefusedUpload { get; set; }
    public MlsxFacts Facts { get; set; } = MlsxFacts.Default;
    /// <summary>What HASH computes.</summary>
    public HashKind Hash { get; set; }
    /// <summary>The parameters that one command sets for a later one (REST, RNFR, ALLO).</summary>
    public CommandSequence Sequence { get; } = new();

    /// <summary>Whose unfinished upload, not file, SIZE last told the length of, where there is a file too.</summary>
    public StorePath? LastPartialSizePath { get; set; }

    // Data connection
    /// <summary>Made when it is first spoken of: most of those who wait for long never do.</summary>
    public DataConnector DataConnector => _dataConnector ??= new DataConnector(Server, ConnectionEndPoints.FromSocket(Socket).Local.Address, Peer.Address);
    /// <summary>The connection that is open for the next transfer in block mode; null for none.</summary>
    public BlockConnection? BlockConnection => _dataConnector?.BlockConnection;
    public Transfer? Transfer { get; set; }

    /// <summary>Ends with the session.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>What the peer is told when the session was ended from outside.</summary>
    public FtpReply? FinalReply => _finalReply;

    /// <summary>
    /// The time when the session was ended from outside its loop, in <see cref="Environment.TickCount64"/> milliseconds; 0 if it was not.
    /// </summary>
    public long EndedAt => Volatile.Read(ref _endedAt);

    /// <summary>Whether <see cref="Disconnect"/> was called.</summary>
    public bool IsDisconnected { get; private set; }

    /// <summary>The path a client means, from its folder; null where it is none.</summary>
    public StorePath? Resolve(string path) => WorkingDirectory.Resolve(path);

    /// <summary>Queues a reply; it leaves when the loop next waits for a line, or with the next flush.</summary>
    public void Queue(FtpReply reply)
    {
        Channel.Queue(reply.Bytes.Span);
        if (Server.Options.Trace is { } trace)
        {
            foreach (string line in reply.ToString().Split('\n'))
            {
                trace(new FtpServerTrace(Id, IsReply: true, line.ToPrintable()));
            }
        }
    }

    /// <summary>Stops the sign-in time until <see cref="EndLoginDelay"/>.</summary>
    public void StartLoginDelay() => Volatile.Write(ref _loginDelayedSince, Environment.TickCount64);

    /// <summary>Continues the sign-in time.</summary>
    public void EndLoginDelay()
    {
        ConnectedAt += Environment.TickCount64 - _loginDelayedSince;
        Volatile.Write(ref _loginDelayedSince, 0);
    }

    /// <summary>Forgets who signed in and everything they set (REIN, and a new USER).</summary>
    public void Reset()
    {
        // Only who was signed in begins anew: saying USER again and again must not put the sign-in timeout off for ever.
        ConnectedAt = Files is null ? ConnectedAt : Environment.TickCount64;
        (UserName, Files, WorkingDirectory, Facts, Hash) = (null, null, StorePath.Root, MlsxFacts.Default, HashKind.Sha256);
        (IsAscii, Mode, DeflateLevel, ShouldDrainRefusedUpload) = (true, TransferMode.Stream, DeflateWriter.DefaultLevel, false);
        LastPartialSizePath = null;
        Sequence.Clear();
        _dataConnector?.Reset();
    }

    /// <summary>Gives back the port for data that was not used since <paramref name="before"/> (<see cref="Environment.TickCount64"/>).</summary>
    public void CloseIdleListener(long before) => _dataConnector?.CloseIdleListener(before);

    /// <summary>Ends the session from outside its loop: a running transfer breaks off, the peer is told why. The first reason counts.</summary>
    public void End(FtpReply finalReply)
    {
        if (Interlocked.CompareExchange(ref _finalReply, finalReply, null) is null)
        {
            Volatile.Write(ref _endedAt, Environment.TickCount64);
            Transfer?.Abort(TransferEndReason.SessionEnded);
            try
            {
                _ending.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The loop ended by itself in this moment.
            }
        }
    }

    /// <summary>
    /// Closes the control connection from outside the loop, at once and without a reply: unsent replies are discarded, and every wait of the loop on the connection ends.
    /// </summary>
    public void Disconnect()
    {
        IsDisconnected = true;
        Socket.Close(0);
        End(Replies.ControlConnectionTimeout);
    }

    /// <summary>
    /// Returns for how many milliseconds the client has acknowledged no byte of the reply that is being written; 0 if no write waits.
    /// Called once a second by the watch. Only Linux reports acknowledged bytes; on other systems the whole write time counts.
    /// </summary>
    public long GetWriteDelay(long now)
    {
        if (Channel.WriteStartedAt is not (> 0 and long since))
        {
            return 0;
        }

        if (Socket.GetAcknowledgedBytes() is { } acknowledged && acknowledged != _acknowledged)
        {
            (_acknowledged, _acknowledgedAt) = (acknowledged, now);
        }

        return now - Math.Max(since, _acknowledgedAt);
    }

    /// <summary>Closes the data connection of block mode if a send of gathered bytes has waited for the peer since before a time.</summary>
    public void CloseStalledBlockConnection(long before)
    {
        if (BlockConnection is { BlockedSince: > 0 and var since } && since < before)
        {
            DataConnector.CloseBlockConnection();
        }
    }

    public void Dispose()
    {
        _dataConnector?.Dispose();
        _ending.Dispose();
    }
}
