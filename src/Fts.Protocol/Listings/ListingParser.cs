using Fts.Protocol.Listings.Dialects;
using Fts.Protocol.Listings.Unix;

namespace Fts.Protocol.Listings;

/// <summary>
/// Reads lines of listings in any known format. Each line is parsed, recognised as a heading, or reported as unreadable. An unreadable line
/// is not ignored, because the file in such a line would then look deleted.
/// </summary>
internal static class ListingParser
{
    /// <summary>
    /// Reads a line of LIST in any format that does not depend on other lines. Returns null for a line without an entry: an empty line, a
    /// heading or total, <c>.</c> or <c>..</c>.
    /// </summary>
    /// <param name="line">The line without its line end.</param>
    /// <param name="now">The current time in UTC, which is used to guess the year of a date without a year.</param>
    /// <exception cref="ListingFormatException">The line is in an unknown format.</exception>
    public static ListingEntry? ParseLine(ReadOnlySpan<char> line, DateTime now) =>
        TryParseLine(line, now, out ListingEntry? entry) ? entry : throw new ListingFormatException(line.ToString());

    /// <summary>Reads a line as <see cref="ParseLine"/> does, but returns false for a line in an unknown format.</summary>
    public static bool TryParseLine(ReadOnlySpan<char> line, DateTime now, out ListingEntry? entry)
    {
        entry = null;
        if (line.IsWhiteSpace())
        {
            return true;
        }

        // Some servers indent their lines. In other formats the first column starts with spaces, so the unchanged line is tried first.
        if (TryParseEntry(line, now, out entry) || (line[0] is ' ' or '\t' && TryParseEntry(line.TrimStart(" \t"), now, out entry)))
        {
            entry = IsDotDirectory(entry!) ? null : entry;
            return true;
        }

        return UnixListing.IsTotal(line) || VmsListing.IsHeading(line) || ListingHeadings.IsHeading(line);
    }

    /// <summary>
    /// Reads a line of MLSD. Returns null for an empty line, and for the listed directory and its parents: <c>.</c>, <c>..</c> and the
    /// types <c>cdir</c> and <c>pdir</c>. Spaces before the first fact are ignored.
    /// </summary>
    /// <exception cref="ListingFormatException">The line does not have the form of facts and a name.</exception>
    public static ListingEntry? ParseMlsxLine(ReadOnlySpan<char> line) =>
        TryParseMlsxLine(line, out ListingEntry? entry) ? entry : throw new ListingFormatException(line.ToString());

    /// <summary>Reads a line as <see cref="ParseMlsxLine"/> does, but returns false for a line in another form.</summary>
    public static bool TryParseMlsxLine(ReadOnlySpan<char> line, out ListingEntry? entry)
    {
        entry = null;
        if (line.IsWhiteSpace())
        {
            return true;
        }

        // RFC 3659 §7.2 allows a line without facts: a space and the name. If facts follow the space, it is only indentation.
        ReadOnlySpan<char> trimmed = line[0] is ' ' or '\t' ? line.TrimStart(" \t") : line;
        bool hasNoFacts = trimmed.Length < line.Length && !MlsxListing.StartsWithFact(trimmed);
        if (!MlsxListing.TryParse(hasNoFacts ? line : trimmed, out entry, out bool isDotDirectory))
        {
            return false;
        }

        entry = isDotDirectory || IsDotDirectory(entry) ? null : entry;
        return true;
    }

    /// <summary>Tries all formats, the common ones first. A fuzz test searches for lines that match two formats.</summary>
    private static bool TryParseEntry(ReadOnlySpan<char> line, DateTime now, out ListingEntry? entry) =>
        UnixListing.TryParse(line, now, out entry) || DosListing.TryParse(line, out entry) ||
        NetWareListing.TryParse(line, now, out entry) ||
        EplfListing.TryParse(line, out entry) || Os400Listing.TryParse(line, now, out entry) || VmsListing.TryParse(line, out entry) ||
        UnixNumericListing.TryParse(line, out entry) || ConnectEnterpriseListing.TryParse(line, now, out entry) ||
        SizeFirstListing.TryParse(line, out entry) ||
        NameFirstListing.TryParse(line, out entry) || Os9Listing.TryParse(line, out entry) ||
        MvsListing.TryParseWithoutHeading(line, out entry) ||
        MvsMemberListing.TryParseWithoutHeading(line, out entry) || JesListing.TryParseWithoutHeading(line, out entry);

    private static bool IsDotDirectory(ListingEntry entry) => entry.Name is "." or "..";
}
