using System.IO.Compression;

namespace Fts.Protocol.Deflate;

/// <summary>The reason why a received transfer in MODE Z is not valid.</summary>
public enum DeflateFault
{
    /// <summary>The connection ended before the end of the zlib stream, so the transfer is truncated.</summary>
    Truncated,
    /// <summary>The bytes are not a zlib stream, the checksum is wrong, or bytes follow the end of the zlib stream.</summary>
    Corrupt,
    /// <summary>The stream expands to more bytes than the limit allows.</summary>
    ExpansionLimitExceeded,
}

/// <summary>A received transfer in MODE Z is not valid. Its content so far may be incomplete or wrong.</summary>
/// <param name="fault">The kind of fault.</param>
/// <param name="message">The reason, as a phrase.</param>
/// <param name="cause">The exception of the decoder, or null.</param>
public sealed class DeflateException(DeflateFault fault, string message, Exception? cause = null) : IOException(message, cause)
{
    /// <summary>The kind of fault.</summary>
    public DeflateFault Fault { get; } = fault;
}

/// <summary>A limit on the expansion of a transfer in MODE Z. Without it, a small upload could fill the disk with zeros.</summary>
/// <param name="UnrestrictedBytes">The content length in bytes up to which the ratio is not checked.</param>
/// <param name="MaxRatio">
/// The maximum number of content bytes for each received byte, if the content is longer than <paramref name="UnrestrictedBytes"/>.
/// </param>
public readonly record struct InflateLimit(long UnrestrictedBytes, int MaxRatio)
{
    /// <summary>No limit.</summary>
    public static InflateLimit None => new(long.MaxValue, int.MaxValue);

    internal bool IsExceeded(long contentBytes, long receivedBytes) =>
        contentBytes > UnrestrictedBytes && contentBytes / MaxRatio > receivedBytes;
}

/// <summary>
/// Receives one transfer in MODE Z (draft-preston-ftpext-deflate §3): one zlib stream (RFC 1950), which ends with a checksum.
/// </summary>
/// <remarks>
/// The reader needs the same memory for every stream: a window of 32 KiB and small buffers. The reader does not own the connection.
/// </remarks>
public sealed class InflateReader : IDisposable
{
    private readonly DeflateTransportStream _transport;
    private readonly ZLibStream _zlib;
    private readonly InflateLimit _limit;
    private readonly bool _acceptsEmptyConnection;
    private Adler32 _checksum = new();
    private long _contentBytes;
    private bool _hasEnded;

    /// <summary>Creates a reader.</summary>
    /// <param name="receive">Receives some bytes from the data connection. Returns 0 after the peer closed its sending side.</param>
    /// <param name="limit">The limit on the expansion.</param>
    /// <param name="acceptsEmptyConnection">
    /// Whether a connection without any byte is a complete transfer without content, and not a truncated one.
    /// </param>
    public InflateReader(Func<Memory<byte>, CancellationToken, ValueTask<int>> receive, InflateLimit limit, bool acceptsEmptyConnection)
    {
        ArgumentNullException.ThrowIfNull(receive);
        _transport = new DeflateTransportStream(null, receive);
        _zlib = new ZLibStream(_transport, CompressionMode.Decompress, leaveOpen: true);
        (_limit, _acceptsEmptyConnection) = (limit, acceptsEmptyConnection);
    }

    /// <summary>Reads some content. Returns its length in bytes, or 0 after the end of a complete and valid stream.</summary>
    /// <param name="buffer">Receives the content.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="DeflateException">The stream is truncated, corrupt, or exceeds the limit.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_hasEnded || buffer.IsEmpty)
        {
            return 0;
        }

        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        int read;
        try
        {
            read = await _zlib.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException e)
        {
            throw new DeflateException(DeflateFault.Corrupt, "the received bytes are not a valid zlib stream", e);
        }

        _checksum.Append(buffer.Span[..read]);
        _contentBytes += read;
        if (_limit.IsExceeded(_contentBytes, _transport.ReceivedBytes))
        {
            throw new DeflateException(
                DeflateFault.ExpansionLimitExceeded,
                $"{_transport.ReceivedBytes} received bytes expand to {_contentBytes} bytes or more, which exceeds the limit");
        }

        if (read == 0)
        {
            await VerifyEndAsync(cancellationToken).ConfigureAwait(false);
            _hasEnded = true;
        }

        return read;
    }

    /// <summary>Releases the decoder.</summary>
    public void Dispose() => _zlib.Dispose();

    /// <summary>Verifies that the zlib stream ended before the connection, and that no bytes follow the zlib stream.</summary>
    /// <remarks>
    /// The decoder returns 0 both at the end of the zlib stream and at the end of the connection. The transport has ended only in the
    /// second case. The decoder ignores bytes after the zlib stream, so the last received bytes are compared with the checksum.
    /// </remarks>
    private async ValueTask VerifyEndAsync(CancellationToken cancellationToken)
    {
        if (_transport.IsEndOfStream)
        {
            if (_transport.ReceivedBytes > 0 || !_acceptsEmptyConnection)
            {
                throw new DeflateException(DeflateFault.Truncated, "the connection ended before the end of the zlib stream");
            }

            return;
        }

        byte[] next = new byte[1];
        if (await _transport.ReadAsync(next, cancellationToken).ConfigureAwait(false) > 0 || _transport.LastFourBytes != _checksum.Value)
        {
            throw new DeflateException(DeflateFault.Corrupt, "bytes follow the end of the zlib stream");
        }
    }

    /// <summary>Computes the Adler-32 checksum, which ends a zlib stream (RFC 1950 §8.2).</summary>
    private struct Adler32
    {
        private const uint Modulus = 65521;

        /// <summary>The maximum number of bytes between two modulo operations. With more bytes, the sums could overflow 32 bits.</summary>
        private const int MaxUnreducedBytes = 5552;

        private uint _first = 1, _second;

        public Adler32()
        {
        }

        public readonly uint Value => (_second << 16) | _first;

        public void Append(ReadOnlySpan<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                ReadOnlySpan<byte> part = bytes[..Math.Min(bytes.Length, MaxUnreducedBytes)];
                foreach (byte b in part)
                {
                    _first += b;
                    _second += _first;
                }

                (_first, _second) = (_first % Modulus, _second % Modulus);
                bytes = bytes[part.Length..];
            }
        }
    }
}
