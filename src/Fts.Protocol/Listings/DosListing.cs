using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Fts.Protocol;

/// <summary>
/// Lines as IIS and others write them in the form of DOS <c>dir</c>: <c>01-31-26  12:59PM       &lt;DIR&gt;          name</c>. Month, day, year,
/// or as the server's country writes it; two or four digits of year; 12 or 24 hours; no zone, taken as UTC.
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
        if (!TryParseDate(ListingWords.Next(ref rest), out DateTime modified) || !TryParseTime(ref rest, out TimeSpan time))
        {
            return false;
        }

        modified += time;
        ReadOnlySpan<char> word = ListingWords.Next(ref rest);
        if (word.StartsWith('<'))
        {
            ReadOnlySpan<char> name = ListingWords.AfterColumn(rest, word.Length, TagColumn);
            entry = name.IsEmpty ? null : Tagged(word, name, modified);
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

    /// <summary>Month, day, year where hyphens or slashes stand; day, month, year between dots; a year of four digits may stand in front.</summary>
    private static bool TryParseDate(ReadOnlySpan<char> word, out DateTime date)
    {
        date = default;
        if (word.Length is not (8 or 10))
        {
            return false;
        }

        if (word is [_, _, _, _, '-', _, _, '-', _, _])
        {
            return ListingWords.TryMakeDate(ListingWords.NumberOf(word[..4]), ListingWords.NumberOf(word[5..7]), ListingWords.NumberOf(word[8..]), out date);
        }

        (int first, int second, int year) = (ListingWords.NumberOf(word[..2]), ListingWords.NumberOf(word[3..5]), ListingWords.NumberOf(word[6..]));
        year = year < 0 || word.Length == 10 ? year : ListingWords.WithCentury(year);
        return word[2] is '-' or '/' or '.' && word[5] == word[2] && ListingWords.TryMakeDate(year, word[2] == '.' ? second : first, word[2] == '.' ? first : second, out date);
    }

    /// <summary>Reads "12:59PM", "12:59 PM" or "23:59".</summary>
    private static bool TryParseTime(scoped ref ReadOnlySpan<char> rest, out TimeSpan time)
    {
        time = default;
        ReadOnlySpan<char> word = ListingWords.Next(ref rest);
        int colon = word.IndexOf(':');
        if (colon is < 1 or > 2 || word.Length < colon + 3 || ListingWords.NumberOf(word[..colon]) is not (>= 0 and var hours) || ListingWords.NumberOf(word.Slice(colon + 1, 2)) is not (>= 0 and < 60 and var minutes))
        {
            return false;
        }

        ReadOnlySpan<char> half = word[(colon + 3)..];
        if (half.IsEmpty)
        {
            ReadOnlySpan<char> beyond = rest;
            ReadOnlySpan<char> next = ListingWords.Next(ref beyond);
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
}
