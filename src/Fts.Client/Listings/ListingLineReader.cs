using System.Buffers;
using Fts.Client.Connections;

namespace Fts.Client.Listings;

/// <summary>Reads the lines of a listing from a data connection. Limits the length of each line and of the whole listing.</summary>
/// <remarks>Owns its buffer, not the data connection.</remarks>
internal sealed class ListingLineReader(FtpDataStream data, WireText text, FtpLimits limits) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(limits.ListingLine + 2, 64 * 1024));
    private int _start, _end;
    private long _total;

    /// <summary>Returns the next line without its line break, or null at the end of the data.</summary>
    /// <exception cref="FtpListingException">
    /// A line exceeds <see cref="FtpLimits.ListingLine"/>, or the listing exceeds <see cref="FtpLimits.Listing"/>.
    /// </exception>
    public async ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        for (int searched = 0; ;)
        {
            int end = _buffer.AsSpan((_start + searched).._end).IndexOf((byte)'\n');
            if (end >= 0)
            {
                return DecodeLine(searched + end, lineBreakLength: 1);
            }

            searched = _end - _start;
            if (searched > limits.ListingLine + 1)
            {
                throw CreateLimitException($"a line of the listing exceeds the limit of {limits.ListingLine} bytes");
            }

            if (!await FillAsync(cancellationToken).ConfigureAwait(false))
            {
                // Some servers send no line break after the last line.
                return searched == 0 ? null : DecodeLine(searched, lineBreakLength: 0);
            }
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private string DecodeLine(int length, int lineBreakLength)
    {
        ReadOnlySpan<byte> line = _buffer.AsSpan(_start, length);
        _start += length + lineBreakLength;
        return text.Decode(line.EndsWith("\r"u8) ? line[..^1] : line);
    }

    /// <summary>Reads bytes into the buffer. Returns false at the end of the data.</summary>
    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_end == _buffer.Length)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        int read = await data.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read;
        _total += read;
        return _total <= limits.Listing
            ? read > 0
            : throw CreateLimitException($"the listing exceeds the limit of {limits.Listing} bytes");
    }

    private FtpListingException CreateLimitException(string reason) =>
        new(text.Decode(_buffer.AsSpan(_start, Math.Min(200, _end - _start))), reason);
}
