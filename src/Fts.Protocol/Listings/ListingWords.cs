using System.Globalization;

namespace Fts.Protocol;

/// <summary>What the columns of listings are made of: words between spaces, numbers, times of day.</summary>
internal static class ListingWords
{
    /// <summary>Takes the next word off the front, empty at the end; the space behind it stays.</summary>
    public static ReadOnlySpan<char> Next(scoped ref ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart(" \t");
        int space = rest.IndexOfAny(' ', '\t');
        ReadOnlySpan<char> word = space < 0 ? rest : rest[..space];
        rest = rest[word.Length..];
        return word;
    }

    /// <summary>A number of digits only; -1 for anything else.</summary>
    public static int NumberOf(ReadOnlySpan<char> digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;

    /// <summary>
    /// What stands behind a word in a column of a fixed width: a space less belongs to the column, a space more to the name. Null when no space parts them.
    /// </summary>
    public static ReadOnlySpan<char> AfterColumn(ReadOnlySpan<char> rest, int wordLength, int width)
    {
        int gap = rest.IndexOfAnyExcept(' ');
        return gap < 1 ? default : rest[Math.Min(gap, Math.Max(1, width - wordLength))..];
    }

    /// <summary>Hours and minutes, with or without seconds.</summary>
    public static bool TryParseTime(ReadOnlySpan<char> word, out TimeSpan time)
    {
        time = default;
        int colon = word.IndexOf(':');
        if (colon is < 1 or > 2 || (word.Length - colon) is not (3 or 6) || (word.Length - colon == 6 && word[colon + 3] != ':'))
        {
            return false;
        }

        (int hours, int minutes) = (NumberOf(word[..colon]), NumberOf(word.Slice(colon + 1, 2)));
        int seconds = word.Length - colon == 6 ? NumberOf(word[(colon + 4)..]) : 0;
        time = new TimeSpan(hours, minutes, seconds);
        return hours is >= 0 and < 24 && minutes is >= 0 and < 60 && seconds is >= 0 and < 60;
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
    public static int WithCentury(int year) => year < 70 ? 2000 + year : 1900 + year;
}
