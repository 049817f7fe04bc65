using System.Globalization;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Unix;

/// <summary>
/// Reads the columns after the mode in forms that few servers send: dates in forms that <c>ls</c> does not write, a group that is joined to
/// the size, or no date. Used only for lines in which <see cref="UnixListingDate"/> finds no date after a size.
/// </summary>
internal static class UncommonUnixColumns
{
    /// <summary>
    /// The maximum number of words from the link count to the size, if the size is joined to the group. The longest form has a group of two
    /// words: <c>1 root domain users12345</c>.
    /// </summary>
    private const int MaxWordsToJoinedSize = 4;

    /// <summary>Finds size and date among the words after the mode.</summary>
    public static bool TryRead(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, bool isDevice, DateTime now, out ListingColumns columns)
    {
        // Tried first. In "group77 Nov 28 2024 8 3", the name is "8 3". The other forms would read "28" as the size and "2024 8 3" as the
        // date.
        if (TryReadSizeJoinedToGroup(line, words[..Math.Min(words.Length, MaxWordsToJoinedSize)], words, now, out columns))
        {
            return true;
        }

        foreach (UncommonUnixDate.DateParser parseDate in UncommonUnixDate.DateParsers)
        {
            for (int i = 1; i < words.Length; i++)
            {
                if (UnixListing.IsSize(line[words[i - 1]], isDevice, out long? length) &&
                    parseDate(line, words[i..], now, out ListingDate date) &&
                    FindNameStart(line, date) is var nameStart && nameStart < line.Length)
                {
                    columns = new ListingColumns(length, date.Utc, nameStart);
                    return true;
                }
            }
        }

        return TryReadSizeJoinedToGroup(line, words, words, now, out columns) || TryReadUnknownMonth(line, words, isDevice, out columns);
    }

    /// <summary>
    /// Finds a word among <paramref name="candidates"/> that is a group and a size without a space between them, followed by a date of
    /// <c>ls</c>.
    /// </summary>
    private static bool TryReadSizeJoinedToGroup(
        ReadOnlySpan<char> line, ReadOnlySpan<Range> candidates, ReadOnlySpan<Range> words, DateTime now, out ListingColumns columns)
    {
        for (int i = 0; i < candidates.Length && i + 1 < words.Length; i++)
        {
            if (TryParseSizeJoinedToGroup(line[candidates[i]], out long length) &&
                UnixListingDate.TryParse(line, words[(i + 1)..], now, out DateTime utc, out int end))
            {
                columns = new ListingColumns(length, utc, Math.Min(end + 1, line.Length));
                return true;
            }
        }

        columns = default;
        return false;
    }

    /// <summary>
    /// Finds the size and a date whose month name is in an unknown language. The month name may be before or after the day. The
    /// last-modified time is null for such a date, but the name can be read.
    /// </summary>
    private static bool TryReadUnknownMonth(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, bool isDevice, out ListingColumns columns)
    {
        const int MaxMonthLength = 12;
        columns = default;
        for (int i = 1; i + 2 < words.Length; i++)
        {
            ReadOnlySpan<char> first = line[words[i]], second = line[words[i + 1]], last = line[words[i + 2]];
            bool isDayFirst = char.IsAsciiDigit(first[0]);
            ReadOnlySpan<char> day = isDayFirst ? first : second, month = isDayFirst ? second : first;
            if (UnixListing.IsSize(line[words[i - 1]], isDevice, out long? length) && month.Length <= MaxMonthLength &&
                month.IndexOfAnyInRange('0', '9') < 0 && MonthNames.Find(month) < 0 &&
                UnixListingDate.ParseNumber(day.TrimEnd(".,"), 2) is >= 1 and <= 31 &&
                (ListingFields.TryParseTime(last, out _) || UnixListingDate.ParseYear(last) is > 1900 and < 2200))
            {
                columns = new ListingColumns(length, null, Math.Min(words[i + 2].End.Value + 1, line.Length));
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Reads link count, owner, an optional group, and size. Returns false if the text after the size looks like a date and not like a
    /// name.
    /// </summary>
    public static bool TryReadWithoutDate(ReadOnlySpan<char> line, int from, out ListingColumns columns)
    {
        columns = default;
        if (from >= line.Length || line[from] is not (' ' or '\t'))
        {
            return false;
        }

        Span<Range> words = stackalloc Range[UnixListing.MaxFields];
        int count = UnixListing.SplitFields(line, from, words);
        // Without a group, the size is one word earlier.
        foreach (int size in (ReadOnlySpan<int>)[3, 2])
        {
            if (count > size + 1 && ListingFields.ParseNumber(line[words[0]]) >= 0 &&
                ListingFields.TryParseLength(line[words[size]], out long? length))
            {
                columns = new ListingColumns(length, null, words[size + 1].Start.Value);
                return !UncommonUnixDate.LooksLikeDate(line, words[(size + 1)..count]);
            }
        }

        return false;
    }

    /// <summary>Returns the offset of the name. After a date without a time, any number of spaces may precede the name.</summary>
    private static int FindNameStart(ReadOnlySpan<char> line, ListingDate date) =>
        date.HasTime ? Math.Min(date.End + 1, line.Length) : line.Length - line[date.End..].TrimStart(" \t").Length;

    /// <summary>Reads the size from a word that joins group and size: "staff123456".</summary>
    private static bool TryParseSizeJoinedToGroup(ReadOnlySpan<char> word, out long length)
    {
        ReadOnlySpan<char> group = word.TrimEnd("0123456789");
        length = 0;
        return !group.IsEmpty && group.Length < word.Length && char.IsLetter(group[^1]) &&
            long.TryParse(word[group.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out length);
    }
}
