namespace Fts.Protocol.Deflate;

/// <summary>
/// What a zlib stream lies on: hands on what is written in large pieces, and counts what is read. Not a stream for anybody else. What takes the processor
/// long goes on in the thread pool after each wait: completions of sockets may run on the thread that serves all of them.
/// </summary>
internal sealed class DeflateTransportStream(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>? send, Func<Memory<byte>, CancellationToken, ValueTask<int>>? receive) : Stream
{
    private const int BufferSize = 64 * 1024;

    private readonly byte[] _buffer = send is null ? [] : new byte[BufferSize];
    private int _bufferedBytes;

    /// <summary>Bytes received.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>The last four bytes received, the latest lowest.</summary>
    public uint LastFourBytes { get; private set; }

    /// <summary>The peer has sent all.</summary>
    public bool IsEndOfStream { get; private set; }

    /// <summary>Nothing is handed on any more: the transfer broke off, and what a disposed encoder still writes would look like its end.</summary>
    public bool IsAborted { get; set; }

    /// <summary>Ends a send; the encoder has none to give when it ends the stream.</summary>
    public CancellationToken CancellationToken { get; set; }

    public override bool CanRead => receive is not null;

    public override bool CanWrite => send is not null;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await receive!(buffer, cancellationToken).ConfigureAwait(false);
        IsEndOfStream |= read == 0;
        ReceivedBytes += read;
        foreach (byte b in buffer.Span[Math.Max(0, read - 4)..read])
        {
            LastFourBytes = (LastFourBytes << 8) | b;
        }

        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return read;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty && !IsAborted)
        {
            int taken = Math.Min(buffer.Length, BufferSize - _bufferedBytes);
            buffer[..taken].CopyTo(_buffer.AsMemory(_bufferedBytes));
            _bufferedBytes += taken;
            buffer = buffer[taken..];
            if (_bufferedBytes == BufferSize)
            {
                await FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> piece = _buffer.AsMemory(0, _bufferedBytes);
        _bufferedBytes = 0;
        if (!piece.IsEmpty && !IsAborted)
        {
            await send!(piece, CancellationToken).ConfigureAwait(false);
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
    }

    /// <summary>Called by an encoder that is disposed after a transfer broke off, and by nobody else.</summary>
    public override void Write(byte[] buffer, int offset, int count)
    {
        if (!IsAborted)
        {
            throw new NotSupportedException("Asynchronous only.");
        }
    }

    public override void Flush()
    {
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
