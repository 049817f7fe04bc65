using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Fields;
using Fts.Protocol.Listings.Unix;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Reads lines that start with the name. These servers send such lines: Nortel routers (<c>name  10141  01/31/26  Sat.  10:20:03</c>), HP
/// NonStop (<c>NAME  101  528  31-Jan-26 14:21:18  255,255 "oooo"</c>) and z/VM (<c>NAME TYPE F 80 107 2 2026-01-31 15:28:42 ANN191</c>).
/// </summary>
internal static class NameFirstListing
{
    private const int MaxFields = 10;

    /// <summary>Reads one line. Returns false if the line is in another format.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        Span<Range> words = stackalloc Range[MaxFields];
        int count = 0;
        ReadOnlySpan<char> rest = line;
        for (ReadOnlySpan<char> word; count < MaxFields && !(word = ListingFields.ReadField(ref rest)).IsEmpty; count++)
        {
            words[count] = (line.Length - rest.Length - word.Length)..(line.Length - rest.Length);
        }

        // Lines of these formats have 5, 7, 8 or 9 words. A line that starts with a mode or a fact is in another format.
        if (count is not (5 or 7 or 8 or 9) || UnixListing.HasMode(line) || MlsxListing.StartsWithFact(line))
        {
            return false;
        }

        words = words[..count];
        entry = count switch { 5 => ParseNortel(line, words), 7 or 8 => ParseNonStop(line, words), _ => ParseVm(line, words) };
        return entry is not null;
    }

    /// <summary>Reads name, size, date, weekday with a dot, and time.</summary>
    private static ListingEntry? ParseNortel(ReadOnlySpan<char> line, ReadOnlySpan<Range> words) =>
        ListingFields.TryParseLength(line[words[1]], out long? length) && ShortDate.TryParse(line[words[2]], out DateTime day) &&
        line[words[3]] is [.. { Length: > 0 } weekday, '.'] && !weekday.ContainsAnyExceptInRange('A', 'z') &&
        ListingFields.TryParseTime(line[words[4]], out TimeSpan time)
            ? new ListingEntry(line[words[0]].ToString(), FtpEntryKind.File, length, ListingFields.AddTime(day, time), FtpEntrySource.Other)
            : null;

    /// <summary>
    /// Reads name, file code, size, date, time, owner and permissions. The owner consists of group and user, with or without a space
    /// between them. The permissions are in quotes.
    /// </summary>
    private static ListingEntry? ParseNonStop(ReadOnlySpan<char> line, ReadOnlySpan<Range> words)
    {
        const int PermissionsLength = 6;
        ReadOnlySpan<char> permissions = line[words[^1]];
        return permissions.Length == PermissionsLength && permissions[0] == '"' && permissions[^1] == '"' && line[words[5]].Contains(',') &&
            (words.Length == 7 || (line[words[5]].EndsWith(',') && ListingFields.ParseNumber(line[words[6]]) >= 0)) &&
            ListingFields.ParseNumber(line[words[1]].TrimEnd('+')) >= 0 && ListingFields.TryParseLength(line[words[2]], out long? length) &&
            ShortDate.TryParse(line[words[3]], out DateTime day) && ListingFields.TryParseTime(line[words[4]], out TimeSpan time)
            ? new ListingEntry(line[words[0]].ToString(), FtpEntryKind.File, length, ListingFields.AddTime(day, time), FtpEntrySource.Other)
            : null;
    }

    /// <summary>
    /// Reads name, type, record format, record length, number of records, number of blocks, date, time and owner. The size is known only if
    /// the records have a fixed length, because the record length of other records is a maximum. A directory has hyphens instead of
    /// numbers.
    /// </summary>
    private static ListingEntry? ParseVm(ReadOnlySpan<char> line, ReadOnlySpan<Range> words)
    {
        ReadOnlySpan<char> name = line[words[0]], type = line[words[1]], format = line[words[2]];
        if (!ShortDate.TryParse(line[words[6]], out DateTime day, isYearFirst: true) ||
            !ListingFields.TryParseTime(line[words[7]], out TimeSpan time))
        {
            return null;
        }

        DateTime modified = ListingFields.AddTime(day, time);
        if (type is "DIR" && format is "-" && line[words[3]] is "-" && line[words[4]] is "-" && line[words[5]] is "-")
        {
            return new ListingEntry(name.ToString(), FtpEntryKind.Directory, null, modified, FtpEntrySource.Other);
        }

        (int recordLength, int records) = (ListingFields.ParseNumber(line[words[3]]), ListingFields.ParseNumber(line[words[4]]));
        long? length = format is "F" ? (long)recordLength * records : null;
        return format is "V" or "F" && recordLength >= 0 && records >= 0 && ListingFields.ParseNumber(line[words[5]]) >= 0
            ? new ListingEntry($"{name}.{type}", FtpEntryKind.File, length, modified, FtpEntrySource.Other)
            : null;
    }
}
