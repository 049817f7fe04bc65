using System.IO.Compression;

namespace Fts.Protocol.Deflate;

/// <summary>How far a deflated transfer may expand: a few bytes can be a terabyte of zeros.</summary>
/// <param name="FreeBytes">So many bytes of content may come of nothing.</param>
/// <param name="MaxRatio">Beyond them, so many bytes of content for each byte received, and no more.</param>
internal readonly record struct InflateLimit(long FreeBytes, int MaxRatio)
{
    public static InflateLimit None => new(long.MaxValue, int.MaxValue);

    public bool IsPassed(long content, long received) => content > FreeBytes && content / MaxRatio > received;
}

/// <summary>
/// The receiving side of MODE Z (draft-preston-ftpext-deflate §3): one zlib stream (RFC 1950), which ends by itself, with a checksum, before the connection
/// does. Memory is the window of 32 KiB and two small buffers, whatever comes.
/// </summary>
internal sealed class InflateReader : IDisposable
{
    private readonly DeflateWire _wire;
    private readonly ZLibStream _zlib;
    private readonly InflateLimit _limit;
    private readonly bool _nothingIsEmpty;
    private Adler32 _checksum = new();
    private long _content;
    private bool _ended;

    /// <summary>A stream over what <paramref name="receive"/> receives.</summary>
    /// <param name="receive">Receives some bytes; 0 when the peer has sent all.</param>
    /// <param name="limit">How far it may expand.</param>
    /// <param name="nothingIsEmpty">A connection without a byte stands for no content, not for a transfer that broke off.</param>
    public InflateReader(Func<Memory<byte>, CancellationToken, ValueTask<int>> receive, InflateLimit limit, bool nothingIsEmpty)
    {
        _wire = new DeflateWire(null, receive);
        _zlib = new ZLibStream(_wire, CompressionMode.Decompress, leaveOpen: true);
        (_limit, _nothingIsEmpty) = (limit, nothingIsEmpty);
    }

    /// <summary>Reads some content; 0 once the stream and the connection have ended, both in good order.</summary>
    /// <exception cref="DeflateException">They have not, or there is more than there may be.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_ended || buffer.IsEmpty)
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
            throw new DeflateException(DeflateFault.Damaged, "what came is no zlib stream, or a damaged one", e);
        }

        _checksum.Append(buffer.Span[..read]);
        _content += read;
        if (_limit.IsPassed(_content, _wire.Received))
        {
            throw new DeflateException(DeflateFault.TooLarge, $"{_wire.Received} bytes expand to more than {_content}");
        }

        if (read == 0)
        {
            await EndAsync(cancellationToken).ConfigureAwait(false);
            _ended = true;
        }

        return read;
    }

    public void Dispose() => _zlib.Dispose();

    /// <summary>
    /// The decoder stops alike at the end of its stream and of the connection: in the first case it has not asked the connection for its end. What it took in
    /// with the end, and did not look at, only the checksum tells: that must be the last that came.
    /// </summary>
    private async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (_wire.HasEnded)
        {
            if (_wire.Received > 0 || !_nothingIsEmpty)
            {
                throw new DeflateException(DeflateFault.Truncated, "the connection ended before the zlib stream did");
            }

            return;
        }

        byte[] rest = new byte[1];
        if (await _wire.ReadAsync(rest, cancellationToken).ConfigureAwait(false) > 0 || _wire.LastFour != _checksum.Value)
        {
            throw new DeflateException(DeflateFault.Damaged, "something follows the zlib stream");
        }
    }
}
