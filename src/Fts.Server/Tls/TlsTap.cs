namespace Fts.Server.Tls;

/// <summary>
/// Sits between SslStream and the socket and notes two things SslStream does not tell: whether the handshake resumed a session, and whether the peer's
/// end was announced (close_notify) or the connection just ended. Owns the inner stream.
/// </summary>
internal sealed class TlsTap(Stream inner) : Stream
{
    /// <summary>More than any server flight up to the certificate's first bytes.</summary>
    private const int MostWatched = 4096;

    private byte[]? _flight = new byte[512];
    private int _written;

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

        return inner.WriteAsync(buffer, cancellationToken);
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
