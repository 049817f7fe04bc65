namespace Fts.Protocol.Listings.Fields;

/// <summary>
/// Reads dates that are one word with hyphens, slashes or dots: <c>01-31-26</c>, <c>31.01.2026</c>, <c>2026-01-31</c>, <c>31-Jan-26</c>,
/// <c>Jan-31-2026</c>, and <c>01-31-126</c> of servers that count years from 1900.
/// </summary>
internal static class ShortDate
{
    /// <summary>
    /// Reads the whole word as a date. If each of the first two numbers can be the month, the first is the month in dates with hyphens or
    /// slashes, and the second is the month in dates with dots.
    /// </summary>
    /// <param name="word">The word.</param>
    /// <param name="day">The start of the day in UTC, if the method returns true.</param>
    /// <param name="isYearFirst">Whether the first part is a year even if it has two digits.</param>
    public static bool TryParse(ReadOnlySpan<char> word, out DateTime day, bool isYearFirst = false)
    {
        day = default;
        int first = word.IndexOfAny('-', '/', '.');
        int second = first < 1 ? -1 : word[(first + 1)..].IndexOf(word[first]);
        if (second < 1)
        {
            return false;
        }

        second += first + 1;
        ReadOnlySpan<char> a = word[..first], b = word[(first + 1)..second], c = word[(second + 1)..];
        if (a.Length == 4 || isYearFirst)
        {
            return TryMake(ParseYear(a), ParseMonth(b), ParseShortNumber(c), out day);
        }

        if (!char.IsAsciiDigit(a[0]))
        {
            return TryMake(ParseYear(c), MonthNames.Find(a), ParseShortNumber(b), out day);
        }

        if (!char.IsAsciiDigit(b[0]))
        {
            return TryMake(ParseYear(c), MonthNames.Find(b), ParseShortNumber(a), out day);
        }

        (int left, int right) = (ParseShortNumber(a), ParseShortNumber(b));
        bool isDayFirst = word[first] == '.' ? right <= 12 : left > 12;
        return isDayFirst ? TryMake(ParseYear(c), right, left, out day) : TryMake(ParseYear(c), left, right, out day);
    }

    private static bool TryMake(int year, int month, int day, out DateTime utc) => ListingFields.TryMakeDate(year, month, day, out utc);

    private static int ParseShortNumber(ReadOnlySpan<char> word) => word.Length <= 2 ? ListingFields.ParseNumber(word) : -1;

    private static int ParseMonth(ReadOnlySpan<char> word) => ParseShortNumber(word) is > 0 and var month ? month : MonthNames.Find(word);

    /// <summary>
    /// Reads a year of two or four digits, or the number of years since 1900 if the word has three digits. Returns -1 for any other word.
    /// </summary>
    private static int ParseYear(ReadOnlySpan<char> word)
    {
        int year = ListingFields.ParseNumber(word);
        return word.Length switch
        {
            _ when year < 0 => -1,
            2 => ListingFields.AddCentury(year),
            3 when year is >= 100 and < 200 => 1900 + year,
            4 => year,
            _ => -1,
        };
    }
}
