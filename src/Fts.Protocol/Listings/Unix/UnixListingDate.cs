using System.Globalization;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Unix;

/// <summary>
/// The dates of <c>ls -l</c>: <c>Jan 31 12:59</c>, <c>Jan 31 2026</c>, <c>31 Jan 12:59</c>, <c>Jan 31 12:59:07 2026</c>, <c>2026-01-31 12:59</c> with or without
/// seconds and zone, <c>2026-01-31</c> alone, <c>01-31 12:59</c>, and seconds since 1970.
/// </summary>
internal static class UnixListingDate
{
    /// <summary>Reads the date that starts at the first word. <paramref name="end"/> is where it ends in the line.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now, out DateTime utc, out int end) =>
        (char.IsAsciiDigit(line[words[0].Start]) && (TryParseIso(line, words, out utc, out end) || TryParseShortIso(line, words, now, out utc, out end))) ||
        TryParseMonthAndDay(line, words, now, out utc, out end);

    /// <summary>Reads seconds since 1970, of today's length: what is shorter is another number, and a date in words behind them makes them a size.</summary>
    public static bool TryParseEpoch(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, out DateTime utc, out int end)
    {
        (utc, end) = (default, words[0].End.Value);
        return line[words[0]].Length is >= 9 and <= 11 && ListingFields.TryParseEpoch(line[words[0]], out utc) && !IsLikeMonthAndDay(line, words[1..]);
    }

    /// <summary>Whether the words look like a date, be there such a day or not: a month alone may as well start a name.</summary>
    internal static bool IsLikeMonthAndDay(ReadOnlySpan<char> line, ReadOnlySpan<Range> words) =>
        words.Length >= 3 && MonthNames.Find(line[words[0]]) > 0 && ParseNumber(line[words[1]].TrimEnd(','), 2) > 0 &&
        (ListingFields.TryParseTime(line[words[2]], out _) || ParseYear(line[words[2]]) > 0);

    private static bool TryParseMonthAndDay(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now, out DateTime utc, out int end)
    {
        (utc, end) = (default, 0);
        if (words.Length < 3)
        {
            return false;
        }

        // Some words end with a comma or a dot. A day before its month is a digit at first, which saves the look-up of a second word.
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
            // With seconds comes the year (ls -T); without, four figures are a name.
            if (last.Length < "1:02:03".Length || words.Length < 4 || ParseYear(line[words[3]]) is not (> 0 and var told))
            {
                return TryGuessYear(month, day, time, now, out utc);
            }

            end = words[3].End.Value;
            return TryMakeTime(told, month, day, time, out utc);
        }

        // A comma behind the day announces year and time: "Jan 31, 2026 12:59".
        bool hasTime = line[words[1]].EndsWith(',') && words.Length > 3 && ListingFields.TryParseTime(line[words[3]], out time);
        end = words[hasTime ? 3 : 2].End.Value;
        return TryMakeTime(ParseYear(last), month, day, hasTime ? time : default, out utc);
    }

    private static bool TryParseIso(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, out DateTime utc, out int end)
    {
        (utc, end) = (default, 0);
        ReadOnlySpan<char> date = line[words[0]];
        if (date.Length != 10 || date[4] is not ('-' or '/') || date[7] != date[4] || !TryMakeTime(ParseYear(date[..4]), ParseNumber(date[5..7], 2), ParseNumber(date[8..], 2), default, out utc))
        {
            return false;
        }

        end = words[0].End.Value;
        ReadOnlySpan<char> time = words.Length < 2 ? default : line[words[1]];
        int fraction = time.IndexOf('.');
        if (!ListingFields.TryParseTime(fraction < 0 ? time : time[..fraction], out TimeSpan ofDay))
        {
            // Older files of --time-style=iso: a space fills up what the time of others takes. Without it, this is a time that is none.
            bool isFilled = line[end..].StartsWith("  ");
            end += isFilled ? 1 : 0;
            return isFilled;
        }

        utc = ListingFields.AddTime(utc, ofDay);
        end = words[1].End.Value;
        // The zone of --full-time comes only with seconds and a fraction; without these, "+0100" would be a name.
        return fraction < 0 || words.Length < 3 || !TryParseZone(line[words[2]], out TimeSpan zone) || TryApplyZone(ref utc, zone, words[2].End.Value, ref end);
    }

    /// <summary>Younger files of --time-style=iso: month, day and time.</summary>
    private static bool TryParseShortIso(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now, out DateTime utc, out int end)
    {
        (utc, end) = (default, words.Length < 2 ? 0 : words[1].End.Value);
        ReadOnlySpan<char> date = line[words[0]];
        return words.Length >= 2 && date.Length == 5 && date[2] == '-' && ParseNumber(date[..2], 2) is >= 1 and <= 12 and var month && ParseNumber(date[3..], 2) is >= 1 and <= 31 and var day &&
            ListingFields.TryParseTime(line[words[1]], out TimeSpan time) && TryGuessYear(month, day, time, now, out utc);
    }

    private static bool TryApplyZone(ref DateTime utc, TimeSpan zone, int zoneEnd, ref int end)
    {
        end = zoneEnd;
        long ticks = utc.Ticks - zone.Ticks;
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        utc = new DateTime(ticks, DateTimeKind.Utc);
        return true;
    }

    private static bool TryParseZone(ReadOnlySpan<char> word, out TimeSpan zone)
    {
        zone = default;
        if (word.Length != 5 || word[0] is not ('+' or '-') || ParseNumber(word[1..3], 2) is not (>= 0 and < 24 and var hours) || ParseNumber(word[3..], 2) is not (>= 0 and < 60 and var minutes))
        {
            return false;
        }

        zone = new TimeSpan(hours, minutes, 0) * (word[0] == '-' ? -1 : 1);
        return true;
    }

    /// <summary>ls leaves the year out for the last six months; a server's clock and zone may put such a time up to a day ahead of ours.</summary>
    internal static bool TryGuessYear(int month, int day, TimeSpan time, DateTime now, out DateTime utc)
    {
        DateTime latest = now <= DateTime.MaxValue.AddDays(-1) ? now.AddDays(1) : now;
        // Eight years back find a 29 February on both sides of a century.
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

    internal static bool TryMakeTime(int year, int month, int day, TimeSpan time, out DateTime utc)
    {
        bool exists = ListingFields.TryMakeDate(year, month, day, out utc);
        utc = exists ? ListingFields.AddTime(utc, time) : default;
        return exists;
    }

    /// <summary>Four digits; -1 for anything else.</summary>
    internal static int ParseYear(ReadOnlySpan<char> word) => word.Length == 4 ? ParseNumber(word, 4) : -1;

    /// <summary>One to <paramref name="most"/> digits; -1 for anything else.</summary>
    internal static int ParseNumber(ReadOnlySpan<char> word, int most) =>
        word.Length <= most && int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;
}
