using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Reads lines of OS-9: <c>20.20 26/01/31 1026 d-ewrewr 2650 85920 name</c>. The columns are group and user, date with the year first,
/// time, attributes, sector and size.
/// </summary>
internal static class Os9Listing
{
    private const int AttributesLength = 8;
    private static readonly SearchValues<char> Attributes = SearchValues.Create("dsewr-");

    /// <summary>Reads one line. Returns false if the line is in another format.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line, owner = ListingFields.ReadField(ref rest), date = ListingFields.ReadField(ref rest);
        ReadOnlySpan<char> time = ListingFields.ReadField(ref rest), attributes = ListingFields.ReadField(ref rest);
        ReadOnlySpan<char> sector = ListingFields.ReadField(ref rest), size = ListingFields.ReadField(ref rest);
        ReadOnlySpan<char> name = rest.TrimStart(" \t");
        int dot = owner.IndexOf('.');
        if (dot < 1 || ListingFields.ParseNumber(owner[..dot]) < 0 || ListingFields.ParseNumber(owner[(dot + 1)..]) < 0 ||
            !ShortDate.TryParse(date, out DateTime day, isYearFirst: true) || time.Length != 4 ||
            ListingFields.ParseNumber(time[..2]) is not (>= 0 and < 24 and var hours) ||
            ListingFields.ParseNumber(time[2..]) is not (>= 0 and < 60 and var minutes) ||
            attributes.Length != AttributesLength || attributes.ContainsAnyExcept(Attributes) ||
            !char.IsAsciiHexDigit(sector.IsEmpty ? ' ' : sector[0]) || !ListingFields.TryParseLength(size, out long? length) ||
            name.IsEmpty)
        {
            return false;
        }

        DateTime modified = day + new TimeSpan(hours, minutes, 0);
        entry = attributes[0] == 'd'
            ? new ListingEntry(name.ToString(), FtpEntryKind.Directory, null, modified, FtpEntrySource.Other)
            : new ListingEntry(name.ToString(), FtpEntryKind.File, length, modified, FtpEntrySource.Other);
        return true;
    }
}
