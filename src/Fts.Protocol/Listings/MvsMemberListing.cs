using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Fts.Protocol;

/// <summary>
/// Lists of a partitioned dataset's members as MVS and z/OS write them, under one of two headings: of texts with <c>01.03 2026/01/31 2026/02/01 09:37 11 11 0 ANN</c>
/// behind the name, of load modules with a size and their place; or with nothing. Sizes are counted in records, and are not told.
/// </summary>
internal static class MvsMemberListing
{
    private const int LongestName = 8;
    private static readonly SearchValues<char> HexadecimalDigits = SearchValues.Create("0123456789ABCDEF");
    private static readonly SearchValues<char> NameLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@#${\u00a3\u00a7\u00a5");

    /// <summary>Whether the line heads a list of members.</summary>
    public static bool IsHeading(ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> rest = line;
        return ListingWords.Next(ref rest) is "Name" && (ListingWords.Next(ref rest) is "VV.MM"
            ? ListingWords.Next(ref rest) is "Created" && ListingWords.Next(ref rest) is "Changed"
            : ListingWords.Next(ref rest) is "TTR");
    }

    /// <summary>Reads a line under the heading, without its line end.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line, name = ListingWords.Next(ref rest), second = ListingWords.Next(ref rest);
        DateTime? changed = null;
        if (!IsName(name) || !(second.IsEmpty || IsModule(second, rest) || TryParseStatistics(second, rest, out changed)))
        {
            return false;
        }

        entry = new ListingEntry(name.ToString(), ListingKind.File, null, changed, ListingSource.Mvs);
        return true;
    }

    /// <summary>Version and level, the day it was made, day and time it was changed, and figures.</summary>
    private static bool TryParseStatistics(ReadOnlySpan<char> version, ReadOnlySpan<char> rest, out DateTime? changed)
    {
        changed = null;
        if (version.Length != 5 || version[2] != '.' || ListingWords.NumberOf(version[..2]) < 0 || ListingWords.NumberOf(version[3..]) < 0 ||
            !TryParseDate(ListingWords.Next(ref rest), out _) || !TryParseDate(ListingWords.Next(ref rest), out DateTime day) ||
            !ListingWords.TryParseTime(ListingWords.Next(ref rest), out TimeSpan time))
        {
            return false;
        }

        changed = day + time;
        return true;
    }

    /// <summary>A size and a place, both hexadecimal.</summary>
    private static bool IsModule(ReadOnlySpan<char> size, ReadOnlySpan<char> rest) => IsHexadecimal(size) && IsHexadecimal(ListingWords.Next(ref rest));

    private static bool IsHexadecimal(ReadOnlySpan<char> word) => word.Length is 6 or 8 && !word.ContainsAnyExcept(HexadecimalDigits);

    private static bool TryParseDate(ReadOnlySpan<char> word, out DateTime utc)
    {
        utc = default;
        return word.Length == 10 && word[4] == '/' && word[7] == '/' &&
            ListingWords.TryMakeDate(ListingWords.NumberOf(word[..4]), ListingWords.NumberOf(word[5..7]), ListingWords.NumberOf(word[8..]), out utc);
    }

    private static bool IsName(ReadOnlySpan<char> word) =>
        word.Length is > 0 and <= LongestName && !char.IsAsciiDigit(word[0]) && !word.ContainsAnyExcept(NameLetters);
}
