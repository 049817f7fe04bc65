using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Fields;
using Fts.Protocol.Listings.Unix;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Reads member listings of partitioned datasets of MVS and z/OS, which usually follow one of two headings. The line of a text member is
/// <c>NAME 01.03 2026/01/31 2026/02/01 09:37 11 11 0 ANN</c>, and the line of a load module has a size and an address. A line of either
/// form may consist of the name only. Sizes in records are ignored.
/// </summary>
internal static class MvsMemberListing
{
    private const int MaxNameLength = 8;
    private static readonly SearchValues<char> HexadecimalDigits = SearchValues.Create("0123456789ABCDEF");
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@#${\u00a3\u00a7\u00a5");

    /// <summary>Returns whether the line is the heading of a member listing.</summary>
    public static bool IsHeading(ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> rest = line;
        return ListingFields.ReadField(ref rest) is "Name" && (ListingFields.ReadField(ref rest) is "VV.MM"
            ? ListingFields.ReadField(ref rest) is "Created" && ListingFields.ReadField(ref rest) is "Changed"
            : ListingFields.ReadField(ref rest) is "TTR");
    }

    /// <summary>Reads one line below the heading. Returns false if the line is in another format.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line, name = ListingFields.ReadField(ref rest), second = ListingFields.ReadField(ref rest);
        DateTime? changed = null;
        bool isMember = second.IsEmpty ? IsName(name) : IsModule(second, rest) || TryParseTextMember(second, rest, out changed);
        if (!isMember)
        {
            return false;
        }

        entry = new ListingEntry(name.ToString(), FtpEntryKind.File, null, changed, FtpEntrySource.Mvs);
        return true;
    }

    /// <summary>
    /// Reads one line of a listing without heading. Returns false unless the line has all columns of a text member or of a load module.
    /// </summary>
    public static bool TryParseWithoutHeading(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line;
        ListingFields.ReadField(ref rest);
        ReadOnlySpan<char> second = ListingFields.ReadField(ref rest);
        bool hasColumns = !second.IsEmpty && (TryParseTextMember(second, rest, out _) || (IsModule(second, rest) && HasModes(rest)));
        return hasColumns && !UnixListing.HasMode(line) && !MlsxListing.StartsWithFact(line) && TryParse(line, out entry);
    }

    /// <summary>Returns whether the word can be the name of a member.</summary>
    public static bool IsName(ReadOnlySpan<char> word) =>
        word.Length is > 0 and <= MaxNameLength && !char.IsAsciiDigit(word[0]) && !word.ContainsAnyExcept(NameCharacters);

    /// <summary>Returns whether the line ends with the addressing mode and residence mode of a load module.</summary>
    private static bool HasModes(ReadOnlySpan<char> rest)
    {
        ReadOnlySpan<char> last = default, beforeLast = default;
        for (ReadOnlySpan<char> word = ListingFields.ReadField(ref rest); !word.IsEmpty; word = ListingFields.ReadField(ref rest))
        {
            beforeLast = last;
            last = word;
        }

        return last is "24" or "31" or "64" or "ANY" && beforeLast is "24" or "31" or "64" or "ANY";
    }

    /// <summary>
    /// Reads the columns of a text member: version, creation date, and date and time of the last change. Ignores the numbers after them.
    /// </summary>
    private static bool TryParseTextMember(ReadOnlySpan<char> version, ReadOnlySpan<char> rest, out DateTime? changed)
    {
        changed = null;
        if (version.Length != 5 || version[2] != '.' || ListingFields.ParseNumber(version[..2]) < 0 ||
            ListingFields.ParseNumber(version[3..]) < 0 ||
            !TryParseDate(ListingFields.ReadField(ref rest), out _) || !TryParseDate(ListingFields.ReadField(ref rest), out DateTime day) ||
            !ListingFields.TryParseTime(ListingFields.ReadField(ref rest), out TimeSpan time))
        {
            return false;
        }

        changed = ListingFields.AddTime(day, time);
        return true;
    }

    /// <summary>Returns whether the columns are the size and address of a load module, both in hexadecimal.</summary>
    private static bool IsModule(ReadOnlySpan<char> size, ReadOnlySpan<char> rest) =>
        IsHexadecimal(size) && IsHexadecimal(ListingFields.ReadField(ref rest));

    private static bool IsHexadecimal(ReadOnlySpan<char> word) => word.Length is 6 or 8 && !word.ContainsAnyExcept(HexadecimalDigits);

    private static bool TryParseDate(ReadOnlySpan<char> word, out DateTime utc)
    {
        utc = default;
        return word.Contains('/') && ShortDate.TryParse(word, out utc, isYearFirst: true);
    }
}
