using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.Data.Copy;

namespace Fts.Server.Data;

/// <summary>The reason why a transfer was aborted.</summary>
internal enum AbortReason
{
    /// <summary>The transfer was not aborted.</summary>
    None,
    /// <summary>The client sent ABOR.</summary>
    ClientSentAbor,
    /// <summary>No byte was transferred within <see cref="FtpServerOptions.StallTimeout"/>.</summary>
    Stalled,
    /// <summary>No data connection was established within <see cref="FtpServerOptions.DataConnectionTimeout"/>.</summary>
    NotConnected,
    /// <summary>The control connection was closed, or the server stops.</summary>
    SessionEnded,
    /// <summary>The upload had stalled, and the client resumes it on another connection.</summary>
    Superseded,
}

/// <summary>
/// The progress and the state of one running transfer. The session's loop creates and disposes this object. The handler's task reports
/// progress. ABOR, the session monitor, the end of the session, and another session that resumes the upload abort the transfer from other
/// tasks.
/// </summary>
/// <remarks>
/// <c>_lock</c> guards changes of <see cref="AbortReason"/>, the data socket and the acknowledged bytes. The fields for progress are read
/// and written as volatile. <see cref="AddBytes"/> needs no lock, because only one task or thread at a time copies the data.
/// </remarks>
internal sealed class Transfer(string description) : IDisposable
{
    /// <summary>linux/tcp_states.h, TCP_CLOSE_WAIT: the peer has closed its side of the connection.</summary>
    private const int StateCloseWait = 8;

    private readonly CancellationTokenSource _cancellation = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private long _bytes;
    private bool _isCommitting, _hasDataEnded;
    private long _lastProgressAt = Environment.TickCount64;
    private long _connectionWaitStartedAt;
    private Socket? _dataSocket;
    private long _acknowledgedBytes;
    private long _abortedAt;

    /// <summary>The verb and the argument of the command, for log lines.</summary>
    public string Description { get; } = description;

    /// <summary>The verb of the command.</summary>
    public string Verb { get; init; } = "";

    /// <summary>The start time, in <see cref="Environment.TickCount64"/> milliseconds.</summary>
    public long StartedAt { get; } = Environment.TickCount64;

    /// <summary>The number of bytes transferred so far. In MODE Z, the number of uncompressed bytes.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>The expected number of bytes, or null if the number is unknown.</summary>
    public long? TotalBytes { get; set; }

    /// <summary>The size in bytes of the kept partial upload, for the final reply. Null if no partial upload was kept.</summary>
    public long? KeptBytes { get; set; }

    /// <summary>Whether the client sent QUIT before it had sent all of its data.</summary>
    public bool HasClientQuitEarly { get; private set; }

    /// <summary>
    /// Whether the transfer sends its data as lines of a reply on the control connection. No other reply may be sent before the end of the
    /// transfer.
    /// </summary>
    public bool UsesControlConnection { get; init; }

    /// <summary>Completes when the transfer has ended and has closed its file and its data connection.</summary>
    public Task Completion => _completion.Task;

    /// <summary>The time of the last progress, in <see cref="Environment.TickCount64"/> milliseconds.</summary>
    public long LastProgressAt => Volatile.Read(ref _lastProgressAt);

    /// <summary>The first reason passed to <see cref="Abort"/>, or <see cref="AbortReason.None"/>.</summary>
    public AbortReason AbortReason { get; private set; }

    /// <summary>
    /// The task of the handler, which returns the final reply. Null before the start of the handler. Only the session's loop uses this
    /// property.
    /// </summary>
    public Task<FtpReply>? Reply { get; set; }

    /// <summary>
    /// The time of <see cref="Abort"/>, in <see cref="Environment.TickCount64"/> milliseconds. 0 if the transfer was not aborted.
    /// </summary>
    public long AbortedAt => Volatile.Read(ref _abortedAt);

    /// <summary>
    /// Whether all bytes of an upload or copy have arrived and the store is committing the file. A commit can take long on a slow disk and
    /// is never aborted.
    /// </summary>
    public bool IsCommitting => Volatile.Read(ref _isCommitting);

    /// <summary>Whether the transfer was aborted, or its data has ended, so that it needs no further bytes from the client.</summary>
    public bool IsEnding => AbortedAt > 0 || Volatile.Read(ref _hasDataEnded);

    /// <summary>The token that <see cref="Abort"/> cancels.</summary>
    public CancellationToken Token => _cancellation.Token;

    /// <summary>Adds transferred bytes and records progress.</summary>
    public void AddBytes(long bytes)
    {
        Volatile.Write(ref _bytes, _bytes + bytes);
        Volatile.Write(ref _lastProgressAt, Environment.TickCount64);
    }

    /// <summary>Records that an upload's data has ended: all bytes have arrived, or the connection failed.</summary>
    public void RecordEndOfData() => Volatile.Write(ref _hasDataEnded, true);

    /// <summary>Records that the store has started to commit the file.</summary>
    public void StartCommit() => Volatile.Write(ref _isCommitting, true);

    /// <summary>Whether a data connection was established for the transfer.</summary>
    public bool HasDataConnection => _dataSocket is not null;

    /// <summary>
    /// The time when the transfer started to wait for its data connection, in <see cref="Environment.TickCount64"/> milliseconds. Null if
    /// the transfer is not waiting for its data connection.
    /// </summary>
    public long? ConnectionWaitStartedAt => Volatile.Read(ref _connectionWaitStartedAt) is > 0 and var since ? since : null;

    /// <summary>Records that the transfer waits for its data connection from now until <see cref="AttachDataSocket"/> is called.</summary>
    public void StartConnectionWait() => Volatile.Write(ref _connectionWaitStartedAt, Environment.TickCount64);

    /// <summary>Records progress other than transferred bytes, so that the transfer does not count as stalled.</summary>
    public void RecordProgress() => Volatile.Write(ref _lastProgressAt, Environment.TickCount64);

    /// <summary>
    /// Records progress if the client has acknowledged further bytes. Without this method, a slow client would count as stalled if it needs
    /// longer than the stall timeout to receive the bytes that the kernel has buffered. The session monitor calls this method once a
    /// second.
    /// </summary>
    public void RecordAcknowledgedBytes()
    {
        lock (_lock)
        {
            if (_dataSocket?.GetAcknowledgedBytes() is { } acknowledged && acknowledged != _acknowledgedBytes)
            {
                _acknowledgedBytes = acknowledged;
                Volatile.Write(ref _lastProgressAt, Environment.TickCount64);
            }
        }
    }

    /// <summary>Records that the client sent QUIT during the transfer, and sets <see cref="HasClientQuitEarly"/>.</summary>
    /// <remarks>
    /// QUIT before the first byte is not early, because a client may send QUIT in advance (RFC 959 §4.1.1). QUIT after the client has
    /// closed its side of the data connection is not early either. Such a client has sent all data, but does not wait for the reply. Only
    /// Linux reports whether the client has closed its side. On other systems, QUIT never counts as early.
    /// </remarks>
    public void RecordQuit()
    {
        lock (_lock)
        {
            Span<byte> info = stackalloc byte[NonBlockingSocket.TcpInfoLength];
            HasClientQuitEarly = Bytes > 0 && _dataSocket is not null && _dataSocket.ReadTcpInfo(info) > 0 && info[0] != StateCloseWait;
        }
    }

    /// <summary>
    /// Sets the data connection's socket. <see cref="Abort"/> shuts the socket down, which also ends the blocking system calls of a pump
    /// thread.
    /// </summary>
    /// <exception cref="OperationCanceledException">The transfer was aborted already.</exception>
    public void AttachDataSocket(Socket data)
    {
        lock (_lock)
        {
            _dataSocket = data;
        }

        RecordProgress();
        Volatile.Write(ref _connectionWaitStartedAt, 0);
        Token.ThrowIfCancellationRequested();
    }

    /// <summary>Aborts the transfer: cancels its token and shuts down its data connection. Only the first call has an effect.</summary>
    public void Abort(AbortReason reason)
    {
        lock (_lock)
        {
            if (AbortReason != AbortReason.None)
            {
                return;
            }

            AbortReason = reason;
            Volatile.Write(ref _abortedAt, Environment.TickCount64);
        }

        try
        {
            // Cancelled before the shutdown: a receiving pump treats the shutdown as the end of the data, then checks the token.
            _cancellation.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The transfer has just ended by itself.
        }

        lock (_lock)
        {
            try
            {
                _dataSocket?.Shutdown(SocketShutdown.Both);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The connection is closed already.
            }
        }
    }

    /// <summary>Completes <see cref="Completion"/>.</summary>
    public void Dispose()
    {
        _completion.TrySetResult();
        _cancellation.Dispose();
    }
}
