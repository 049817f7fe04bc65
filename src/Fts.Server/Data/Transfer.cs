using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.Data.Copy;

namespace Fts.Server.Data;

/// <summary>The reason why a transfer was aborted.</summary>
internal enum TransferEndReason
{
    /// <summary>The transfer was not aborted.</summary>
    None,
    /// <summary>The client sent ABOR.</summary>
    Aborted,
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
/// The progress of one running transfer, and the way to abort it. The session loop creates and disposes it. The handler's task reports
/// progress. ABOR, the session monitor and the end of the session abort it from other tasks.
/// </summary>
/// <remarks>
/// <c>_lock</c> guards <see cref="EndReason"/>, the data socket and the acknowledged bytes. The other fields that several tasks use are
/// read and written as volatile. <see cref="AddBytes"/> needs no lock, because only one pump calls it.
/// </remarks>
internal sealed class Transfer(string description) : IDisposable
{
    /// <summary>linux/tcp_states.h, TCP_CLOSE_WAIT: the peer has closed its side of the connection.</summary>
    private const int StateCloseWait = 8;

    private readonly CancellationTokenSource _cancellation = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private long _bytes;
    private bool _isCommitting;
    private long _lastProgress = Environment.TickCount64;
    private long _waitingSince;
    private Socket? _dataSocket;
    private long _acknowledged;
    private long _endedAt;

    /// <summary>The command line of the transfer, for log lines.</summary>
    public string Description { get; } = description;

    /// <summary>The start time, in <see cref="Environment.TickCount64"/> milliseconds.</summary>
    public long StartedAt { get; } = Environment.TickCount64;

    /// <summary>The number of bytes transferred so far, uncompressed.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>The expected number of bytes, or null if it is unknown.</summary>
    public long? TotalBytes { get; set; }

    /// <summary>The size in bytes of the partial upload that was kept for resumption, or null if none was kept.</summary>
    public long? KeptBytes { get; set; }

    /// <summary>Whether the client sent QUIT before it had sent all of its data.</summary>
    public bool HasClientQuitEarly { get; private set; }

    /// <summary>
    /// Whether the data are lines of a reply on the control connection. No other reply may be sent before the end of the transfer.
    /// </summary>
    public bool UsesControlConnection { get; init; }

    /// <summary>Completes when the transfer has ended and has closed its file and its data connection.</summary>
    public Task Completion => _completion.Task;

    /// <summary>The time of the last progress, in <see cref="Environment.TickCount64"/> milliseconds.</summary>
    public long LastProgress => Volatile.Read(ref _lastProgress);

    /// <summary>The first reason passed to <see cref="Abort"/>.</summary>
    public TransferEndReason EndReason { get; private set; }

    /// <summary>The run of the handler, which returns the final reply; null before its start. Only the session's loop uses it.</summary>
    public Task<FtpReply>? Reply { get; set; }

    /// <summary>
    /// The time of <see cref="Abort"/>, in <see cref="Environment.TickCount64"/> milliseconds. 0 if the transfer was not aborted.
    /// </summary>
    public long EndedAt => Volatile.Read(ref _endedAt);

    /// <summary>
    /// Whether all bytes of an upload or copy have arrived and the store is committing it. That can take long on a slow disk and is never
    /// aborted.
    /// </summary>
    public bool IsCommitting => Volatile.Read(ref _isCommitting);

    /// <summary>Is cancelled by <see cref="Abort"/>.</summary>
    public CancellationToken Token => _cancellation.Token;

    /// <summary>Counts transferred bytes, and notes progress.</summary>
    public void AddBytes(long bytes)
    {
        Volatile.Write(ref _bytes, _bytes + bytes);
        Volatile.Write(ref _lastProgress, Environment.TickCount64);
    }

    /// <summary>Notes that the store has started to commit the file.</summary>
    public void StartCommit() => Volatile.Write(ref _isCommitting, true);

    /// <summary>Whether a data connection was established for the transfer.</summary>
    public bool HasDataConnection => _dataSocket is not null;

    /// <summary>
    /// The time when the transfer started to wait for its data connection, in <see cref="Environment.TickCount64"/> milliseconds. Null if
    /// it is not waiting.
    /// </summary>
    public long? WaitingForDataSince => Volatile.Read(ref _waitingSince) is > 0 and var since ? since : null;

    /// <summary>Records that the transfer waits for its data connection from now until <see cref="AttachDataSocket"/> is called.</summary>
    public void StartDataWait() => Volatile.Write(ref _waitingSince, Environment.TickCount64);

    /// <summary>Notes progress other than transferred bytes, so that the transfer does not count as stalled.</summary>
    public void NoteProgress() => Volatile.Write(ref _lastProgress, Environment.TickCount64);

    /// <summary>
    /// Notes progress if the client has acknowledged further bytes. A slow client can take longer than the stall timeout to receive the
    /// bytes that the kernel has buffered. The session monitor calls this once a second.
    /// </summary>
    public void NoteAcknowledgedBytes()
    {
        lock (_lock)
        {
            if (_dataSocket?.GetAcknowledgedBytes() is { } acknowledged && acknowledged != _acknowledged)
            {
                _acknowledged = acknowledged;
                Volatile.Write(ref _lastProgress, Environment.TickCount64);
            }
        }
    }

    /// <summary>Notes that the client sent QUIT during the transfer, and sets <see cref="HasClientQuitEarly"/>.</summary>
    /// <remarks>
    /// QUIT before the first byte may be sent in advance (RFC 959 §4.1.1). QUIT after the client has closed its side of the data
    /// connection is not early either: the client only did not wait for the reply. Only Linux reports whether it has closed; on other
    /// systems QUIT never counts as early.
    /// </remarks>
    public void NoteQuit()
    {
        lock (_lock)
        {
            Span<byte> info = stackalloc byte[NonBlockingSocket.TcpInfoLength];
            HasClientQuitEarly = Bytes > 0 && _dataSocket is not null && _dataSocket.ReadTcpInfo(info) > 0 && info[0] != StateCloseWait;
        }
    }

    /// <summary>
    /// Sets the data connection's socket. <see cref="Abort"/> shuts it down, which also ends the blocking system calls of a pump thread.
    /// </summary>
    /// <exception cref="OperationCanceledException">The transfer was aborted already.</exception>
    public void AttachDataSocket(Socket data)
    {
        lock (_lock)
        {
            _dataSocket = data;
        }

        NoteProgress();
        Volatile.Write(ref _waitingSince, 0);
        Token.ThrowIfCancellationRequested();
    }

    /// <summary>Aborts the transfer: cancels its token and shuts down its data connection. Only the first call has an effect.</summary>
    public void Abort(TransferEndReason reason)
    {
        lock (_lock)
        {
            if (EndReason != TransferEndReason.None)
            {
                return;
            }

            EndReason = reason;
            Volatile.Write(ref _endedAt, Environment.TickCount64);
        }

        try
        {
            // First the token: a pump that receives sees the shutdown as the end of the data, and then checks the token.
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
