using System.Buffers;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Unix;

/// <summary>A date in the columns of a listing.</summary>
/// <param name="Utc">The date in UTC, with the time of day if the line has one.</param>
/// <param name="HasTime">Whether the line has a time of day.</param>
/// <param name="End">The offset of the end of the date in the line.</param>
internal readonly record struct ListingDate(DateTime Utc, bool HasTime, int End);

/// <summary>
/// Reads dates that few servers send in Unix format and <c>ls</c> does not write: <c>24-04-2026 17:12</c>, <c>2026.01.31</c>,
/// <c>01-jun-26</c>, <c>09-26 2025</c>, <c>3 29 03:26</c>, <c>2026 3 13</c>, <c>Oct 5 21.22</c>, and East Asian dates with characters for
/// year, month and day in any encoding.
/// </summary>
internal static class UncommonUnixDate
{
    private static readonly SearchValues<char> DateCharacters = SearchValues.Create("0123456789-/.:,");

    /// <summary>Reads a date that starts at the first word. Each implementation reads one form.</summary>
    internal delegate bool DateParser(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now, out ListingDate date);

    /// <summary>The parsers of all forms. Forms that are harder to confuse with other columns are first.</summary>
    public static IReadOnlyList<DateParser> DateParsers { get; } =
        [TryParseOneWord, TryParseWithUnitMarks, TryParseMonthAndDay, TryParseDottedTime, TryParseNumbers, TryParseYearFirst];

    /// <summary>Returns whether a date in one of the forms starts at the first word.</summary>
    public static bool StartsWithDate(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now)
    {
        foreach (DateParser parse in words.IsEmpty ? [] : DateParsers)
        {
            if (parse(line, words, now, out _))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Returns whether the words look like a date, even if no such date exists. Such words are not read as a name.</summary>
    public static bool LooksLikeDate(ReadOnlySpan<char> line, ReadOnlySpan<Range> words)
    {
        ReadOnlySpan<char> first = line[words[0]];
        return !first.ContainsAnyExcept(DateCharacters) || LooksLikeUnknownMonthAndDay(line, words) ||
            (char.IsAsciiDigit(first[0]) && first[^1] > '~' && first.Length <= "2026".Length + 2) ||
            (words.Length > 1 && char.IsAsciiDigit(line[words[1]][0]) && MonthNames.Find(first) > 0);
    }

    /// <summary>
    /// Returns whether the second word is a day and the third word is a year or time. The first word may then be a month.
    /// </summary>
    private static bool LooksLikeUnknownMonthAndDay(ReadOnlySpan<char> line, ReadOnlySpan<Range> words) =>
        words.Length > 2 && UnixListingDate.ParseNumber(line[words[1]].TrimEnd(".,"), 2) is >= 1 and <= 31 &&
        (UnixListingDate.ParseYear(line[words[2]]) is > 1900 and < 2200 ||
            (line[words[2]].Contains(':') && char.IsAsciiDigit(line[words[2]][0])));

    /// <summary>Reads a date of one word, with or without a time: "24-04-2026 17:12".</summary>
    private static bool TryParseOneWord(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now, out ListingDate date)
    {
        date = default;
        return ShortDate.TryParse(line[words[0]], out DateTime day) && TryAddTime(line, words, 1, day, out date);
    }

    /// <summary>
    /// Reads a date whose numbers have unit marks, such as 月 and 日: month and day, with a year before or after them, or with a time. A mark
    /// starts with a character that is not ASCII. In legacy encodings a mark has several bytes, the last of which may be ASCII.
    /// </summary>
    private static bool TryParseWithUnitMarks(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now, out ListingDate date)
    {
        date = default;
        Span<int> numbers = stackalloc int[3];
        int count = 0, used = 0, marked = 0;
        while (count < numbers.Length && used < words.Length && TryReadMarkedNumbers(line[words[used]], numbers, ref count, ref marked))
        {
            used++;
        }

        // The number of the month must have a mark.
        bool isYearFirst = numbers[0] >= 1000;
        if (count < 2 || (marked & (isYearFirst ? 2 : 1)) == 0)
        {
            return false;
        }

        if (count == 2)
        {
            // A date without a year has a time.
            TimeSpan time = default;
            bool hasTime = !isYearFirst && used < words.Length && ListingFields.TryParseTime(line[words[used]], out time);
            DateTime utc = default;
            bool isDate = hasTime && numbers[0] <= 12 && UnixListingDate.TryGuessYear(numbers[0], numbers[1], time, now, out utc);
            date = isDate ? new ListingDate(utc, true, words[used].End.Value) : default;
            return isDate;
        }

        (int year, int month, int dayOfMonth) = isYearFirst ? (numbers[0], numbers[1], numbers[2]) : (numbers[2], numbers[0], numbers[1]);
        return year >= 1000 && ListingFields.TryMakeDate(year, month, dayOfMonth, out DateTime day) &&
            TryAddTime(line, words, used, day, out date);
    }

    /// <summary>Reads the numbers of one word, each with or without a mark. Returns false if the word has another form.</summary>
    /// <param name="word">The word.</param>
    /// <param name="numbers">Receives the numbers.</param>
    /// <param name="count">The number of numbers read so far. Increased by this method.</param>
    /// <param name="marked">A bit for each number read so far, which is set if the number has a mark.</param>
    private static bool TryReadMarkedNumbers(ReadOnlySpan<char> word, Span<int> numbers, ref int count, ref int marked)
    {
        const int MaxDigits = 4, MaxMarkLength = 4;
        (int found, int marks) = (count, marked);
        while (!word.IsEmpty)
        {
            int digits = word.IndexOfAnyExceptInRange('0', '9') is >= 0 and var end ? end : word.Length;
            ReadOnlySpan<char> rest = word[Math.Min(digits, word.Length)..];
            int mark = rest.IsEmpty || rest[0] <= '~' ? 0 : rest.IndexOfAnyInRange('0', '9') is >= 0 and var next ? next : rest.Length;
            if (digits is 0 or > MaxDigits || found == numbers.Length || mark > MaxMarkLength || (mark == 0 && !rest.IsEmpty))
            {
                return false;
            }

            marks |= mark > 0 ? 1 << found : 0;
            numbers[found++] = ListingFields.ParseNumber(word[..digits]);
            word = rest[mark..];
        }

        (count, marked) = (found, marks);
        return true;
    }

    /// <summary>Reads month and day in one word, and a year or time: "09-26 2025", "26/09 13:45".</summary>
    private static bool TryParseMonthAndDay(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now, out ListingDate date)
    {
        date = default;
        ReadOnlySpan<char> word = line[words[0]];
        int separator = word.IndexOfAny('-', '/');
        if (separator <= 0 || words.Length < 2)
        {
            return false;
        }

        int first = UnixListingDate.ParseNumber(word[..separator], 2), second = UnixListingDate.ParseNumber(word[(separator + 1)..], 2);
        return TryMakeDate(first, second, line, words[1], now, out date);
    }

    /// <summary>Reads month and day as two words, and a time or year: "3 29 03:26", "3 29 2025".</summary>
    private static bool TryParseNumbers(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now, out ListingDate date)
    {
        date = default;
        if (words.Length < 3)
        {
            return false;
        }

        int first = UnixListingDate.ParseNumber(line[words[0]], 2);
        int second = UnixListingDate.ParseNumber(line[words[1]].TrimEnd(','), 2);
        return TryMakeDate(first, second, line, words[2], now, out date);
    }

    /// <summary>Reads year, month and day as three words, with or without a time: "2026 3 13".</summary>
    private static bool TryParseYearFirst(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now, out ListingDate date)
    {
        const int FirstYear = 1970, LastYear = 2100;
        date = default;
        return words.Length > 2 && UnixListingDate.ParseYear(line[words[0]]) is >= FirstYear and <= LastYear and var year &&
            ListingFields.TryMakeDate(
                year, UnixListingDate.ParseNumber(line[words[1]], 2), UnixListingDate.ParseNumber(line[words[2]], 2), out DateTime day) &&
            TryAddTime(line, words, 3, day, out date);
    }

    /// <summary>Reads a month name, a day and a time with a dot: "Oct 5 21.22", "5. Oct 21.22".</summary>
    private static bool TryParseDottedTime(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, DateTime now, out ListingDate date)
    {
        date = default;
        ReadOnlySpan<char> time = words.Length > 2 ? line[words[2]] : default;
        if (time is not [.., '.', _, _] || time.Length > "21.22".Length)
        {
            return false;
        }

        (int month, int day) = (MonthNames.Find(line[words[0]]), UnixListingDate.ParseNumber(line[words[1]].TrimEnd(".,"), 2));
        if (month < 0)
        {
            (month, day) = (MonthNames.Find(line[words[1]]), UnixListingDate.ParseNumber(line[words[0]].TrimEnd(".,"), 2));
        }

        (int hours, int minutes) = (UnixListingDate.ParseNumber(time[..^3], 2), UnixListingDate.ParseNumber(time[^2..], 2));
        DateTime utc = default;
        bool isDate = month > 0 && hours is >= 0 and < 24 && minutes is >= 0 and < 60 &&
            UnixListingDate.TryGuessYear(month, day, new TimeSpan(hours, minutes, 0), now, out utc);
        date = new ListingDate(utc, true, words[2].End.Value);
        return isDate;
    }

    /// <summary>Creates a date from two numbers and a year or time. The first number is the month, unless it exceeds 12.</summary>
    private static bool TryMakeDate(int first, int second, ReadOnlySpan<char> line, Range last, DateTime now, out ListingDate date)
    {
        (int month, int day) = first > 12 ? (second, first) : (first, second);
        DateTime utc = default;
        bool hasTime = ListingFields.TryParseTime(line[last], out TimeSpan time);
        bool isDate = month is >= 1 and <= 12 && day >= 1 && (hasTime
            ? UnixListingDate.TryGuessYear(month, day, time, now, out utc)
            : ListingFields.TryMakeDate(UnixListingDate.ParseYear(line[last]), month, day, out utc));
        date = new ListingDate(utc, hasTime, last.End.Value);
        return isDate;
    }

    /// <summary>Adds the next word to the date if it is a time. Returns false if the word looks like a time but is not valid.</summary>
    private static bool TryAddTime(ReadOnlySpan<char> line, ReadOnlySpan<Range> words, int next, DateTime day, out ListingDate date)
    {
        date = new ListingDate(day, false, words[next - 1].End.Value);
        ReadOnlySpan<char> word = next < words.Length ? line[words[next]] : default;
        if (word.IsEmpty || !char.IsAsciiDigit(word[0]) || !word.Contains(':'))
        {
            return true;
        }

        bool isTime = ListingFields.TryParseTime(word, out TimeSpan time);
        date = isTime ? new ListingDate(ListingFields.AddTime(day, time), true, words[next].End.Value) : default;
        return isTime;
    }
}
