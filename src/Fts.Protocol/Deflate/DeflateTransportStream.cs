namespace Fts.Protocol.Deflate;

/// <summary>
/// The stream under a <see cref="System.IO.Compression.ZLibStream"/>: sends written bytes in large pieces, and counts received bytes.
/// </summary>
/// <remarks>
/// Socket completions may run on one thread that serves all sockets, and compression would occupy that thread for a long time. Therefore
/// the stream continues on the thread pool after each wait.
/// </remarks>
/// <param name="send">Sends all of the given bytes. Null if the stream only receives.</param>
/// <param name="receive">
/// Receives bytes and returns their number, or 0 after the peer closed its sending side. Null if the stream only sends.
/// </param>
internal sealed class DeflateTransportStream(
    Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>? send,
    Func<Memory<byte>, CancellationToken, ValueTask<int>>? receive) : Stream
{
    private const int BufferSize = 64 * 1024;

    private readonly byte[] _buffer = send is null ? [] : new byte[BufferSize];
    private int _bufferedBytes;

    /// <summary>The number of received bytes.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>The last four received bytes, in big-endian order.</summary>
    public uint LastFourBytes { get; private set; }

    /// <summary>Whether the peer closed its sending side.</summary>
    public bool IsEndOfStream { get; private set; }

    /// <summary>
    /// Whether written bytes are discarded. Set after a truncated transfer, because the encoder writes the end of its stream when it is
    /// disposed, and the peer must not receive that end.
    /// </summary>
    public bool IsAborted { get; set; }

    /// <summary>The token for sends. It is a property because the encoder passes no token when it ends its stream.</summary>
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
            int copied = Math.Min(buffer.Length, BufferSize - _bufferedBytes);
            buffer[..copied].CopyTo(_buffer.AsMemory(_bufferedBytes));
            _bufferedBytes += copied;
            buffer = buffer[copied..];
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

    /// <summary>Ignores the bytes that the encoder writes when it is disposed after a truncated transfer.</summary>
    public override void Write(byte[] buffer, int offset, int count)
    {
        if (!IsAborted)
        {
            throw new NotSupportedException("Only asynchronous methods are supported.");
        }
    }

    public override void Flush()
    {
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("Only asynchronous methods are supported.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
