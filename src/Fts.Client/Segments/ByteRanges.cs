using System.Globalization;
using System.Text;

namespace Fts.Client.Segments;

/// <summary>Bytes of a file from one offset up to another, which is not among them.</summary>
internal readonly record struct ByteRange(long Start, long End)
{
    public long Length => End - Start;
}

/// <summary>Which bytes of a file are there: ranges in order that neither meet nor overlap.</summary>
internal sealed class ByteRanges
{
    private readonly List<ByteRange> _ranges = [];

    /// <summary>Bytes from the beginning to the first gap.</summary>
    public long PrefixLength => _ranges is [{ Start: 0 } first, ..] ? first.End : 0;

    /// <summary>All of them together.</summary>
    public long TotalLength => _ranges.Sum(range => range.Length);

    /// <summary>Everything before an offset.</summary>
    public static ByteRanges FromStart(long end)
    {
        var ranges = new ByteRanges();
        ranges.Add(new ByteRange(0, end));
        return ranges;
    }

    /// <summary>Reads what <see cref="ToString"/> wrote; false for anything else.</summary>
    public static bool TryParse(string text, out ByteRanges ranges)
    {
        ranges = new ByteRanges();
        foreach (string word in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.Split('-') is not [var start, var end] || !TryParse(start, out long first) || !TryParse(end, out long last) || first >= last)
            {
                return false;
            }

            ranges.Add(new ByteRange(first, last));
        }

        return true;
    }

    /// <summary>Adds a range, which may meet or overlap others.</summary>
    public void Add(ByteRange range)
    {
        if (range.Length <= 0)
        {
            return;
        }

        int at = 0;
        while (at < _ranges.Count && _ranges[at].End < range.Start)
        {
            at++;
        }

        int beyond = at;
        while (beyond < _ranges.Count && _ranges[beyond].Start <= range.End)
        {
            range = new ByteRange(Math.Min(range.Start, _ranges[beyond].Start), Math.Max(range.End, _ranges[beyond].End));
            beyond++;
        }

        _ranges.RemoveRange(at, beyond - at);
        _ranges.Insert(at, range);
    }

    /// <summary>Those below an offset.</summary>
    public ByteRanges GetBelow(long end)
    {
        var below = new ByteRanges();
        _ranges.ForEach(range => below.Add(range with { End = Math.Min(range.End, end) }));
        return below;
    }

    /// <summary>What is not there of a file of this length.</summary>
    public IReadOnlyList<ByteRange> GetMissing(long length)
    {
        var gaps = new List<ByteRange>();
        long at = 0;
        foreach (ByteRange range in GetBelow(length)._ranges.Append(new ByteRange(length, length)))
        {
            if (range.Start > at)
            {
                gaps.Add(new ByteRange(at, range.Start));
            }

            at = range.End;
        }

        return gaps;
    }

    /// <summary><c>0-100,500-600</c>, the second of each pair being the offset after the last byte.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        _ranges.ForEach(range => text.Append(CultureInfo.InvariantCulture, $"{(text.Length == 0 ? "" : ",")}{range.Start}-{range.End}"));
        return text.ToString();
    }

    private static bool TryParse(string text, out long offset) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out offset);
}
