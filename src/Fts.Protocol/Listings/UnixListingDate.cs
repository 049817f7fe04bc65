using System.Globalization;

namespace Fts.Protocol;

/// <summary>The dates of <c>ls -l</c>: <c>Jan 31 12:59</c>, <c>Jan 31 2026</c>, <c>31 Jan 12:59</c>, <c>2026-01-31 12:59</c> with or without seconds and zone.</summary>
internal static class UnixListingDate
{
    private const string Months = "JanFebMarAprMayJunJulAugSepOctNovDec";

    /// <summary>Reads the date that starts at the first word. <paramref name="end"/> is where it ends in the line.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now, out DateTime utc, out int end) =>
        TryParseIso(line, words, out utc, out end) || TryParseWords(line, words, now, out utc, out end);

    private static bool TryParseWords(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now, out DateTime utc, out int end)
    {
        (utc, end) = (default, 0);
        if (words.Length < 3)
        {
            return false;
        }

        (int month, int day) = (MonthOf(line[words[0]]), NumberOf(line[words[1]], 2));
        if (month < 0)
        {
            (month, day) = (MonthOf(line[words[1]]), NumberOf(line[words[0]].TrimEnd('.'), 2));
        }

        ReadOnlySpan<char> last = line[words[2]];
        end = words[2].End.Value;
        if (month < 0 || day is < 1 or > 31)
        {
            return false;
        }

        if (TryParseTime(last, out TimeSpan time))
        {
            return TryGuessYear(month, day, time, now, out utc);
        }

        int year = last.Length == 4 ? NumberOf(last, 4) : -1;
        return year > 0 && TryMake(year, month, day, default, out utc);
    }

    private static bool TryParseIso(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, out DateTime utc, out int end)
    {
        (utc, end) = (default, 0);
        if (words.Length < 2 || !DateTime.TryParseExact(line[words[0]], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out utc))
        {
            return false;
        }

        ReadOnlySpan<char> time = line[words[1]];
        int fraction = time.IndexOf('.');
        if (!TryParseTime(fraction < 0 ? time : time[..fraction], out TimeSpan ofDay))
        {
            return false;
        }

        utc += ofDay;
        end = words[1].End.Value;
        // The zone of --full-time comes only with seconds and a fraction; without these, "+0100" would be a name.
        return fraction < 0 || words.Length < 3 || !TryParseZone(line[words[2]], out TimeSpan zone) || TryShift(ref utc, zone, words[2].End.Value, ref end);
    }

    private static bool TryShift(ref DateTime utc, TimeSpan zone, int zoneEnd, ref int end)
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
        if (word.Length != 5 || word[0] is not ('+' or '-') || NumberOf(word[1..3], 2) is not (>= 0 and < 24 and var hours) || NumberOf(word[3..], 2) is not (>= 0 and < 60 and var minutes))
        {
            return false;
        }

        zone = new TimeSpan(hours, minutes, 0) * (word[0] == '-' ? -1 : 1);
        return true;
    }

    /// <summary>Hours and minutes, with or without seconds.</summary>
    private static bool TryParseTime(ReadOnlySpan<char> word, out TimeSpan time)
    {
        time = default;
        int colon = word.IndexOf(':');
        if (colon is < 1 or > 2 || word.Length is not (4 or 5 or 7 or 8) || (word.Length - colon) is not (3 or 6) || (word.Length - colon == 6 && word[colon + 3] != ':'))
        {
            return false;
        }

        (int hours, int minutes) = (NumberOf(word[..colon], 2), NumberOf(word.Slice(colon + 1, 2), 2));
        int seconds = word.Length - colon == 6 ? NumberOf(word[(colon + 4)..], 2) : 0;
        time = new TimeSpan(hours, minutes, seconds);
        return hours is >= 0 and < 24 && minutes is >= 0 and < 60 && seconds is >= 0 and < 60;
    }

    /// <summary>ls leaves the year out for the last six months; a server's clock and zone may put such a time up to a day ahead of ours.</summary>
    private static bool TryGuessYear(int month, int day, TimeSpan time, DateTime now, out DateTime utc)
    {
        DateTime latest = now <= DateTime.MaxValue.AddDays(-1) ? now.AddDays(1) : now;
        // Eight years back find a 29 February on both sides of a century.
        for (int year = latest.Year; year > latest.Year - 9; year--)
        {
            if (TryMake(year, month, day, time, out utc) && utc <= latest)
            {
                return true;
            }
        }

        utc = default;
        return false;
    }

    private static bool TryMake(int year, int month, int day, TimeSpan time, out DateTime utc)
    {
        bool exists = year is > 0 and < 10000 && day <= DateTime.DaysInMonth(year, month);
        utc = exists ? new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc) + time : default;
        return exists;
    }

    /// <summary>1 to 12; -1 when the word is no month.</summary>
    private static int MonthOf(ReadOnlySpan<char> word)
    {
        int at = word.Length == 3 ? Months.AsSpan().IndexOf(word, StringComparison.OrdinalIgnoreCase) : -1;
        return at < 0 || at % 3 != 0 ? -1 : (at / 3) + 1;
    }

    /// <summary>One to <paramref name="most"/> digits; -1 for anything else.</summary>
    private static int NumberOf(ReadOnlySpan<char> word, int most) =>
        word.Length <= most && int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;
}
