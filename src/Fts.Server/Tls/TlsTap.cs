namespace Fts.Server.Tls;

/// <summary>
/// Sits between SslStream and the socket and notes two things SslStream does not tell: whether the handshake resumed a session, and whether the peer's
/// end was announced (close_notify) or the connection just ended. Gathers what belongs together. Owns the inner stream.
/// </summary>
internal sealed class TlsTap(Stream inner) : Stream
{
    /// <summary>More than any server flight up to the certificate's first bytes.</summary>
    private const int MostWatched = 4096;

    private byte[]? _flight = new byte[512];
    private int _written;
    private byte[]? _room;
    private int _gathered;

    public Resumption Resumption { get; private set; }

    /// <summary>The peer's TCP side has ended. SslStream that reads 0 without this has read a close_notify.</summary>
    public bool HasEnded { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await inner.ReadAsync(buffer, cancellationToken);
        HasEnded |= read == 0 && buffer.Length > 0;
        return read;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_flight is not null)
        {
            Watch(buffer.Span);
        }

        if (_room is null)
        {
            return inner.WriteAsync(buffer, cancellationToken);
        }

        if (buffer.Length > _room.Length - _gathered)
        {
            return WriteBehindAsync(buffer, cancellationToken);
        }

        buffer.CopyTo(_room.AsMemory(_gathered));
        _gathered += buffer.Length;
        return default;
    }

    /// <summary>What is written from now on is kept in <paramref name="room"/>, as far as that goes; with null nothing is any more.</summary>
    public void Gather(byte[]? room) => (_room, _gathered) = (room, 0);

    /// <summary>Sends what was gathered.</summary>
    public async ValueTask SendGatheredAsync(CancellationToken cancellationToken)
    {
        (int length, _gathered) = (_gathered, 0);
        if (length > 0)
        {
            await inner.WriteAsync(_room.AsMemory(0, length), cancellationToken);
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask WriteBehindAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        await SendGatheredAsync(cancellationToken);
        await inner.WriteAsync(buffer, cancellationToken);
    }

    private void Watch(ReadOnlySpan<byte> bytes)
    {
        int taken = Math.Min(bytes.Length, MostWatched - _written);
        if (_written + taken > _flight!.Length)
        {
            Array.Resize(ref _flight, MostWatched);
        }

        bytes[..taken].CopyTo(_flight.AsSpan(_written));
        _written += taken;
        Resumption = ServerHelloReader.Read(_flight.AsSpan(0, _written));
        if (Resumption == Resumption.Unknown && _written == MostWatched)
        {
            Resumption = Resumption.Unreadable;
        }

        if (Resumption != Resumption.Unknown)
        {
            _flight = null;
        }
    }
}
