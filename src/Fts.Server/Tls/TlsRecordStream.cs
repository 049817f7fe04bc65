using System.Buffers;

namespace Fts.Server.Tls;

/// <summary>
/// The stream between SslStream and the socket. It detects two facts that SslStream does not report: whether the handshake resumed a
/// session, and whether the peer closed the TCP connection without close_notify. It can hold or gather writes and send them together.
/// </summary>
/// <remarks>
/// <see cref="HoldWrites"/> separates the server's session tickets from its handshake. SslStream writes TLS 1.3 tickets at the end
/// of the handshake, after it has read the client's Finished. A peer that only sends may close without reading them. Unread bytes turn its
/// close into a reset. The stream owns the inner stream until <see cref="ReleaseInner"/>.
/// </remarks>
/// <param name="inner">The connection's stream.</param>
/// <param name="stopsAtRecords">
/// Whether a read never returns bytes beyond the current TLS record, so that bytes after close_notify stay in the connection (CCC).
/// </param>
internal sealed class TlsRecordStream(Stream inner, bool stopsAtRecords = false) : Stream
{
    /// <summary>
    /// The maximum number of inspected bytes. In every server's first flight, the Certificate message starts within them.
    /// </summary>
    private const int MaxInspectedBytes = 4096;

    private byte[]? _serverFlight = new byte[512];
    private int _written;
    private byte[]? _gatherBuffer;
    private int _gathered;
    private bool _holdsWrites;
    private byte[]? _held;
    private int _heldLength;
    private RecordTracker _recordTracker;
    private bool _hasReleasedInner;

    /// <summary>Whether the handshake resumed a session.</summary>
    public Resumption Resumption { get; private set; }

    /// <summary>
    /// Whether the peer has closed its side of the TCP connection. If SslStream reads 0 bytes before that, the peer has sent
    /// close_notify.
    /// </summary>
    public bool HasEnded { get; private set; }

    /// <summary>The number of bytes that are held for the next write.</summary>
    public int HeldBytes => _heldLength;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_holdsWrites)
        {
            await SendHeldAsync(cancellationToken);
        }

        if (stopsAtRecords && buffer.Length > _recordTracker.MaxReadBytes)
        {
            buffer = buffer[.._recordTracker.MaxReadBytes];
        }

        int read = await inner.ReadAsync(buffer, cancellationToken);
        if (stopsAtRecords)
        {
            _recordTracker.Advance(buffer.Span[..read]);
        }

        HasEnded |= read == 0 && buffer.Length > 0;
        return read;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_serverFlight is not null)
        {
            Inspect(buffer.Span);
        }

        if (_holdsWrites)
        {
            Hold(buffer.Span);
            return default;
        }

        if (_heldLength > 0)
        {
            Hold(buffer.Span);
            return SendHeldAsync(cancellationToken);
        }

        if (_gatherBuffer is null)
        {
            return inner.WriteAsync(buffer, cancellationToken);
        }

        if (buffer.Length > _gatherBuffer.Length - _gathered)
        {
            return WriteAfterGatheredAsync(buffer, cancellationToken);
        }

        buffer.CopyTo(_gatherBuffer.AsMemory(_gathered));
        _gathered += buffer.Length;
        return default;
    }

    /// <summary>Holds writes until the next read. The peer still receives every message before it must respond.</summary>
    public void HoldWrites() => _holdsWrites = true;

    /// <summary>Ends <see cref="HoldWrites"/>. The held bytes are sent with the next write.</summary>
    public void StopHolding() => _holdsWrites = false;

    /// <summary>Transfers ownership of the inner stream to the caller.</summary>
    public void ReleaseInner() => _hasReleasedInner = true;

    /// <summary>Sends the held bytes.</summary>
    public async ValueTask SendHeldAsync(CancellationToken cancellationToken)
    {
        if (_heldLength > 0)
        {
            (byte[] held, int length) = (_held!, _heldLength);
            (_held, _heldLength) = (null, 0); // before the write, so that a failed write is not repeated
            await inner.WriteAsync(held.AsMemory(0, length), cancellationToken);
            ArrayPool<byte>.Shared.Return(held);
        }
    }

    /// <summary>
    /// Gathers the held bytes and all further writes in <paramref name="buffer"/>, as long as they fit. Null ends the gathering.
    /// </summary>
    public void Gather(byte[]? buffer)
    {
        (_gatherBuffer, _gathered) = (buffer, 0);
        if (_heldLength > 0 && _heldLength <= buffer?.Length)
        {
            _held.AsSpan(0, _heldLength).CopyTo(buffer);
            _gathered = _heldLength;
            ReturnHeld();
        }
    }

    /// <summary>Sends the gathered bytes.</summary>
    public async ValueTask SendGatheredAsync(CancellationToken cancellationToken)
    {
        (int length, _gathered) = (_gathered, 0);
        if (length > 0)
        {
            await inner.WriteAsync(_gatherBuffer.AsMemory(0, length), cancellationToken);
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
        if (!_hasReleasedInner)
        {
            await inner.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_hasReleasedInner)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Hold(ReadOnlySpan<byte> bytes)
    {
        if (_held is null || _held.Length - _heldLength < bytes.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(_heldLength + bytes.Length);
            int length = _heldLength;
            _held.AsSpan(0, length).CopyTo(larger);
            ReturnHeld();
            (_held, _heldLength) = (larger, length);
        }

        bytes.CopyTo(_held.AsSpan(_heldLength));
        _heldLength += bytes.Length;
    }

    private void ReturnHeld()
    {
        (byte[]? held, _held, _heldLength) = (_held, null, 0);
        if (held is not null)
        {
            ArrayPool<byte>.Shared.Return(held);
        }
    }

    private async ValueTask WriteAfterGatheredAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        await SendGatheredAsync(cancellationToken);
        await inner.WriteAsync(buffer, cancellationToken);
    }

    /// <summary>Adds written bytes to the server's first flight until they determine whether the handshake resumes a session.</summary>
    private void Inspect(ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min(bytes.Length, MaxInspectedBytes - _written);
        if (_written + count > _serverFlight!.Length)
        {
            Array.Resize(ref _serverFlight, MaxInspectedBytes);
        }

        bytes[..count].CopyTo(_serverFlight.AsSpan(_written));
        _written += count;
        Resumption = ServerHelloReader.Read(_serverFlight.AsSpan(0, _written));
        if (Resumption == Resumption.Unknown && _written == MaxInspectedBytes)
        {
            Resumption = Resumption.Unreadable;
        }

        if (Resumption != Resumption.Unknown)
        {
            _serverFlight = null;
        }
    }

    /// <summary>
    /// Tracks the bounds of TLS records in a stream (RFC 8446 §5.1), so that a reader reads no byte beyond the current record.
    /// </summary>
    private struct RecordTracker
    {
        private const int HeaderBytes = 5;

        private ulong _header;
        private int _headerLength, _remainingBodyBytes;

        /// <summary>The maximum number of bytes that may be read next: the rest of the current header or body.</summary>
        public readonly int MaxReadBytes => _remainingBodyBytes > 0 ? _remainingBodyBytes : HeaderBytes - _headerLength;

        /// <summary>Records bytes that were read, at most <see cref="MaxReadBytes"/>.</summary>
        public void Advance(ReadOnlySpan<byte> read)
        {
            if (_remainingBodyBytes > 0)
            {
                _remainingBodyBytes -= read.Length;
                return;
            }

            foreach (byte next in read)
            {
                _header = (_header << 8) | next;
            }

            _headerLength += read.Length;
            if (_headerLength == HeaderBytes)
            {
                (_remainingBodyBytes, _headerLength) = ((int)(_header & 0xFFFF), 0);
            }
        }
    }
}
