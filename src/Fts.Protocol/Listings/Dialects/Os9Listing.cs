using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Lines as OS-9 writes them: <c>20.20 26/01/31 1026 d-ewrewr 2650 85920 name</c>. Group and user, date with the year first, time, attributes,
/// sector, size.
/// </summary>
internal static class Os9Listing
{
    private const int AttributesLength = 8;
    private static readonly SearchValues<char> Attributes = SearchValues.Create("dsewr-");

    /// <summary>Reads a line without its line end.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line, owner = ListingFields.ReadField(ref rest), date = ListingFields.ReadField(ref rest), time = ListingFields.ReadField(ref rest);
        ReadOnlySpan<char> attributes = ListingFields.ReadField(ref rest), sector = ListingFields.ReadField(ref rest);
        ReadOnlySpan<char> size = ListingFields.ReadField(ref rest), name = rest.TrimStart(" \t");
        int dot = owner.IndexOf('.');
        if (dot < 1 || ListingFields.ParseNumber(owner[..dot]) < 0 || ListingFields.ParseNumber(owner[(dot + 1)..]) < 0 ||
            !ShortDate.TryParse(date, out DateTime day, isYearFirst: true) || time.Length != 4 ||
            ListingFields.ParseNumber(time[..2]) is not (>= 0 and < 24 and var hours) || ListingFields.ParseNumber(time[2..]) is not (>= 0 and < 60 and var minutes) ||
            attributes.Length != AttributesLength || attributes.ContainsAnyExcept(Attributes) || !char.IsAsciiHexDigit(sector.IsEmpty ? ' ' : sector[0]) ||
            !ListingFields.TryParseLength(size, out long? length) || name.IsEmpty)
        {
            return false;
        }

        bool isFolder = attributes[0] == 'd';
        entry = new ListingEntry(
            name.ToString(), isFolder ? FtpEntryKind.Directory : FtpEntryKind.File, isFolder ? null : length, day + new TimeSpan(hours, minutes, 0), FtpEntrySource.Other);
        return true;
    }
}
