using System.Buffers;
using Fts.Client.Connections;

namespace Fts.Client.Listings;

/// <summary>
/// Splits the content of one listing into lines as it arrives. Limits the length of each line and of the whole listing.
/// </summary>
internal sealed class ListingLineSplitter(WireText text, FtpLimits limits, Action<string> onLine)
{
    private readonly ArrayBufferWriter<byte> _incompleteLine = new();
    private long _total;

    /// <summary>Adds content and passes on the lines that it completes.</summary>
    /// <exception cref="FtpListingException">
    /// A line exceeds <see cref="FtpLimits.ListingLine"/>, or the listing exceeds <see cref="FtpLimits.Listing"/>.
    /// </exception>
    public void Add(ReadOnlySpan<byte> content)
    {
        _total += content.Length;
        if (_total > limits.Listing)
        {
            throw CreateLimitException(content, "the listing exceeds the limit");
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

    /// <summary>Passes on the last line. Some servers send no line break after it.</summary>
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
            throw CreateLimitException(bytes, "a line of the listing exceeds the limit");
        }

        _incompleteLine.Write(bytes);
    }

    private void AddLine(ReadOnlySpan<byte> line)
    {
        line = line.EndsWith("\r"u8) ? line[..^1] : line;
        onLine(line.Length <= limits.ListingLine
            ? text.Decode(line)
            : throw CreateLimitException(line, "a line of the listing exceeds the limit"));
    }

    private FtpListingException CreateLimitException(ReadOnlySpan<byte> bytes, string reason) =>
        new(text.Decode(bytes[..Math.Min(200, bytes.Length)]), reason);
}
