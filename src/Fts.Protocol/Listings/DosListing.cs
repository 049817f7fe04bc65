using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Fts.Protocol;

/// <summary>
/// Lines as IIS and others write them in the form of DOS <c>dir</c>: <c>01-31-26  12:59PM       &lt;DIR&gt;          name</c>. Month, day, year;
/// two or four digits of year; 12 or 24 hours; no zone, taken as UTC.
/// </summary>
internal static class DosListing
{
    /// <summary>Width of the column that holds a tag such as &lt;DIR&gt; and the spaces before the name; a further space belongs to the name.</summary>
    private const int TagColumn = 15;

    /// <summary>Reads a line without its line end.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line;
        if (!TryParseDate(NextWord(ref rest), out DateTime modified) || !TryParseTime(ref rest, out TimeSpan time))
        {
            return false;
        }

        modified += time;
        ReadOnlySpan<char> word = NextWord(ref rest);
        if (word.StartsWith('<'))
        {
            // The spaces up to the name's column; one at least.
            int gap = rest.IndexOfAnyExcept(' ');
            entry = gap < 1 ? null : Tagged(word, rest[Math.Min(gap, Math.Max(1, TagColumn - word.Length))..], modified);
        }
        else if (long.TryParse(word, NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out long length) && rest.Length > 1)
        {
            entry = new ListingEntry(rest[1..].ToString(), ListingKind.File, length, modified, ListingSource.Dos);
        }

        return entry is not null;
    }

    private static ListingEntry? Tagged(ReadOnlySpan<char> tag, ReadOnlySpan<char> name, DateTime modified)
    {
        ListingKind? kind = tag switch
        {
            "<DIR>" or "<JUNCTION>" or "<SYMLINKD>" => ListingKind.Folder,
            "<SYMLINK>" => ListingKind.Link,
            _ => null,
        };
        if (kind is null)
        {
            return null;
        }

        // dir shows where a junction or link leads behind its name: "name [C:\target]".
        int bracket = tag is "<DIR>" || !name.EndsWith(']') ? -1 : name.LastIndexOf(" [", StringComparison.Ordinal);
        return bracket <= 0
            ? new ListingEntry(name.ToString(), kind.Value, null, modified, ListingSource.Dos)
            : new ListingEntry(name[..bracket].ToString(), kind.Value, null, modified, ListingSource.Dos) { LinkTarget = name[(bracket + 2)..^1].ToString() };
    }

    private static bool TryParseDate(ReadOnlySpan<char> word, out DateTime date)
    {
        date = default;
        if (word.Length is not (8 or 10) || word[2] is not ('-' or '/') || word[5] != word[2] ||
            NumberOf(word[..2]) is not (>= 1 and <= 12 and var month) || NumberOf(word[3..5]) is not (>= 1 and var day) || NumberOf(word[6..]) is not (>= 0 and var year))
        {
            return false;
        }

        // Two digits: the century the Unix epoch splits.
        year += word.Length == 10 ? 0 : year < 70 ? 2000 : 1900;
        if (year == 0 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        date = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc);
        return true;
    }

    /// <summary>Reads "12:59PM", "12:59 PM" or "23:59".</summary>
    private static bool TryParseTime(scoped ref ReadOnlySpan<char> rest, out TimeSpan time)
    {
        time = default;
        ReadOnlySpan<char> word = NextWord(ref rest);
        int colon = word.IndexOf(':');
        if (colon is < 1 or > 2 || word.Length < colon + 3 || NumberOf(word[..colon]) is not (>= 0 and var hours) || NumberOf(word.Slice(colon + 1, 2)) is not (>= 0 and < 60 and var minutes))
        {
            return false;
        }

        ReadOnlySpan<char> half = word[(colon + 3)..];
        if (half.IsEmpty)
        {
            ReadOnlySpan<char> beyond = rest;
            ReadOnlySpan<char> next = NextWord(ref beyond);
            if (IsHalf(next))
            {
                half = next;
                rest = beyond;
            }
        }

        if (half.IsEmpty)
        {
            time = new TimeSpan(hours, minutes, 0);
            return hours < 24;
        }

        time = new TimeSpan((hours % 12) + (half[0] is 'P' or 'p' ? 12 : 0), minutes, 0);
        return IsHalf(half) && hours is >= 1 and <= 12;
    }

    private static bool IsHalf(ReadOnlySpan<char> word) =>
        word.Equals("AM", StringComparison.OrdinalIgnoreCase) || word.Equals("PM", StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> NextWord(scoped ref ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart(' ');
        int space = rest.IndexOf(' ');
        ReadOnlySpan<char> word = space < 0 ? rest : rest[..space];
        rest = rest[word.Length..];
        return word;
    }

    private static int NumberOf(ReadOnlySpan<char> digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;
}
