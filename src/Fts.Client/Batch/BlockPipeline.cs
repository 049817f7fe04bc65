using System.Buffers;
using System.Net.Sockets;
using Fts.Client.Data;
using Fts.Protocol;
using Fts.Protocol.Blocks;

namespace Fts.Client.Batch;

/// <summary>
/// One connection in block mode, with many commands under way and one data connection for all of them. Replies are read while data moves, and no more is asked than the
/// buffers of a connection hold, so that neither side ever waits for the other to listen.
/// </summary>
/// <remarks>Whoever opened it disposes it. Not ended in order (<see cref="LeaveBlockModeAsync"/>), it gives the connection up.</remarks>
internal sealed class BlockPipeline : IAsyncDisposable
{
    /// <summary>Enough that the server does not wait for a command over a long link either, and few enough that a send of them never has to wait: that is for their bytes to say.</summary>
    private const int MaxCommands = 512, MaxCommandBytes = 16 * 1024;

    private const int OutputBufferBytes = 128 * 1024, MinSendBytes = 64 * 1024;

    private readonly FtpConnection _connection;
    private readonly PreparedDataConnection _preparedConnection;
    private readonly FtpDataDirection _direction;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _caller;
    // Concurrency: one task queues commands and flushes, one task reads replies, and one task moves data (for uploads, the first one).
    // The lock protects _unansweredCommands, _unansweredBytes and the _capacity fields, which the first two tasks share.
    // The data task owns _writer and _dataConnection, the reply task _hasLeftBlockMode. _lastPath matters for uploads only. Disposal follows all tasks.
    private readonly Lock _lock = new();
    private readonly Queue<(string Verb, BatchEntry? File, int Length)> _unansweredCommands = new();
    private readonly SemaphoreSlim _expectedReplies = new(0);
    private readonly byte[] _output = ArrayPool<byte>.Shared.Rent(OutputBufferBytes);
    private readonly BlockWriter _writer;
    private TaskCompletionSource? _capacityAvailable;
    private int _capacityCommands, _capacityBytes;
    private int _unansweredBytes;
    private DataConnection? _dataConnection;
    private string _lastPath = "";
    private long _lastActivity;
    private bool _hasLeftBlockMode;

    private BlockPipeline(FtpConnection connection, PreparedDataConnection link, FtpDataDirection direction, CancellationToken cancellationToken)
    {
        (_connection, _preparedConnection, _direction, _caller) = (connection, link, direction, cancellationToken);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _writer = new BlockWriter(_output);
        NoteActivity();
    }

    /// <summary>Ends when the caller wants it, when nothing moved for too long, or when a part of the work failed.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>What the server may make this side read.</summary>
    public FtpLimits Limits => _connection.Options.Limits;

    /// <summary>Enters block mode; null when the server refuses.</summary>
    public static async Task<BlockPipeline?> OpenAsync(FtpConnection connection, FtpDataDirection direction, CancellationToken cancellationToken) =>
        await connection.EnterBlockModeAsync(direction, cancellationToken).ConfigureAwait(false) is { } link ? new BlockPipeline(connection, link, direction, cancellationToken) : null;

    /// <summary>Queues a command, once there is room for it.</summary>
    /// <exception cref="ArgumentException">A path that no command can carry; nothing was queued.</exception>
    public async ValueTask QueueCommandAsync(string verb, string argument, BatchEntry? file)
    {
        await WaitForCapacityAsync(MaxCommands - 1, MaxCommandBytes).ConfigureAwait(false);
        lock (_lock)
        {
            int length = _connection.QueueCommand(verb, argument);
            _unansweredCommands.Enqueue((verb, file, length));
            _unansweredBytes += length;
            _lastPath = file?.File.RemotePath ?? _lastPath;
        }

        _expectedReplies.Release();
    }

    /// <summary>Hears the replies to all that is asked, until MODE S is answered.</summary>
    public async Task ReadRepliesAsync(Action<BatchEntry, string, FtpReply> onReply)
    {
        while (true)
        {
            await _expectedReplies.WaitAsync(Token).ConfigureAwait(false);
            FtpReply reply;
            (string Verb, BatchEntry? File, int Length) asked;
            do
            {
                reply = await _connection.ReadReplyAsync(FtpOperationPhase.Reply, Timeout.InfiniteTimeSpan, Token).ConfigureAwait(false);
                NoteActivity();
                lock (_lock)
                {
                    asked = _unansweredCommands.Peek();
                }

                if (asked.File is not null)
                {
                    onReply(asked.File, asked.Verb, reply);
                }
            }
            while (reply.IsPreliminary);

            DequeueCommand(asked.Length);
            if (asked.Verb == "MODE")
            {
                _hasLeftBlockMode = reply.IsCompletion;
                return;
            }
        }
    }

    /// <summary>Waits until all that was asked is answered.</summary>
    public ValueTask WaitForRepliesAsync() => WaitForCapacityAsync(0, 0);

    /// <summary>Sends a file, some of it later.</summary>
    public async ValueTask SendFileAsync(ReadOnlyMemory<byte> content)
    {
        while (!(content = content[_writer.Write(content.Span)..]).IsEmpty)
        {
            await FlushAsync().ConfigureAwait(false);
        }

        while (!_writer.TryEndFile())
        {
            await FlushAsync().ConfigureAwait(false);
        }

        if (_writer.Blocks.Length >= MinSendBytes)
        {
            await FlushAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Receives some bytes of the data connection.</summary>
    /// <exception cref="FtpConnectionException">It has ended.</exception>
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        DataConnection data = _dataConnection ??= await OpenDataAsync().ConfigureAwait(false);
        int received = await data.ReadAsync(buffer, Token).ConfigureAwait(false);
        NoteActivity();
        return received > 0 ? received : throw new FtpConnectionException(FtpOperationPhase.Transfer, "the data connection ended inside a file");
    }

    /// <summary>Sends what was queued, commands before data.</summary>
    public async ValueTask FlushAsync()
    {
        await _connection.FlushAsync(Token).ConfigureAwait(false);
        ReadOnlyMemory<byte> blocks = _writer.Blocks;
        if (blocks.IsEmpty)
        {
            return;
        }

        // Only now: over TLS the server shakes hands once it has a command that wants the connection.
        DataConnection data = _dataConnection ??= await OpenDataAsync().ConfigureAwait(false);
        while (!blocks.IsEmpty)
        {
            blocks = blocks[await data.WriteAsync(blocks, Token).ConfigureAwait(false)..];
            NoteActivity();
        }

        _writer.Clear();
    }

    /// <summary>Leaves block mode, when all that was asked is answered.</summary>
    public async Task LeaveBlockModeAsync()
    {
        await QueueCommandAsync("MODE", "S", null).ConfigureAwait(false);
        await FlushAsync().ConfigureAwait(false);
    }

    /// <summary>Waits for all parts of the work; the first that fails ends the others.</summary>
    public async Task RunAsync(params Task[] tasks)
    {
        Task all = Task.WhenAll(tasks.Select(CancelAllOnFailureAsync));
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _caller.ThrowIfCancellationRequested();
        // What the others say is a consequence.
        if (tasks.FirstOrDefault(part => part.IsFaulted) is { } failed)
        {
            await failed.ConfigureAwait(false);
        }

        if (Token.IsCancellationRequested)
        {
            throw new FtpTimeoutException(FtpOperationPhase.Transfer, _connection.Options.Timeouts.TransferStall);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_hasLeftBlockMode)
        {
            _connection.CloseImmediately();
            _dataConnection?.Reset();
        }
        else if (_dataConnection is not null)
        {
            await _dataConnection.ShutDownAsync(_direction == FtpDataDirection.Send, _connection.Options.Timeouts.Resync, CancellationToken.None).ConfigureAwait(false);
            await _dataConnection.CloseAfterConfirmationAsync(_connection.Options.Timeouts.Resync).ConfigureAwait(false);
        }

        _preparedConnection.Dispose();
        _stop.Dispose();
        _expectedReplies.Dispose();
        ArrayPool<byte>.Shared.Return(_output);
    }

    private async Task CancelAllOnFailureAsync(Task part)
    {
        try
        {
            await part.ConfigureAwait(false);
        }
        catch
        {
            _connection.CloseImmediately();
            await _stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<DataConnection> OpenDataAsync()
    {
        FtpClientOptions options = _connection.Options;
        Socket socket = await _preparedConnection.WaitForSocketAsync(options.Timeouts.Connect, Token).ConfigureAwait(false);
        socket.NoDelay = true; // no end of the connection pushes the last bytes of a file out
        DataConnection data = await DataConnection.OpenAsync(
            socket, _connection.Tls, _direction == FtpDataDirection.Send, options.Proxy is not null, isCompressed: false, Token).ConfigureAwait(false);
        _connection.NoteBlockTransfer(_direction, _lastPath);
        return data;
    }

    /// <summary>Waits until few enough commands are under way; then until half of them are answered, so that they do not go one by one.</summary>
    private async ValueTask WaitForCapacityAsync(int commands, int bytes)
    {
        if (HasCapacity(commands, bytes))
        {
            return;
        }

        await FlushAsync().ConfigureAwait(false);
        Task room;
        lock (_lock)
        {
            if (HasCapacity(commands / 2, bytes / 2))
            {
                return;
            }

            _capacityAvailable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            (_capacityCommands, _capacityBytes, room) = (commands / 2, bytes / 2, _capacityAvailable.Task);
        }

        await room.WaitAsync(Token).ConfigureAwait(false);
    }

    private bool HasCapacity(int commands, int bytes)
    {
        lock (_lock)
        {
            return _unansweredCommands.Count <= commands && _unansweredBytes <= bytes;
        }
    }

    private void DequeueCommand(int length)
    {
        lock (_lock)
        {
            _unansweredCommands.Dequeue();
            _unansweredBytes -= length;
            if (_capacityAvailable is not null && _unansweredCommands.Count <= _capacityCommands && _unansweredBytes <= _capacityBytes)
            {
                _capacityAvailable.SetResult();
                _capacityAvailable = null;
            }
        }
    }

    /// <summary>Puts the end off that comes when nothing moves; not more often than it is worth.</summary>
    private void NoteActivity()
    {
        long now = Environment.TickCount64;
        if (now - Volatile.Read(ref _lastActivity) > 500)
        {
            Volatile.Write(ref _lastActivity, now);
            _connection.NoteActivity();
            _stop.CancelAfter(_connection.Options.Timeouts.TransferStall);
        }
    }
}
