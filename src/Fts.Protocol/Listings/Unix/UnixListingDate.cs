using System.Globalization;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Unix;

/// <summary>
/// Reads the dates of <c>ls -l</c>: <c>Jan 31 12:59</c>, <c>Jan 31 2026</c>, <c>31 Jan 12:59</c>, <c>Jan 31 12:59:07 2026</c>,
/// <c>2026-01-31</c>, <c>2026-01-31 12:59</c> with or without seconds and time zone, <c>01-31 12:59</c>, and Unix times.
/// </summary>
internal static class UnixListingDate
{
    /// <summary>
    /// Reads a date that starts at the first word. <paramref name="end"/> is the offset of the end of the date in the line.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now, out DateTime utc, out int end) =>
        (char.IsAsciiDigit(line[words[0].Start]) &&
            (TryParseIso(line, words, out utc, out end) || TryParseShortIso(line, words, now, out utc, out end))) ||
        TryParseMonthAndDay(line, words, now, out utc, out end);

    /// <summary>
    /// Reads a Unix time of 9 to 11 digits. Returns false if a date with a month name follows, because the number is then a size.
    /// </summary>
    public static bool TryParseEpoch(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, out DateTime utc, out int end)
    {
        (utc, end) = (default, words[0].End.Value);
        return line[words[0]].Length is >= 9 and <= 11 && ListingFields.TryParseEpoch(line[words[0]], out utc) &&
            !LooksLikeMonthAndDay(line, words[1..]);
    }

    /// <summary>
    /// Returns whether the words have the form of a date with a month name, even if no such date exists. A month name alone is not
    /// sufficient, because a file name can start with one.
    /// </summary>
    internal static bool LooksLikeMonthAndDay(ReadOnlySpan<char> line, ReadOnlySpan<Range> words) =>
        words.Length >= 3 && MonthNames.Find(line[words[0]]) > 0 && ParseNumber(line[words[1]].TrimEnd(','), 2) > 0 &&
        (ListingFields.TryParseTime(line[words[2]], out _) || ParseYear(line[words[2]]) > 0);

    /// <summary>Reads a date with a month name before or after the day, and a time or year.</summary>
    private static bool TryParseMonthAndDay(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now, out DateTime utc, out int end)
    {
        (utc, end) = (default, 0);
        if (words.Length < 3)
        {
            return false;
        }

        // The words may end with a comma or a dot. To save time, the second word is looked up as a month only if the first can be a day.
        ReadOnlySpan<char> first = line[words[0]];
        (int month, int day) = (MonthNames.Find(first), ParseNumber(line[words[1]].TrimEnd(','), 2));
        if (month < 0 && char.IsAsciiDigit(first[0]))
        {
            (month, day) = (MonthNames.Find(line[words[1]]), ParseNumber(first.TrimEnd('.'), 2));
        }

        ReadOnlySpan<char> last = line[words[2]];
        end = words[2].End.Value;
        if (month < 0 || day is < 1 or > 31)
        {
            return false;
        }

        if (ListingFields.TryParseTime(last, out TimeSpan time))
        {
            // A year follows a time with seconds (ls -T). After a time without seconds, four digits are a name.
            if (last.Length < "1:02:03".Length || words.Length < 4 || ParseYear(line[words[3]]) is not (> 0 and var year))
            {
                return TryGuessYear(month, day, time, now, out utc);
            }

            end = words[3].End.Value;
            return TryMakeTime(year, month, day, time, out utc);
        }

        // After a day with a comma, year and time follow: "Jan 31, 2026 12:59".
        bool hasTime = line[words[1]].EndsWith(',') && words.Length > 3 && ListingFields.TryParseTime(line[words[3]], out time);
        end = words[hasTime ? 3 : 2].End.Value;
        return TryMakeTime(ParseYear(last), month, day, hasTime ? time : default, out utc);
    }

    /// <summary>Reads a date such as "2026-01-31", with or without a time.</summary>
    private static bool TryParseIso(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, out DateTime utc, out int end)
    {
        (utc, end) = (default, 0);
        ReadOnlySpan<char> date = line[words[0]];
        if (date.Length != 10 || date[4] is not ('-' or '/') || date[7] != date[4] ||
            !TryMakeTime(ParseYear(date[..4]), ParseNumber(date[5..7], 2), ParseNumber(date[8..], 2), default, out utc))
        {
            return false;
        }

        end = words[0].End.Value;
        ReadOnlySpan<char> time = words.Length < 2 ? default : line[words[1]];
        int fraction = time.IndexOf('.');
        if (!ListingFields.TryParseTime(fraction < 0 ? time : time[..fraction], out TimeSpan timeOfDay))
        {
            // For an older file, ls --time-style=iso writes a second space instead of the time. After a single space, a word that is not a
            // time makes the date invalid.
            bool hasTwoSpaces = line[end..].StartsWith("  ");
            end += hasTwoSpaces ? 1 : 0;
            return hasTwoSpaces;
        }

        utc = ListingFields.AddTime(utc, timeOfDay);
        end = words[1].End.Value;
        // ls --full-time writes a time zone after seconds with a fraction. Without a fraction, "+0100" is a name.
        return fraction < 0 || words.Length < 3 || !TryParseZone(line[words[2]], out TimeSpan zone) ||
            TryApplyZone(ref utc, zone, words[2].End.Value, ref end);
    }

    /// <summary>Reads month, day and time, which ls --time-style=iso writes for newer files: "01-31 12:59".</summary>
    private static bool TryParseShortIso(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now, out DateTime utc, out int end)
    {
        (utc, end) = (default, words.Length < 2 ? 0 : words[1].End.Value);
        ReadOnlySpan<char> date = line[words[0]];
        return words.Length >= 2 && date.Length == 5 && date[2] == '-' &&
            ParseNumber(date[..2], 2) is >= 1 and <= 12 and var month && ParseNumber(date[3..], 2) is >= 1 and <= 31 and var day &&
            ListingFields.TryParseTime(line[words[1]], out TimeSpan time) && TryGuessYear(month, day, time, now, out utc);
    }

    /// <summary>
    /// Converts a time with a time zone to UTC, and moves <paramref name="end"/> to the end of the time zone. Returns false if the result
    /// is outside the range of <see cref="DateTime"/>.
    /// </summary>
    private static bool TryApplyZone(ref DateTime time, TimeSpan zone, int zoneEnd, ref int end)
    {
        end = zoneEnd;
        long ticks = time.Ticks - zone.Ticks;
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        time = new DateTime(ticks, DateTimeKind.Utc);
        return true;
    }

    private static bool TryParseZone(ReadOnlySpan<char> word, out TimeSpan zone)
    {
        zone = default;
        if (word.Length != 5 || word[0] is not ('+' or '-') ||
            ParseNumber(word[1..3], 2) is not (>= 0 and < 24 and var hours) ||
            ParseNumber(word[3..], 2) is not (>= 0 and < 60 and var minutes))
        {
            return false;
        }

        zone = new TimeSpan(hours, minutes, 0) * (word[0] == '-' ? -1 : 1);
        return true;
    }

    /// <summary>
    /// Adds a year to a date that has none: the latest year in which the date is at most one day after <paramref name="now"/>. The
    /// additional day allows for a different time zone or a wrong clock of the server.
    /// </summary>
    internal static bool TryGuessYear(int month, int day, TimeSpan time, DateTime now, out DateTime utc)
    {
        DateTime latest = now <= DateTime.MaxValue.AddDays(-1) ? now.AddDays(1) : now;
        // Nine years contain a 29 February even around a year such as 2100, which is not a leap year.
        for (int year = latest.Year; year > latest.Year - 9; year--)
        {
            if (TryMakeTime(year, month, day, time, out utc) && utc <= latest)
            {
                return true;
            }
        }

        utc = default;
        return false;
    }

    /// <summary>Creates a time in UTC. Returns false if the date does not exist.</summary>
    internal static bool TryMakeTime(int year, int month, int day, TimeSpan time, out DateTime utc)
    {
        bool exists = ListingFields.TryMakeDate(year, month, day, out utc);
        utc = exists ? ListingFields.AddTime(utc, time) : default;
        return exists;
    }

    /// <summary>Returns the number if the word consists of four digits, and otherwise -1.</summary>
    internal static int ParseYear(ReadOnlySpan<char> word) => word.Length == 4 ? ParseNumber(word, 4) : -1;

    /// <summary>Returns the number if the word consists of one to <paramref name="maxDigits"/> digits, and otherwise -1.</summary>
    internal static int ParseNumber(ReadOnlySpan<char> word, int maxDigits) =>
        word.Length <= maxDigits && int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;
}
