using System.Globalization;

namespace Fts.Protocol.Listings.Fields;

/// <summary>Reads the fields that occur in several listing formats: words between spaces, numbers, sizes, dates and times of day.</summary>
internal static class ListingFields
{
    /// <summary>
    /// Removes the next word, and the spaces before it, from the start of the text. Returns the word, or an empty span at the end. The text
    /// then starts with the space after the word.
    /// </summary>
    public static ReadOnlySpan<char> ReadField(scoped ref ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart(" \t");
        int space = rest.IndexOfAny(' ', '\t');
        ReadOnlySpan<char> word = space < 0 ? rest : rest[..space];
        rest = rest[word.Length..];
        return word;
    }

    /// <summary>Returns the number if the text consists of digits and fits into 32 bits, and otherwise -1.</summary>
    public static int ParseNumber(ReadOnlySpan<char> digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;

    /// <summary>
    /// Returns the name that follows a column of fixed width. Skips the spaces that fill the column, but at least one. Further spaces are
    /// part of the name.
    /// </summary>
    /// <param name="rest">The text after the column's word. If this text does not start with a space, the result is empty.</param>
    /// <param name="wordLength">The length of the column's word in characters.</param>
    /// <param name="width">The width of the column in characters.</param>
    public static ReadOnlySpan<char> SkipColumn(ReadOnlySpan<char> rest, int wordLength, int width)
    {
        int gap = rest.IndexOfAnyExcept(' ');
        return gap < 1 ? default : rest[Math.Min(gap, Math.Max(1, width - wordLength))..];
    }

    /// <summary>
    /// Reads a size in bytes, with or without thousands separators. Returns true and a null length for a negative or too large number,
    /// which servers send for an unknown size.
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

    /// <summary>
    /// Reads "1,234,567" with the thousands separator of any locale, including those in code pages of DOS and Windows. The last group has
    /// three digits.
    /// </summary>
    private static bool TryParseGrouped(ReadOnlySpan<char> word, out long? length)
    {
        const int GroupLength = 3, MaxDigits = 18;
        const string Separators = ",.'\u2019\u00A0\u202F\u00FF\uDCA0\uDCFF"; // \uDCxx is the byte xx that is not UTF-8 (EscapedUtf8)
        length = null;
        long number = 0;
        int digits = 0, inGroup = 0;
        char separator = '\0';
        foreach (char c in word)
        {
            if (char.IsAsciiDigit(c) && inGroup < GroupLength && digits < MaxDigits)
            {
                (number, digits, inGroup) = ((number * 10) + (c - '0'), digits + 1, inGroup + 1);
            }
            else if (inGroup is > 0 and <= GroupLength && Separators.Contains(c) && (separator == '\0' || (separator == c && inGroup > 1)))
            {
                (separator, inGroup) = (c, 0);
            }
            else
            {
                return false;
            }
        }

        length = number;
        return separator != '\0' && inGroup == GroupLength;
    }

    /// <summary>
    /// Adds a time of day to a day. Returns the day unchanged if the result would exceed <see cref="DateTime.MaxValue"/>.
    /// </summary>
    public static DateTime AddTime(DateTime day, TimeSpan time) => time <= DateTime.MaxValue - day ? day + time : day;

    /// <summary>Reads hours and minutes, with or without seconds. Accepts 24:00, the end of the day.</summary>
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
        return hours is >= 0 && minutes is >= 0 and < 60 && seconds is >= 0 and < 60 &&
            (hours < 24 || (hours == 24 && minutes == 0 && seconds == 0));
    }

    /// <summary>Creates a date in UTC. Returns false if the date does not exist.</summary>
    public static bool TryMakeDate(int year, int month, int day, out DateTime utc)
    {
        bool exists = year is > 0 and < 10000 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month);
        utc = exists ? new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc) : default;
        return exists;
    }

    /// <summary>
    /// Reads a Unix time: seconds since 1970, which may be negative. Returns false if the year is not between 1 and 9999.
    /// </summary>
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

    /// <summary>Returns the full year for a year of two digits: 1970 to 2069.</summary>
    public static int AddCentury(int year) => year < 70 ? 2000 + year : 1900 + year;
}
