using System.Buffers;
using System.Net.Sockets;
using Fts.Protocol;
using Fts.Protocol.Blocks;

namespace Fts.Client;

/// <summary>
/// One connection in block mode, with many commands under way and one data connection for all of them. Replies are read while data moves, and no more is asked than the
/// buffers of a connection hold, so that neither side ever waits for the other to listen.
/// </summary>
/// <remarks>Whoever opened it disposes it. Not ended in order (<see cref="EndAsync"/>), it gives the connection up.</remarks>
internal sealed class BlockPipeline : IAsyncDisposable
{
    /// <summary>Enough that the server does not wait for a command over a long link either, and few enough that a send of them never has to wait: that is for their bytes to say.</summary>
    private const int MostCommands = 512, MostCommandBytes = 16 * 1024;

    private const int OutputBytes = 128 * 1024, WorthSending = 64 * 1024;

    private readonly FtpConnection _connection;
    private readonly DataLink _link;
    private readonly FtpDataDirection _direction;
    private readonly CancellationTokenSource _end;
    private readonly CancellationToken _caller;
    private readonly Lock _lock = new();
    private readonly Queue<(string Verb, BatchFile? File, int Length)> _asked = new();
    private readonly SemaphoreSlim _toHear = new(0);
    private readonly byte[] _output = ArrayPool<byte>.Shared.Rent(OutputBytes);
    private readonly BlockWriter _writer;
    private TaskCompletionSource? _room;
    private int _roomCommands, _roomBytes;
    private int _askedBytes;
    private DataSocket? _data;
    private string _lastPath = "";
    private long _lastMove;
    private bool _hasEnded;

    private BlockPipeline(FtpConnection connection, DataLink link, FtpDataDirection direction, CancellationToken cancellationToken)
    {
        (_connection, _link, _direction, _caller) = (connection, link, direction, cancellationToken);
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _writer = new BlockWriter(_output);
        Moved();
    }

    /// <summary>Ends when the caller wants it, when nothing moved for too long, or when a part of the work failed.</summary>
    public CancellationToken Token => _end.Token;

    /// <summary>What the server may make this side read.</summary>
    public FtpLimits Limits => _connection.Options.Limits;

    /// <summary>Enters block mode; null when the server refuses.</summary>
    public static async Task<BlockPipeline?> OpenAsync(FtpConnection connection, FtpDataDirection direction, CancellationToken cancellationToken) =>
        await connection.EnterBlockModeAsync(direction, cancellationToken).ConfigureAwait(false) is { } link ? new BlockPipeline(connection, link, direction, cancellationToken) : null;

    /// <summary>Queues a command, once there is room for it.</summary>
    /// <exception cref="ArgumentException">A path that no command can carry; nothing was queued.</exception>
    public async ValueTask AskAsync(string verb, string argument, BatchFile? file)
    {
        await RoomAsync(MostCommands - 1, MostCommandBytes).ConfigureAwait(false);
        lock (_lock)
        {
            int length = _connection.Queue(verb, argument);
            _asked.Enqueue((verb, file, length));
            _askedBytes += length;
            _lastPath = file?.File.RemotePath ?? _lastPath;
        }

        _toHear.Release();
    }

    /// <summary>Hears the replies to all that is asked, until MODE S is answered.</summary>
    public async Task HearAsync(Action<BatchFile, string, FtpReply> heard)
    {
        while (true)
        {
            await _toHear.WaitAsync(Token).ConfigureAwait(false);
            FtpReply reply;
            (string Verb, BatchFile? File, int Length) asked;
            do
            {
                reply = await _connection.ReadReplyAsync(FtpConnectionPhase.Reply, Timeout.InfiniteTimeSpan, Token).ConfigureAwait(false);
                Moved();
                lock (_lock)
                {
                    asked = _asked.Peek();
                }

                if (asked.File is not null)
                {
                    heard(asked.File, asked.Verb, reply);
                }
            }
            while (reply.IsPreliminary);

            TakeOff(asked.Length);
            if (asked.Verb == "MODE")
            {
                _hasEnded = reply.IsCompletion;
                return;
            }
        }
    }

    /// <summary>Waits until all that was asked is answered.</summary>
    public ValueTask SettleAsync() => RoomAsync(0, 0);

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

        if (_writer.Blocks.Length >= WorthSending)
        {
            await FlushAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Receives some bytes of the data connection.</summary>
    /// <exception cref="FtpConnectionException">It has ended.</exception>
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        DataSocket data = _data ??= await OpenDataAsync().ConfigureAwait(false);
        int received = await data.ReadAsync(buffer, Token).ConfigureAwait(false);
        Moved();
        return received > 0 ? received : throw new FtpConnectionException(FtpConnectionPhase.Transfer, "the data connection ended inside a file");
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
        DataSocket data = _data ??= await OpenDataAsync().ConfigureAwait(false);
        while (!blocks.IsEmpty)
        {
            blocks = blocks[await data.WriteAsync(blocks, Token).ConfigureAwait(false)..];
            Moved();
        }

        _writer.Clear();
    }

    /// <summary>Leaves block mode, when all that was asked is answered.</summary>
    public async Task EndAsync()
    {
        await AskAsync("MODE", "S", null).ConfigureAwait(false);
        await FlushAsync().ConfigureAwait(false);
    }

    /// <summary>Waits for all parts of the work; the first that fails ends the others.</summary>
    public async Task RunAsync(params Task[] parts)
    {
        Task all = Task.WhenAll(parts.Select(BreakingAsync));
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _caller.ThrowIfCancellationRequested();
        // What the others say is a consequence.
        if (parts.FirstOrDefault(part => part.IsFaulted) is { } failed)
        {
            await failed.ConfigureAwait(false);
        }

        if (Token.IsCancellationRequested)
        {
            throw new FtpTimeoutException(FtpConnectionPhase.Transfer, _connection.Options.Timeouts.Stall);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_hasEnded)
        {
            _connection.Break();
            _data?.Reset();
        }
        else if (_data is not null)
        {
            await _data.FinishAsync(_direction == FtpDataDirection.Send, _connection.Options.Timeouts.Abort, CancellationToken.None).ConfigureAwait(false);
            await _data.CloseConfirmedAsync(_connection.Options.Timeouts.Abort).ConfigureAwait(false);
        }

        _link.Dispose();
        _end.Dispose();
        _toHear.Dispose();
        ArrayPool<byte>.Shared.Return(_output);
    }

    private async Task BreakingAsync(Task part)
    {
        try
        {
            await part.ConfigureAwait(false);
        }
        catch
        {
            _connection.Break();
            await _end.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<DataSocket> OpenDataAsync()
    {
        FtpClientOptions options = _connection.Options;
        Socket socket = await _link.TakeAsync(options.Timeouts.Connect, Token).ConfigureAwait(false);
        socket.NoDelay = true; // no end of the connection pushes the last bytes of a file out
        DataSocket data = await DataSocket.OpenAsync(
            socket, _connection.Tls, _direction == FtpDataDirection.Send, options.Proxy is not null, isDeflated: false, Token).ConfigureAwait(false);
        _connection.NoteBlocks(_direction, _lastPath);
        return data;
    }

    /// <summary>Waits until few enough commands are under way; then until half of them are answered, so that they do not go one by one.</summary>
    private async ValueTask RoomAsync(int commands, int bytes)
    {
        if (IsRoom(commands, bytes))
        {
            return;
        }

        await FlushAsync().ConfigureAwait(false);
        Task room;
        lock (_lock)
        {
            if (IsRoom(commands / 2, bytes / 2))
            {
                return;
            }

            _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            (_roomCommands, _roomBytes, room) = (commands / 2, bytes / 2, _room.Task);
        }

        await room.WaitAsync(Token).ConfigureAwait(false);
    }

    private bool IsRoom(int commands, int bytes)
    {
        lock (_lock)
        {
            return _asked.Count <= commands && _askedBytes <= bytes;
        }
    }

    private void TakeOff(int length)
    {
        lock (_lock)
        {
            _asked.Dequeue();
            _askedBytes -= length;
            if (_room is not null && _asked.Count <= _roomCommands && _askedBytes <= _roomBytes)
            {
                _room.SetResult();
                _room = null;
            }
        }
    }

    /// <summary>Puts the end off that comes when nothing moves; not more often than it is worth.</summary>
    private void Moved()
    {
        long now = Environment.TickCount64;
        if (now - Volatile.Read(ref _lastMove) > 500)
        {
            Volatile.Write(ref _lastMove, now);
            _connection.NoteActivity();
            _end.CancelAfter(_connection.Options.Timeouts.Stall);
        }
    }
}
