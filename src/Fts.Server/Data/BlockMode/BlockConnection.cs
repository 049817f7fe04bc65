using System.Buffers;
using System.Net.Sockets;
using Fts.Protocol.Blocks;
using Fts.Protocol.Rates;
using Fts.Server.Sessions;
using Fts.Server.Tls;

namespace Fts.Server.Data.BlockMode;

/// <summary>The state of a block-mode connection. It decides whether the next transfer can use the connection.</summary>
internal enum BlockState
{
    /// <summary>No file is being transferred. The next transfer can use the connection.</summary>
    Idle,
    /// <summary>A transfer has begun. The transfer sends a file, or has not started to receive a file.</summary>
    Started,
    /// <summary>A file is being received. The end of its last block has not arrived yet.</summary>
    Receiving,
    /// <summary>A send or receive failed, or a received block was invalid. The connection cannot be used again.</summary>
    Failed,
}

/// <summary>
/// A data connection in block mode (RFC 959 §3.4.2), which stays open for further transfers. The blocks to send are gathered in an output
/// buffer, so that one system call sends many small files. <see cref="FlushAsync"/> sends the gathered blocks. Received bytes that belong
/// to the next file stay in an input buffer.
/// </summary>
/// <remarks>
/// <para>Ownership: the session's <see cref="DataConnector"/> disposes this object. The methods that send and receive return the buffers
/// to the pool. <see cref="Dispose"/> does not return them, because another task may still use them.</para>
/// <para>Concurrency: the transfer's task calls the members that begin, send, receive, skip and end a file. There is one such task at a
/// time, so the input fields and <c>_state</c> need no lock. The session's loop may call <see cref="StartFlush"/> and
/// <see cref="TryFlushAsync"/> at the same time. While no transfer runs, the session monitor may dispose the connection if a send has
/// stalled (<see cref="BlockedSince"/>).</para>
/// <para>Locks: <c>_sendLock</c> is held during a whole send. <c>_lock</c> is held only while blocks are added to the output buffer, or
/// while a flush takes the buffer over. A flush acquires <c>_sendLock</c> first, then <c>_lock</c>. New blocks can therefore be gathered
/// while a send waits for the peer. Disposal holds <c>_sendLock</c> while it sends close_notify, because OpenSSL must not process a
/// close_notify and a write at the same time.</para>
/// </remarks>
internal sealed class BlockConnection(Session session, Socket socket, DataConnectionTls? tls) : IDisposable
{
    /// <summary>The sizes of the buffers in bytes. The output buffer holds about thirty files of 4 KiB.</summary>
    private const int OutputBytes = 128 * 1024, InputBytes = 64 * 1024;

    private static readonly TimeSpan CloseNotifyTimeout = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _sendLock = new(1, 1);

    // Written under _lock. StartFlush and FlushAsync read _writer without the lock. If the value is stale, the next flush sends the blocks.
    private byte[]? _output;
    private BlockWriter? _writer;

    // Used by the transfer's task only.
    private byte[]? _input;
    private int _inputStart, _inputEnd;
    private BlockReader _reader;
    private BlockState _state;

    // Set by any task, never reset.
    private volatile bool _isBroken;

    // Written under _sendLock.
    private long _blockedSince;

    /// <summary>
    /// The start time of the send that is waiting for the peer, in <see cref="Environment.TickCount64"/> milliseconds. 0 if no send is
    /// waiting.
    /// </summary>
    public long BlockedSince => Volatile.Read(ref _blockedSince);

    /// <summary>The connected socket.</summary>
    public Socket Socket => socket;

    /// <summary>The current state.</summary>
    public BlockState State => _isBroken ? BlockState.Failed : _state;

    /// <summary>Begins a transfer.</summary>
    /// <exception cref="DataConnectionException">The connection failed after the previous transfer.</exception>
    public void BeginTransfer()
    {
        if (State == BlockState.Failed)
        {
            throw new DataConnectionException("the data connection was lost between two transfers");
        }

        (_state, _reader) = (BlockState.Started, default);
    }

    /// <summary>Adds content of the file to the output buffer. Sends the buffer each time it is full.</summary>
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

    /// <summary>Marks the end of the sent file by a last block. That block may stay in the output buffer.</summary>
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

    /// <summary>Receives content of the file. Returns the number of received bytes, or 0 at the end of the file.</summary>
    /// <exception cref="DataConnectionException">The connection ended before the last block.</exception>
    /// <exception cref="BlockFormatException">A received block is invalid.</exception>
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _state = _reader.IsEndOfFile ? BlockState.Idle : BlockState.Receiving;
        while (!_reader.IsEndOfFile)
        {
            if (_inputStart == _inputEnd)
            {
                await FillInputAsync(cancellationToken);
            }

            BlockReadResult read = ReadBlock(Math.Min(_inputEnd - _inputStart, buffer.Length));
            _inputStart += read.ConsumedBytes;
            if (read.ContentBytes > 0)
            {
                _input.AsSpan(_inputStart - read.ContentBytes, read.ContentBytes).CopyTo(buffer.Span);
                return read.ContentBytes;
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

    /// <summary>Receives and discards the remaining content of a file.</summary>
    public async ValueTask SkipFileAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(InputBytes);
        while (await ReceiveAsync(buffer, cancellationToken) > 0)
        {
            session.Transfer?.RecordProgress();
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>
    /// Sends the gathered blocks. The transfer's task must call this method before it waits for the peer, because the peer may be waiting
    /// for these blocks. If the send must wait for the peer, also sends the queued replies on the control connection.
    /// </summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_writer is null && _sendLock.CurrentCount > 0)
        {
            return; // nothing to send, and no send is running
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

            ValueTask sending = session.DownloadLimit is { } limit
                ? SendLimitedAsync(limit, blocks, cancellationToken)
                : SendAllAsync(blocks, cancellationToken);
            if (!sending.IsCompleted)
            {
                Volatile.Write(ref _blockedSince, Environment.TickCount64);
                await session.Channel.FlushAsync(cancellationToken);
            }

            await sending;
            Volatile.Write(ref _blockedSince, 0);
            session.Transfer?.RecordProgress();
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

    /// <summary>
    /// Sends the gathered blocks and ignores a failure. After a failure, <see cref="BeginTransfer"/> of the next transfer throws.
    /// </summary>
    public async Task TryFlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FlushAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // FlushAsync has marked the connection as broken, or the session has ended.
        }
    }

    /// <summary>Starts to send the gathered blocks and returns without waiting.</summary>
    public void StartFlush()
    {
        if (_writer is not null)
        {
            _ = TryFlushAsync(session.Ending);
        }
    }

    /// <summary>
    /// Starts to close the connection and returns without waiting. Over TLS, sends close_notify first. Omits close_notify after an abort or
    /// during a send, because OpenSSL does not support concurrent calls, and an aborted transfer may still read or write.
    /// </summary>
    public void Dispose()
    {
        bool isAborted = session.Transfer is { AbortReason: not AbortReason.None };
        if (tls is not null && !isAborted && _sendLock.Wait(0))
        {
            _ = SendCloseNotifyAndCloseAsync();
        }
        else
        {
            _ = CloseAsync();
        }
    }

    /// <summary>Sends close_notify and closes the connection. The caller has acquired <c>_sendLock</c>. This method releases it.</summary>
    private async Task SendCloseNotifyAndCloseAsync()
    {
        try
        {
            await tls!.FinishAsync().AsTask().WaitAsync(CloseNotifyTimeout);
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException or TimeoutException)
        {
            // The peer has closed the connection, or does not read from it.
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
            // The connection is closed already.
        }

        if (tls is not null)
        {
            await tls.DisposeAsync();
        }

        socket.Dispose();
    }

    private BlockWriter GetWriter() => _writer ??= new BlockWriter(_output = ArrayPool<byte>.Shared.Rent(OutputBytes));

    /// <summary>Sends the bytes in chunks, at the speed of the limit. A chunk that was sent counts as progress.</summary>
    private async ValueTask SendLimitedAsync(BandwidthLimit limit, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            await limit.WaitAsync(cancellationToken);
            ReadOnlyMemory<byte> chunk = bytes[..Math.Min(bytes.Length, limit.ChunkBytes)];
            limit.Reserve(chunk.Length);
            await SendAllAsync(chunk, cancellationToken);
            bytes = bytes[chunk.Length..];
            session.Transfer?.RecordProgress();
            Volatile.Write(ref _blockedSince, Environment.TickCount64);
        }
    }

    private ValueTask SendAllAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        tls is null ? SendUnencryptedAsync(bytes, cancellationToken) : tls.WriteAsync(bytes, cancellationToken);

    private async ValueTask SendUnencryptedAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, cancellationToken)..];
        }
    }

    /// <summary>
    /// Receives bytes into the input buffer. Before a wait for the peer, sends the gathered blocks and the queued replies.
    /// </summary>
    private async ValueTask FillInputAsync(CancellationToken cancellationToken)
    {
        _input ??= ArrayPool<byte>.Shared.Rent(InputBytes);
        try
        {
            Memory<byte> buffer = _input;
            BandwidthLimit? limit = session.UploadLimit;
            if (limit is not null)
            {
                await FlushAsync(cancellationToken);
                await session.Channel.FlushAsync(cancellationToken);
                await limit.WaitAsync(cancellationToken);
                buffer = buffer[..Math.Min(buffer.Length, limit.ChunkBytes)];
            }

            ValueTask<int> receiving = tls is null
                ? socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken)
                : tls.ReadAsync(buffer, cancellationToken);
            if (!receiving.IsCompleted)
            {
                await FlushAsync(cancellationToken);
                await session.Channel.FlushAsync(cancellationToken);
            }

            (_inputStart, _inputEnd) = (0, await receiving);
            limit?.Reserve(_inputEnd);
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

    /// <summary>Parses the next buffered bytes. Marks the connection as broken if the bytes are invalid.</summary>
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
