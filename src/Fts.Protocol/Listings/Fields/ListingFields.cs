using System.Globalization;

namespace Fts.Protocol.Listings.Fields;

/// <summary>What the columns of listings are made of: words between spaces, numbers, times of day.</summary>
internal static class ListingFields
{
    /// <summary>Takes the next word off the front, empty at the end; the space behind it stays.</summary>
    public static ReadOnlySpan<char> ReadField(scoped ref ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart(" \t");
        int space = rest.IndexOfAny(' ', '\t');
        ReadOnlySpan<char> word = space < 0 ? rest : rest[..space];
        rest = rest[word.Length..];
        return word;
    }

    /// <summary>A number of digits only; -1 for anything else.</summary>
    public static int ParseNumber(ReadOnlySpan<char> digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;

    /// <summary>
    /// What stands behind a word in a column of a fixed width: a space less belongs to the column, a space more to the name. Null when no space parts them.
    /// </summary>
    public static ReadOnlySpan<char> SkipColumn(ReadOnlySpan<char> rest, int wordLength, int width)
    {
        int gap = rest.IndexOfAnyExcept(' ');
        return gap < 1 ? default : rest[Math.Min(gap, Math.Max(1, width - wordLength))..];
    }

    /// <summary>
    /// Reads a size in bytes, with or without separators of thousands. Returns true with a null length for a size that no file has: servers write
    /// <c>-1</c>, or a number of 64 bits, for a size that they do not know.
    /// </summary>
    public static bool TryParseLength(ReadOnlySpan<char> word, out long? length)
    {
        length = null;
        if (word.IsEmpty || !(char.IsAsciiDigit(word[0]) || (word[0] == '-' && word.Length > 1)))
        {
            return false;
        }

        if (long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes))
        {
            length = bytes;
            return true;
        }

        return !word[1..].ContainsAnyExceptInRange('0', '9') || TryParseGrouped(word, out length);
    }

    /// <summary>Reads "1,234,567" with the separator of any country, also in the code pages of DOS and Windows. The last group has three digits.</summary>
    private static bool TryParseGrouped(ReadOnlySpan<char> word, out long? length)
    {
        const int LastGroup = 3, LongestNumber = 18;
        const string Separators = ",.'\u2019\u00A0\u202F\u00FF\uDCA0\uDCFF";
        length = null;
        long number = 0;
        int digits = 0, inGroup = 0;
        char separator = '\0';
        foreach (char c in word)
        {
            if (char.IsAsciiDigit(c) && inGroup < LastGroup && digits < LongestNumber)
            {
                (number, digits, inGroup) = ((number * 10) + (c - '0'), digits + 1, inGroup + 1);
            }
            else if (inGroup is > 0 and <= LastGroup && Separators.Contains(c) && (separator == '\0' || (separator == c && inGroup > 1)))
            {
                (separator, inGroup) = (c, 0);
            }
            else
            {
                return false;
            }
        }

        length = number;
        return separator != '\0' && inGroup == LastGroup;
    }

    /// <summary>A time on a day. 24:00 on the last day that there is stays on that day.</summary>
    public static DateTime AddTime(DateTime day, TimeSpan time) => time <= DateTime.MaxValue - day ? day + time : day;

    /// <summary>Hours and minutes, with or without seconds. 24:00 is the end of the day.</summary>
    public static bool TryParseTime(ReadOnlySpan<char> word, out TimeSpan time)
    {
        time = default;
        int colon = word.IndexOf(':');
        if (colon is < 1 or > 2 || (word.Length - colon) is not (3 or 6) || (word.Length - colon == 6 && word[colon + 3] != ':'))
        {
            return false;
        }

        (int hours, int minutes) = (ParseNumber(word[..colon]), ParseNumber(word.Slice(colon + 1, 2)));
        int seconds = word.Length - colon == 6 ? ParseNumber(word[(colon + 4)..]) : 0;
        time = new TimeSpan(hours, minutes, seconds);
        return hours is >= 0 && minutes is >= 0 and < 60 && seconds is >= 0 and < 60 && (hours < 24 || (hours == 24 && minutes == 0 && seconds == 0));
    }

    /// <summary>A day as UTC; false for one that no calendar has.</summary>
    public static bool TryMakeDate(int year, int month, int day, out DateTime utc)
    {
        bool exists = year is > 0 and < 10000 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month);
        utc = exists ? new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc) : default;
        return exists;
    }

    /// <summary>Seconds since 1970, or before it; false for what no calendar of four-digit years has.</summary>
    public static bool TryParseEpoch(ReadOnlySpan<char> word, out DateTime utc)
    {
        utc = default;
        if (!long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long seconds) ||
            seconds < DateTimeOffset.MinValue.ToUnixTimeSeconds() || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
        {
            return false;
        }

        utc = DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime;
        return true;
    }

    /// <summary>A year of two digits, in the century that the Unix epoch gives it.</summary>
    public static int AddCentury(int year) => year < 70 ? 2000 + year : 1900 + year;
}
