using System.Buffers;
using Fts.Client.Connections;

namespace Fts.Client.Listings;

/// <summary>
/// Splits the content of one listing into lines as it arrives. Limits the length of each line and of the whole listing.
/// </summary>
/// <param name="text">Decodes the lines.</param>
/// <param name="limits">The limits of the lines and of the listing.</param>
/// <param name="onLine">Receives each complete line, without its line break.</param>
internal sealed class ListingLineSplitter(WireText text, FtpLimits limits, Action<string> onLine)
{
    private readonly ArrayBufferWriter<byte> _incompleteLine = new();
    private long _total;

    /// <summary>Adds content, and calls the callback with each line that the content completes.</summary>
    /// <exception cref="FtpListingException">
    /// A line exceeds <see cref="FtpLimits.ListingLine"/>, or the listing exceeds <see cref="FtpLimits.Listing"/>.
    /// </exception>
    public void Add(ReadOnlySpan<byte> content)
    {
        _total += content.Length;
        if (_total > limits.Listing)
        {
            throw CreateLimitException(content, $"the listing exceeds the limit of {limits.Listing} bytes");
        }

        for (int end; (end = content.IndexOf((byte)'\n')) >= 0; content = content[(end + 1)..])
        {
            if (_incompleteLine.WrittenCount == 0)
            {
                AddLine(content[..end]);
                continue;
            }

            Append(content[..end]);
            Complete();
        }

        Append(content);
    }

    /// <summary>
    /// Calls the callback with the last line if that line has no line break. Some servers send no line break after the last line.
    /// </summary>
    public void Complete()
    {
        if (_incompleteLine.WrittenCount > 0)
        {
            AddLine(_incompleteLine.WrittenSpan);
            _incompleteLine.ResetWrittenCount();
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_incompleteLine.WrittenCount + bytes.Length > limits.ListingLine + 1)
        {
            throw CreateLineLimitException(bytes);
        }

        _incompleteLine.Write(bytes);
    }

    private void AddLine(ReadOnlySpan<byte> line)
    {
        line = line.EndsWith("\r"u8) ? line[..^1] : line;
        onLine(line.Length <= limits.ListingLine
            ? text.Decode(line)
            : throw CreateLineLimitException(line));
    }

    private FtpListingException CreateLineLimitException(ReadOnlySpan<byte> line) =>
        CreateLimitException(line, $"a line of the listing exceeds the limit of {limits.ListingLine} bytes");

    private FtpListingException CreateLimitException(ReadOnlySpan<byte> bytes, string reason) =>
        new(text.Decode(bytes[..Math.Min(200, bytes.Length)]), reason);
}
