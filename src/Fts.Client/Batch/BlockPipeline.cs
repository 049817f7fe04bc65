using System.Buffers;
using System.Net.Sockets;
using Fts.Client.Data;
using Fts.Protocol;
using Fts.Protocol.Blocks;

namespace Fts.Client.Batch;

/// <summary>
/// A control connection in block mode (RFC 959 §3.4.2) with pipelined commands, and the data connection that all transfers share. Replies
/// are read while data is transferred, and the number of unanswered commands is limited, so that client and server cannot both wait to
/// send.
/// </summary>
/// <remarks>
/// The caller of <see cref="OpenAsync"/> disposes the pipeline. Disposal closes the control connection if the server has not confirmed the
/// end of block mode (<see cref="LeaveBlockModeAsync"/>).
/// </remarks>
/// <typeparam name="TItem">The object to which the replies to a command belong, such as a file.</typeparam>
internal sealed class BlockPipeline<TItem> : IAsyncDisposable
    where TItem : class
{
    /// <summary>The maximum number of unanswered commands: enough to keep the server busy during a long round trip.</summary>
    public const int DefaultMaxCommands = 512;

    /// <summary>
    /// The total length in bytes of unanswered commands above which the pipeline sends no further command. The commands must fit into the
    /// socket buffers.
    /// </summary>
    private const int MaxCommandBytes = 16 * 1024;

    private const int OutputBufferBytes = 128 * 1024, InputBufferBytes = 128 * 1024;

    /// <summary>The number of buffered bytes at which <see cref="SendFileAsync"/> sends the output buffer.</summary>
    private const int MinSendBytes = 64 * 1024;

    private readonly FtpConnection _connection;
    private readonly PreparedDataConnection _preparedConnection;
    private readonly FtpDataDirection _direction;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _callerToken;
    // One task queues and sends commands, and one reads replies. Data is transferred by a third task, or in an upload by the first task.
    // The lock protects _unansweredCommands, _unansweredBytes and the _capacity fields. The task that transfers data owns _writer,
    // _dataConnection and the input fields. The task that reads replies owns _hasLeftBlockMode. All tasks end before disposal.
    private readonly Lock _lock = new();
    private readonly Queue<(string Verb, TItem? Item, int Length)> _unansweredCommands = new();
    private readonly SemaphoreSlim _expectedReplies = new(0);
    private readonly byte[] _output = ArrayPool<byte>.Shared.Rent(OutputBufferBytes);
    private readonly BlockWriter _writer;
    private readonly int _maxCommands;
    private byte[] _input = [];
    private int _inputStart, _inputEnd;
    private TaskCompletionSource? _capacityAvailable; // null if WaitForCapacityAsync does not wait
    private int _capacityCommands, _capacityBytes; // the limits for which WaitForCapacityAsync waits
    private int _unansweredBytes;
    private DataConnection? _dataConnection;
    private string _lastUpload = ""; // the path; used in uploads only
    private long _lastActivity;
    private bool _hasLeftBlockMode;
    private Task? _firstFailedTask; // set once, with Interlocked
    private FtpReply? _sharedReply; // the previous positive reply, used by the reply task only

    private BlockPipeline(
        FtpConnection connection,
        PreparedDataConnection preparedConnection,
        FtpDataDirection direction,
        int maxCommands,
        CancellationToken cancellationToken)
    {
        (_connection, _preparedConnection, _direction, _maxCommands) = (connection, preparedConnection, direction, maxCommands);
        _callerToken = cancellationToken;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _writer = new BlockWriter(_output);
        RecordActivity();
    }

    /// <summary>
    /// The token of all tasks. It is cancelled by the caller, by a stalled transfer (<see cref="FtpTimeouts.TransferStall"/>), and by the
    /// failure of a task of <see cref="RunAsync"/>.
    /// </summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>The limits of the client.</summary>
    public FtpLimits Limits => _connection.Options.Limits;

    /// <summary>Enters block mode and returns the pipeline, or null if the server rejects block mode.</summary>
    /// <param name="connection">The connection, which the pipeline uses until its disposal.</param>
    /// <param name="direction">The direction of the transfers.</param>
    /// <param name="cancellationToken">Cancels the call and the pipeline.</param>
    /// <param name="maxCommands">The maximum number of unanswered commands.</param>
    public static async Task<BlockPipeline<TItem>?> OpenAsync(
        FtpConnection connection, FtpDataDirection direction, CancellationToken cancellationToken, int maxCommands = DefaultMaxCommands) =>
        await connection.EnterBlockModeAsync(direction, cancellationToken).ConfigureAwait(false) is { } preparedConnection
            ? new BlockPipeline<TItem>(connection, preparedConnection, direction, maxCommands, cancellationToken)
            : null;

    /// <summary>Queues a command. If a limit of unanswered commands is reached, first waits for replies.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="argument">The argument.</param>
    /// <param name="item">
    /// The object that <see cref="ReadRepliesAsync"/> passes on with each reply to the command; null to discard the replies.
    /// </param>
    /// <exception cref="ArgumentException">The argument cannot be sent in a command. Nothing was queued.</exception>
    public async ValueTask QueueCommandAsync(string verb, string argument, TItem? item)
    {
        await WaitForCapacityAsync(_maxCommands - 1, MaxCommandBytes).ConfigureAwait(false);
        lock (_lock)
        {
            int length = _connection.QueueCommand(verb, argument);
            _unansweredCommands.Enqueue((verb, item, length));
            _unansweredBytes += length;
            if (verb == "STOR")
            {
                _lastUpload = argument;
            }
        }

        _expectedReplies.Release();
    }

    /// <summary>Reads the replies to all queued commands, until the final reply to MODE S.</summary>
    /// <param name="onReply">Receives the item of a command, the verb of the command, and one reply.</param>
    public async Task ReadRepliesAsync(Action<TItem, string, FtpReply> onReply)
    {
        while (true)
        {
            await _expectedReplies.WaitAsync(Token).ConfigureAwait(false);
            FtpReply reply;
            (string Verb, TItem? Item, int Length) command;
            do
            {
                reply = await _connection.ReadReplyAsync(FtpOperationPhase.Reply, Timeout.InfiniteTimeSpan, Token).ConfigureAwait(false);
                reply = reply.IsCompletion ? ShareReply(reply) : reply;
                RecordActivity();
                lock (_lock)
                {
                    command = _unansweredCommands.Peek();
                }

                if (command.Item is not null)
                {
                    onReply(command.Item, command.Verb, reply);
                }
            }
            while (reply.IsPreliminary);

            DequeueCommand(command.Length);
            if (command.Verb == "MODE")
            {
                _hasLeftBlockMode = reply.IsCompletion;
                return;
            }
        }
    }

    /// <summary>Waits until every queued command has its final reply.</summary>
    public ValueTask WaitForRepliesAsync() => WaitForCapacityAsync(0, 0);

    /// <summary>Writes a file as blocks to the output buffer. Sends the buffer when it contains enough bytes.</summary>
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

    /// <summary>Receives one file and passes each received range of its content to <paramref name="onContent"/>.</summary>
    /// <exception cref="FtpConnectionException">The server closed the data connection before the end of the file.</exception>
    /// <exception cref="BlockFormatException">A block header is invalid.</exception>
    public async ValueTask ReceiveFileAsync(TItem item, ReadOnlySpanAction<byte, TItem> onContent)
    {
        var reader = new BlockReader();
        while (!reader.IsEndOfFile)
        {
            if (_inputStart == _inputEnd)
            {
                (_inputStart, _inputEnd) = (0, await ReceiveAsync().ConfigureAwait(false));
            }

            BlockReadResult block = reader.Read(_input.AsSpan(_inputStart.._inputEnd));
            _inputStart += block.ConsumedBytes;
            onContent(_input.AsSpan(_inputStart - block.ContentBytes, block.ContentBytes), item);
        }
    }

    /// <summary>Sends queued commands, then buffered data.</summary>
    public async ValueTask FlushAsync()
    {
        await _connection.FlushAsync(Token).ConfigureAwait(false);
        ReadOnlyMemory<byte> blocks = _writer.Blocks;
        if (blocks.IsEmpty)
        {
            return;
        }

        // The first command must be sent before the data connection is opened: a TLS server starts the handshake only after the command.
        DataConnection data = _dataConnection ??= await OpenDataAsync().ConfigureAwait(false);
        while (!blocks.IsEmpty)
        {
            blocks = blocks[await data.WriteAsync(blocks, Token).ConfigureAwait(false)..];
            RecordActivity();
        }

        _writer.Clear();
    }

    /// <summary>
    /// Sends MODE S to leave block mode. <see cref="ReadRepliesAsync"/> reads the reply. All other commands must already have their final
    /// replies.
    /// </summary>
    public async Task LeaveBlockModeAsync()
    {
        await QueueCommandAsync("MODE", "S", null).ConfigureAwait(false);
        await FlushAsync().ConfigureAwait(false);
    }

    /// <summary>Waits for all tasks. If a task fails, cancels the other tasks and throws the exception of the failed task.</summary>
    /// <exception cref="FtpTimeoutException">The transfer stalled for longer than <see cref="FtpTimeouts.TransferStall"/>.</exception>
    public async Task RunAsync(params Task[] tasks)
    {
        Task all = Task.WhenAll(tasks.Select(CancelAllOnFailureAsync));
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _callerToken.ThrowIfCancellationRequested();
        if (SelectCause(_firstFailedTask, tasks) is { } failed)
        {
            await failed.ConfigureAwait(false); // the exceptions of the other tasks are consequences of this failure
        }

        if (Token.IsCancellationRequested)
        {
            throw new FtpTimeoutException(FtpOperationPhase.Transfer, _connection.Options.Timeouts.TransferStall);
        }
    }

    /// <summary>
    /// Returns the task whose failure caused the others: the task that failed first, or null if no task failed. A failed check of the
    /// server's certificate takes precedence. It makes the server close the control connection, which another task can detect earlier.
    /// </summary>
    internal static Task? SelectCause(Task? firstFailed, IEnumerable<Task> tasks) =>
        tasks.FirstOrDefault(task => task.Exception?.InnerException is FtpException failure && failure.IsLoginOrTrustFailure())
            ?? firstFailed;

    public async ValueTask DisposeAsync()
    {
        if (!_hasLeftBlockMode)
        {
            _connection.CloseImmediately();
            _dataConnection?.Reset();
        }
        else if (_dataConnection is not null)
        {
            TimeSpan limit = _connection.Options.Timeouts.Resync;
            await _dataConnection.ShutDownAsync(_direction == FtpDataDirection.Send, limit, CancellationToken.None).ConfigureAwait(false);
            await _dataConnection.CloseAfterConfirmationAsync(limit).ConfigureAwait(false);
        }

        _preparedConnection.Dispose();
        _stop.Dispose();
        _expectedReplies.Dispose();
        ArrayPool<byte>.Shared.Return(_output);
        if (_input.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_input);
        }
    }

    /// <summary>Receives at least one byte into the input buffer and returns the number of bytes.</summary>
    private async ValueTask<int> ReceiveAsync()
    {
        DataConnection data = _dataConnection ??= await OpenDataAsync().ConfigureAwait(false);
        _input = _input.Length > 0 ? _input : ArrayPool<byte>.Shared.Rent(InputBufferBytes);
        int received = await data.ReadAsync(_input, Token).ConfigureAwait(false);
        RecordActivity();
        return received > 0
            ? received
            : throw new FtpConnectionException(
                FtpOperationPhase.Transfer, "the server closed the data connection before the end of a file");
    }

    /// <summary>Waits for a task of <see cref="RunAsync"/>. If the task fails, closes the connection and cancels the other tasks.</summary>
    private async Task CancelAllOnFailureAsync(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch
        {
            if (task.IsFaulted)
            {
                _ = Interlocked.CompareExchange(ref _firstFailedTask, task, null);
            }

            _connection.CloseImmediately();
            await _stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits for the prepared socket and opens the data connection over it.</summary>
    private async Task<DataConnection> OpenDataAsync()
    {
        FtpClientOptions options = _connection.Options;
        Socket socket = await _preparedConnection.WaitForSocketAsync(options.Timeouts.Connect, Token).ConfigureAwait(false);
        socket.NoDelay = true; // the connection stays open, so Nagle's algorithm would delay the last bytes of each file
        DataConnection data = await DataConnection.OpenAsync(
            socket, _connection.Tls, _direction == FtpDataDirection.Send, options.Proxy is not null, isCompressed: false,
            _connection.ServerProfile.RateLimit, Token).ConfigureAwait(false);
        _connection.RecordBlockTransfer(_direction, _lastUpload);
        return data;
    }

    /// <summary>
    /// Returns immediately if the unanswered commands are within the limits. Otherwise sends the buffered output, and waits until the
    /// unanswered commands are within half of each limit, so that later commands are sent in groups.
    /// </summary>
    private async ValueTask WaitForCapacityAsync(int commandLimit, int byteLimit)
    {
        if (HasCapacity(commandLimit, byteLimit))
        {
            return;
        }

        await FlushAsync().ConfigureAwait(false);
        Task capacityAvailable;
        lock (_lock)
        {
            if (HasCapacity(commandLimit / 2, byteLimit / 2))
            {
                return;
            }

            _capacityAvailable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            (_capacityCommands, _capacityBytes, capacityAvailable) = (commandLimit / 2, byteLimit / 2, _capacityAvailable.Task);
        }

        await capacityAvailable.WaitAsync(Token).ConfigureAwait(false);
    }

    /// <summary>Returns whether the unanswered commands are within the limits for their number and their total length in bytes.</summary>
    private bool HasCapacity(int commandLimit, int byteLimit)
    {
        lock (_lock)
        {
            return _unansweredCommands.Count <= commandLimit && _unansweredBytes <= byteLimit;
        }
    }

    /// <summary>
    /// Removes the oldest unanswered command, and ends the wait of <see cref="WaitForCapacityAsync"/> if its limits are met.
    /// </summary>
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

    /// <summary>
    /// Returns the previous positive reply if it equals <paramref name="reply"/>, and <paramref name="reply"/> otherwise. The results of a
    /// large batch then share one reply object instead of holding one object each.
    /// </summary>
    private FtpReply ShareReply(FtpReply reply)
    {
        bool isEqual = _sharedReply is { } last && last.Code == reply.Code && last.Lines.SequenceEqual(reply.Lines);
        if (!isEqual)
        {
            _sharedReply = reply;
        }

        return _sharedReply!;
    }

    /// <summary>Restarts the stall timeout. Does so at most twice a second, because restarting a timer is expensive.</summary>
    private void RecordActivity()
    {
        long now = Environment.TickCount64;
        if (now - Volatile.Read(ref _lastActivity) > 500)
        {
            Volatile.Write(ref _lastActivity, now);
            _connection.RecordActivity();
            _stop.CancelAfter(_connection.Options.Timeouts.TransferStall);
        }
    }
}
