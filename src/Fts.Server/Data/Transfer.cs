using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.Data.Copy;

namespace Fts.Server.Data;

/// <summary>Why a transfer was ended before its own end.</summary>
internal enum TransferEndReason
{
    None,
    /// <summary>The client said ABOR.</summary>
    Aborted,
    /// <summary>No byte moved for too long.</summary>
    Stalled,
    /// <summary>No data connection was established in time.</summary>
    NotConnected,
    /// <summary>The control connection is gone, or the server stops.</summary>
    SessionEnded,
    /// <summary>It stood still, and its client continues it on another connection.</summary>
    Superseded,
}

/// <summary>
/// One running transfer, as others see it: how far it is, and the way to end it. Made by the loop for each command that transfers;
/// the handler's engine reports progress, ABOR and the server's watch end it.
/// </summary>
internal sealed class Transfer(string description) : IDisposable
{
    /// <summary>linux/tcp.h: the state of a connection whose peer has closed its side.</summary>
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

    /// <summary>The command line it belongs to.</summary>
    public string Description { get; } = description;

    public long StartedAt { get; } = Environment.TickCount64;

    /// <summary>Bytes over the data connection so far.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Bytes there will be, where that is known.</summary>
    public long? TotalBytes { get; set; }

    /// <summary>Bytes of an upload that broke off and can be continued; null where nothing was kept.</summary>
    public long? KeptBytes { get; set; }

    /// <summary>The client said QUIT before all of its data was on the way.</summary>
    public bool HasClientQuitEarly { get; private set; }

    /// <summary>
    /// Whether the data are lines of a reply on the control connection. No other reply may be sent before the end of the transfer.
    /// </summary>
    public bool UsesControlConnection { get; init; }

    /// <summary>Done when nothing of it is open any more.</summary>
    public Task Completion => _completion.Task;

    /// <summary>When a byte last moved, in <see cref="Environment.TickCount64"/> milliseconds.</summary>
    public long LastProgress => Volatile.Read(ref _lastProgress);

    public TransferEndReason EndReason { get; private set; }

    /// <summary>The run of the handler, which returns the final reply; null before its start. Only the session's loop uses it.</summary>
    public Task<FtpReply>? Reply { get; set; }

    /// <summary>
    /// The time when the transfer was ended from outside, in <see cref="Environment.TickCount64"/> milliseconds; 0 if it was not.
    /// </summary>
    public long EndedAt => Volatile.Read(ref _endedAt);

    /// <summary>
    /// Whether all bytes of an upload or copy have arrived and the store is committing it. That can take long on a slow disk and is never aborted.
    /// </summary>
    public bool IsCommitting => Volatile.Read(ref _isCommitting);

    public CancellationToken Token => _cancellation.Token;

    /// <summary>Counts bytes moved. Called by the one engine that moves them.</summary>
    public void AddBytes(long bytes)
    {
        Volatile.Write(ref _bytes, _bytes + bytes);
        Volatile.Write(ref _lastProgress, Environment.TickCount64);
    }

    /// <summary>Notes that the store publishes the file from now on.</summary>
    public void StartCommit() => Volatile.Write(ref _isCommitting, true);

    /// <summary>A data connection was there for it.</summary>
    public bool HasDataConnection => _dataSocket is not null;

    /// <summary>
    /// The time when the transfer began to wait for its data connection, in <see cref="Environment.TickCount64"/> milliseconds; null while
    /// it does not wait.
    /// </summary>
    public long? WaitingForDataSince => Volatile.Read(ref _waitingSince) is > 0 and var since ? since : null;

    /// <summary>Records that the transfer waits for its data connection from now until <see cref="AttachDataSocket"/> is called.</summary>
    public void StartDataWait() => Volatile.Write(ref _waitingSince, Environment.TickCount64);

    /// <summary>Something moved that is none of its bytes.</summary>
    public void NoteProgress() => Volatile.Write(ref _lastProgress, Environment.TickCount64);

    /// <summary>
    /// Counts what a slow peer has acknowledged as progress, too: bytes given to the kernel count long before they arrive, and then for long none are.
    /// Called once a second, by the watch.
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

    /// <summary>
    /// Notes that the client said QUIT. Before the first byte that is said in advance (RFC 959 §4.1.1); and one that sends its file, closes and says QUIT without a
    /// look at the reply has done all that a client must: whether its side of the data connection was closed by then, the kernel knows. Elsewhere than on Linux
    /// nobody does, and it is believed.
    /// </summary>
    public void NoteQuit()
    {
        lock (_lock)
        {
            Span<byte> info = stackalloc byte[NonBlockingSocket.TcpInfoLength];
            HasClientQuitEarly = Bytes > 0 && _dataSocket is not null && _dataSocket.ReadTcpInfo(info) > 0 && info[0] != StateCloseWait;
        }
    }

    /// <summary>Names the data connection, so that ending the transfer also ends a thread that waits in the kernel on it.</summary>
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

    /// <summary>Ends it; the first reason counts. The engine sees a cancelled token or a connection that was shut down.</summary>
    public void Abort(TransferEndReason end)
    {
        lock (_lock)
        {
            if (EndReason != TransferEndReason.None)
            {
                return;
            }

            EndReason = end;
            Volatile.Write(ref _endedAt, Environment.TickCount64);
        }

        try
        {
            // Before the connection is shut down: an upload's engine takes that for the peer's end, and must then find the token cancelled.
            _cancellation.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself in this moment.
        }

        lock (_lock)
        {
            try
            {
                _dataSocket?.Shutdown(SocketShutdown.Both);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Already closed by its peer or its engine: nothing waits on it.
            }
        }
    }

    public void Dispose()
    {
        _completion.TrySetResult();
        _cancellation.Dispose();
    }
}
