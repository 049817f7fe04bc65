using System.Globalization;
using System.Text;

namespace Fts.Client.Segments;

/// <summary>The bytes of a file from an offset up to, but not including, another offset.</summary>
internal readonly record struct ByteRange(long Start, long End)
{
    public long Length => End - Start;
}

/// <summary>A set of byte ranges of a file, in ascending order. The ranges are neither adjacent nor overlapping.</summary>
internal sealed class ByteRanges
{
    private readonly List<ByteRange> _ranges = [];

    /// <summary>The number of bytes before the first byte that is not in the set; 0 if the byte at offset 0 is not in the set.</summary>
    public long PrefixLength => _ranges is [{ Start: 0 } first, ..] ? first.End : 0;

    /// <summary>The number of bytes in all ranges.</summary>
    public long TotalLength => _ranges.Sum(range => range.Length);

    /// <summary>Returns a set with one range, which contains all bytes before the given offset.</summary>
    public static ByteRanges FromStart(long end)
    {
        var ranges = new ByteRanges();
        ranges.Add(new ByteRange(0, end));
        return ranges;
    }

    /// <summary>Parses the text that <see cref="ToString"/> returns. Returns false if a range is malformed or empty.</summary>
    public static bool TryParse(string text, out ByteRanges ranges)
    {
        ranges = new ByteRanges();
        foreach (string item in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (item.Split('-') is not [var first, var second]
                || !TryParse(first, out long start)
                || !TryParse(second, out long end)
                || start >= end)
            {
                return false;
            }

            ranges.Add(new ByteRange(start, end));
        }

        return true;
    }

    /// <summary>Adds a range, which may be adjacent to other ranges or overlap them.</summary>
    public void Add(ByteRange range)
    {
        if (range.Length <= 0)
        {
            return;
        }

        int first = 0;
        while (first < _ranges.Count && _ranges[first].End < range.Start)
        {
            first++;
        }

        int end = first;
        while (end < _ranges.Count && _ranges[end].Start <= range.End)
        {
            range = new ByteRange(Math.Min(range.Start, _ranges[end].Start), Math.Max(range.End, _ranges[end].End));
            end++;
        }

        _ranges.RemoveRange(first, end - first);
        _ranges.Insert(first, range);
    }

    /// <summary>Returns the ranges, reduced to the bytes before the given offset.</summary>
    public ByteRanges GetBelow(long end)
    {
        var below = new ByteRanges();
        _ranges.ForEach(range => below.Add(range with { End = Math.Min(range.End, end) }));
        return below;
    }

    /// <summary>Returns the ranges that are missing from a file of the given length.</summary>
    public IReadOnlyList<ByteRange> GetMissing(long length)
    {
        var gaps = new List<ByteRange>();
        long offset = 0;
        foreach (ByteRange range in GetBelow(length)._ranges.Append(new ByteRange(length, length)))
        {
            if (range.Start > offset)
            {
                gaps.Add(new ByteRange(offset, range.Start));
            }

            offset = range.End;
        }

        return gaps;
    }

    /// <summary>Returns a text such as <c>0-100,500-600</c>. The second number of each pair is the offset after the last byte.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (ByteRange range in _ranges)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(text.Length == 0 ? "" : ",")}{range.Start}-{range.End}");
        }

        return text.ToString();
    }

    private static bool TryParse(string text, out long offset) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out offset);
}
