using System.Buffers;
using Fts.Client.Connections;

namespace Fts.Client.Listings;

/// <summary>The lines of a listing as they arrive over a data connection, each bounded, and all of them together.</summary>
/// <remarks>Owns its buffer, not the data connection.</remarks>
internal sealed class ListingLineReader(FtpDataStream data, WireText text, FtpLimits limits) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(limits.ListingLine + 2, 64 * 1024));
    private int _start, _end;
    private long _total;

    /// <summary>The next line without its line end; null at the end of the data.</summary>
    /// <exception cref="FtpListingException">A line or the whole listing is over its limit.</exception>
    public async ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        for (int searched = 0; ;)
        {
            int end = _buffer.AsSpan((_start + searched).._end).IndexOf((byte)'\n');
            if (end >= 0)
            {
                return DecodeLine(searched + end, lineEnd: 1);
            }

            searched = _end - _start;
            if (searched > limits.ListingLine + 1)
            {
                throw CreateLimitException("a line of the listing is over the limit");
            }

            if (!await FillAsync(cancellationToken).ConfigureAwait(false))
            {
                // The last line of some servers has no end.
                return searched == 0 ? null : DecodeLine(searched, lineEnd: 0);
            }
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private string DecodeLine(int length, int lineEnd)
    {
        ReadOnlySpan<byte> line = _buffer.AsSpan(_start, length);
        _start += length + lineEnd;
        return text.Decode(line.EndsWith("\r"u8) ? line[..^1] : line);
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_end == _buffer.Length)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        int read = await data.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read;
        return (_total += read) <= limits.Listing ? read > 0 : throw CreateLimitException("the listing does not end; it is over the limit");
    }

    private FtpListingException CreateLimitException(string reason) => new(text.Decode(_buffer.AsSpan(_start, Math.Min(200, _end - _start))), reason);
}
