using System.Buffers;
using System.Net.Sockets;
using Fts.Protocol.Blocks;
using Fts.Server.Sessions;
using Fts.Server.Tls;

namespace Fts.Server.Data.BlockMode;

/// <summary>Where in its stream a connection in block mode stands.</summary>
internal enum BlockState
{
    /// <summary>Between two files: in step with the peer.</summary>
    Idle,
    /// <summary>A transfer has begun.</summary>
    Started,
    Receiving,
    /// <summary>It ended where nobody can tell anything further from what came, or went.</summary>
    Failed,
}

/// <summary>
/// A data connection in block mode (RFC 959 §3.4.2), which stays open from one transfer to the next. What is sent is gathered, so that small files leave together, and
/// what came beyond one file is kept for the next. Neither is ever held while somebody waits: see <see cref="FlushAsync"/>.
/// </summary>
/// <remarks>
/// Owned by the session's <see cref="DataConnector"/>, which disposes it, from whichever thread finds the reason. Its buffers belong to the transfer that runs: they go back
/// to the pool where a file ends with nothing left in them, and never when it is disposed.
/// </remarks>
internal sealed class BlockConnection(Session session, Socket socket, DataConnectionTls? tls) : IDisposable
{
    /// <summary>Some thirty files of 4 KiB to a call.</summary>
    private const int OutputBytes = 128 * 1024, InputBytes = 64 * 1024;

    private static readonly TimeSpan CloseNotifyTimeout = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _sendLock = new(1, 1);
    private byte[]? _output;
    private BlockWriter? _writer;
    private byte[]? _input;
    private int _inputStart, _inputEnd;
    private BlockReader _reader;
    private BlockState _state;
    private volatile bool _isBroken;
    private long _blockedSince;

    /// <summary>
    /// The start time of the send that waits for the peer now, in <see cref="Environment.TickCount64"/> milliseconds; 0 if none waits.
    /// </summary>
    public long BlockedSince => Volatile.Read(ref _blockedSince);

    public Socket Socket => socket;

    public BlockState State => _isBroken ? BlockState.Failed : _state;

    /// <summary>A transfer begins.</summary>
    /// <exception cref="IOException">The connection broke since the last one.</exception>
    public void BeginTransfer()
    {
        if (State == BlockState.Failed)
        {
            throw new DataConnectionException("the data connection was lost between two transfers");
        }

        (_state, _reader) = (BlockState.Started, default);
    }

    /// <summary>Sends content of the file, some of it later.</summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_lock)
            {
                content = content[GetWriter().Write(content.Span)..];
            }

            if (content.IsEmpty)
            {
                return;
            }

            await FlushAsync(cancellationToken);
        }
    }

    /// <summary>Ends the file that is sent.</summary>
    public async ValueTask EndFileAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_lock)
            {
                if (GetWriter().TryEndFile())
                {
                    _state = BlockState.Idle;
                    return;
                }
            }

            await FlushAsync(cancellationToken);
        }
    }

    /// <summary>Receives content of the file; 0 once its last block has ended.</summary>
    /// <exception cref="IOException">The connection ended before, or what came is no block.</exception>
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _state = _reader.IsEndOfFile ? BlockState.Idle : BlockState.Receiving;
        while (!_reader.IsEndOfFile)
        {
            if (_inputStart == _inputEnd)
            {
                await FillInputAsync(cancellationToken);
            }

            BlockReadResult piece = ReadBlock(Math.Min(_inputEnd - _inputStart, buffer.Length));
            _inputStart += piece.ConsumedBytes;
            if (piece.ContentBytes > 0)
            {
                _input.AsSpan(_inputStart - piece.ContentBytes, piece.ContentBytes).CopyTo(buffer.Span);
                return piece.ContentBytes;
            }
        }

        _state = BlockState.Idle;
        if (_inputStart == _inputEnd && _input is not null)
        {
            ArrayPool<byte>.Shared.Return(_input);
            _input = null;
        }

        return 0;
    }

    /// <summary>Reads on to the end of a file that is not taken.</summary>
    public async ValueTask SkipFileAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(InputBytes);
        while (await ReceiveAsync(buffer, cancellationToken) > 0)
        {
            session.Transfer?.NoteProgress();
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>
    /// Sends what was gathered. Whoever is about to wait calls it: the peer may be waiting for just that. Where the connection takes no more, the replies that are
    /// queued leave first.
    /// </summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_writer is null && _sendLock.CurrentCount > 0)
        {
            return;
        }

        await _sendLock.WaitAsync(cancellationToken);
        try
        {
            byte[]? buffer;
            ReadOnlyMemory<byte> blocks;
            lock (_lock)
            {
                (buffer, blocks) = (_output, _writer?.Blocks ?? default);
                (_output, _writer) = (null, null);
            }

            if (buffer is null)
            {
                return;
            }

            ValueTask sending = tls is null ? SendAllAsync(blocks, cancellationToken) : tls.WriteAsync(blocks, cancellationToken);
            if (!sending.IsCompleted)
            {
                Volatile.Write(ref _blockedSince, Environment.TickCount64);
                await session.Channel.FlushAsync(cancellationToken);
            }

            await sending;
            Volatile.Write(ref _blockedSince, 0);
            session.Transfer?.NoteProgress();
            ArrayPool<byte>.Shared.Return(buffer);
        }
        catch
        {
            _isBroken = true;
            throw;
        }
        finally
        {
            _sendLock.Release();
        }
    }

    /// <summary>Sends what was gathered, if that can be done: the next transfer finds the connection broken, and until then nobody asks for it.</summary>
    public async Task TryFlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FlushAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // It is broken, or everything is at its end.
        }
    }

    /// <summary>Begins to send what was gathered, while the caller waits for something else.</summary>
    public void StartFlush()
    {
        if (_writer is not null)
        {
            _ = TryFlushAsync(session.Ending);
        }
    }

    /// <summary>
    /// Closes the connection; over TLS with a word of goodbye, unless somebody is still reading or writing, for OpenSSL does one thing at a time: an aborted transfer, which
    /// ends with an exception.
    /// </summary>
    public void Dispose()
    {
        if (tls is not null && session.Transfer is null or { EndReason: TransferEndReason.None } && _sendLock.Wait(0))
        {
            _ = SendCloseNotifyAsync();
        }
        else
        {
            _ = CloseAsync();
        }
    }

    private async Task SendCloseNotifyAsync()
    {
        try
        {
            await tls!.FinishAsync().AsTask().WaitAsync(CloseNotifyTimeout);
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException or TimeoutException)
        {
            // Nobody is there to hear it.
        }

        _sendLock.Release();
        await CloseAsync();
    }

    private async Task CloseAsync()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended.
        }

        if (tls is not null)
        {
            await tls.DisposeAsync();
        }

        socket.Dispose();
    }

    private BlockWriter GetWriter() => _writer ??= new BlockWriter(_output = ArrayPool<byte>.Shared.Rent(OutputBytes));

    private async ValueTask SendAllAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, cancellationToken)..];
        }
    }

    private async ValueTask FillInputAsync(CancellationToken cancellationToken)
    {
        _input ??= ArrayPool<byte>.Shared.Rent(InputBytes);
        try
        {
            ValueTask<int> receiving = tls is null ? socket.ReceiveAsync(_input, SocketFlags.None, cancellationToken) : tls.ReadAsync(_input, cancellationToken);
            if (!receiving.IsCompleted)
            {
                await FlushAsync(cancellationToken);
                await session.Channel.FlushAsync(cancellationToken);
            }

            (_inputStart, _inputEnd) = (0, await receiving);
        }
        catch
        {
            _isBroken = true;
            throw;
        }

        if (_inputEnd == 0)
        {
            _isBroken = true;
            throw new DataConnectionException("the data connection ended before the file's last block");
        }
    }

    private BlockReadResult ReadBlock(int length)
    {
        try
        {
            return _reader.Read(_input.AsSpan(_inputStart, length));
        }
        catch (BlockFormatException)
        {
            _isBroken = true;
            throw;
        }
    }
}
