using System.IO.Compression;

namespace Fts.Protocol.Deflate;

/// <summary>What is wrong with a deflated transfer.</summary>
internal enum DeflateFault
{
    /// <summary>The connection ended before the zlib stream did: the transfer broke off.</summary>
    Truncated,
    /// <summary>Not a zlib stream, one whose checksum is wrong, or one that something follows.</summary>
    Corrupt,
    /// <summary>It expands beyond what is allowed.</summary>
    ExpansionLimitExceeded,
}

/// <summary>A deflated transfer that cannot be taken for what its sender meant. An <see cref="IOException"/>, as any other end of a connection before its time.</summary>
internal sealed class DeflateException(DeflateFault fault, string message, Exception? cause = null) : IOException(message, cause)
{
    public DeflateFault Fault { get; } = fault;
}

/// <summary>How far a deflated transfer may expand: a few bytes can be a terabyte of zeros.</summary>
/// <param name="UnrestrictedBytes">So many bytes of content may come of nothing.</param>
/// <param name="MaxRatio">Beyond them, so many bytes of content for each byte received, and no more.</param>
internal readonly record struct InflateLimit(long UnrestrictedBytes, int MaxRatio)
{
    public static InflateLimit None => new(long.MaxValue, int.MaxValue);

    public bool IsExceeded(long content, long received) => content > UnrestrictedBytes && content / MaxRatio > received;
}

/// <summary>
/// The receiving side of MODE Z (draft-preston-ftpext-deflate §3): one zlib stream (RFC 1950), which ends by itself, with a checksum, before the connection
/// does. Memory is the window of 32 KiB and two small buffers, whatever comes.
/// </summary>
internal sealed class InflateReader : IDisposable
{
    private readonly DeflateTransportStream _transport;
    private readonly ZLibStream _zlib;
    private readonly InflateLimit _limit;
    private readonly bool _acceptsEmptyConnection;
    private Adler32 _checksum = new();
    private long _contentBytes;
    private bool _hasEnded;

    /// <summary>A stream over what <paramref name="receive"/> receives.</summary>
    /// <param name="receive">Receives some bytes; 0 when the peer has sent all.</param>
    /// <param name="limit">How far it may expand.</param>
    /// <param name="acceptsEmptyConnection">A connection without a byte stands for no content, not for a transfer that broke off.</param>
    public InflateReader(Func<Memory<byte>, CancellationToken, ValueTask<int>> receive, InflateLimit limit, bool acceptsEmptyConnection)
    {
        _transport = new DeflateTransportStream(null, receive);
        _zlib = new ZLibStream(_transport, CompressionMode.Decompress, leaveOpen: true);
        (_limit, _acceptsEmptyConnection) = (limit, acceptsEmptyConnection);
    }

    /// <summary>Reads some content; 0 once the stream and the connection have ended, both in good order.</summary>
    /// <exception cref="DeflateException">They have not, or there is more than there may be.</exception>
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
            throw new DeflateException(DeflateFault.Corrupt, "what came is no zlib stream, or a damaged one", e);
        }

        _checksum.Append(buffer.Span[..read]);
        _contentBytes += read;
        if (_limit.IsExceeded(_contentBytes, _transport.ReceivedBytes))
        {
            throw new DeflateException(DeflateFault.ExpansionLimitExceeded, $"{_transport.ReceivedBytes} bytes expand to more than {_contentBytes}");
        }

        if (read == 0)
        {
            await VerifyEndAsync(cancellationToken).ConfigureAwait(false);
            _hasEnded = true;
        }

        return read;
    }

    public void Dispose() => _zlib.Dispose();

    /// <summary>
    /// The decoder stops alike at the end of its stream and of the connection: in the first case it has not asked the connection for its end. What it took in
    /// with the end, and did not look at, only the checksum tells: that must be the last that came.
    /// </summary>
    private async ValueTask VerifyEndAsync(CancellationToken cancellationToken)
    {
        if (_transport.IsEndOfStream)
        {
            if (_transport.ReceivedBytes > 0 || !_acceptsEmptyConnection)
            {
                throw new DeflateException(DeflateFault.Truncated, "the connection ended before the zlib stream did");
            }

            return;
        }

        byte[] rest = new byte[1];
        if (await _transport.ReadAsync(rest, cancellationToken).ConfigureAwait(false) > 0 || _transport.LastFourBytes != _checksum.Value)
        {
            throw new DeflateException(DeflateFault.Corrupt, "something follows the zlib stream");
        }
    }

    /// <summary>The checksum that ends a zlib stream (RFC 1950 §8.2).</summary>
    private struct Adler32
    {
        private const uint Modulus = 65521;

        /// <summary>As many bytes as can be summed before the sums must be reduced.</summary>
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
