using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Reads lines that start with the size. These servers send such lines: OS/2 (<c>36611  A  04-23-103  10:57  name</c>), VxWorks
/// (<c>2048  Jan-31-2026  12:59:07  name &lt;DIR&gt;</c>) and VShell (<c>206876  Jan 31, 2026 12:59 name</c>).
/// </summary>
internal static class SizeFirstListing
{
    /// <summary>Reads one line. Returns false if the line is in another format.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line, size = ListingFields.ReadField(ref rest);
        if (size.IsEmpty || !char.IsAsciiDigit(size[0]) || !ListingFields.TryParseLength(size, out long? length))
        {
            return false;
        }

        ReadOnlySpan<char> date = ListingFields.ReadField(ref rest);
        entry = MonthNames.Find(date) is > 0 and var month ? ParseVShell(month, rest, length) : ParseDated(date, rest, length);
        return entry is not null;
    }

    /// <summary>
    /// Reads the day, which ends with a comma, then the year, the time and the name. The name of a directory ends with a slash or
    /// backslash.
    /// </summary>
    private static ListingEntry? ParseVShell(int month, ReadOnlySpan<char> rest, long? length)
    {
        ReadOnlySpan<char> day = ListingFields.ReadField(ref rest), year = ListingFields.ReadField(ref rest);
        if (!day.EndsWith(',') || year.Length != 4 ||
            !ListingFields.TryMakeDate(
                ListingFields.ParseNumber(year), month, ListingFields.ParseNumber(day[..^1]), out DateTime modified) ||
            !ListingFields.TryParseTime(ListingFields.ReadField(ref rest), out TimeSpan time) || rest.Length < 2)
        {
            return null;
        }

        ReadOnlySpan<char> name = rest[1..];
        bool isDirectory = name.Length > 1 && name[^1] is '/' or '\\';
        return CreateEntry(isDirectory ? name[..^1] : name, isDirectory, length, ListingFields.AddTime(modified, time));
    }

    /// <summary>Reads attributes of OS/2, if any, then a date, the time and the name.</summary>
    private static ListingEntry? ParseDated(ReadOnlySpan<char> word, ReadOnlySpan<char> rest, long? length)
    {
        const int MaxAttributes = 5;
        const string DirectoryTag = "<DIR>";
        bool isDirectory = false;
        int attributes = 0;
        while (attributes < MaxAttributes && word.Length is > 0 and <= MaxAttributes && !word.ContainsAnyExceptInRange('A', 'Z'))
        {
            isDirectory |= word is "DIR";
            attributes++;
            word = ListingFields.ReadField(ref rest);
        }

        if (!ShortDate.TryParse(word, out DateTime modified) ||
            !ListingFields.TryParseTime(ListingFields.ReadField(ref rest), out TimeSpan time))
        {
            return null;
        }

        ReadOnlySpan<char> name = rest.TrimStart(" \t");
        if (attributes == 0 && name.EndsWith(DirectoryTag, StringComparison.OrdinalIgnoreCase))
        {
            isDirectory = true;
            name = name[..^DirectoryTag.Length].TrimEnd(' ');
        }

        return name.IsEmpty ? null : CreateEntry(name, isDirectory, length, ListingFields.AddTime(modified, time));
    }

    private static ListingEntry CreateEntry(ReadOnlySpan<char> name, bool isDirectory, long? length, DateTime modified) => isDirectory
        ? new ListingEntry(name.ToString(), FtpEntryKind.Directory, null, modified, FtpEntrySource.Other)
        : new ListingEntry(name.ToString(), FtpEntryKind.File, length, modified, FtpEntrySource.Other);
}
