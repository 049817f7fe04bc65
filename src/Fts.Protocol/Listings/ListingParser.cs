using Fts.Protocol.Listings.Dialects;
using Fts.Protocol.Listings.Unix;

namespace Fts.Protocol.Listings;

/// <summary>
/// Lines of listings, whatever their format. A line is parsed, skipped as a heading, or reported as unreadable. A dropped line would look like a deleted
/// file.
/// </summary>
internal static class ListingParser
{
    /// <summary>
    /// Reads a line of LIST in any format whose lines stand for themselves; <see cref="ListingReader"/> reads the others too. Null for a line that names nothing:
    /// empty, "total 12", the folder itself and its parent, headings and sums.
    /// </summary>
    /// <param name="line">The line without its line end.</param>
    /// <param name="now">The time from which a missing year is guessed, UTC.</param>
    /// <exception cref="ListingFormatException">No known format.</exception>
    public static ListingEntry? ParseLine(ReadOnlySpan<char> line, DateTime now) =>
        TryParseLine(line, now, out ListingEntry? entry) ? entry : throw new ListingFormatException(line.ToString());

    /// <summary>As <see cref="ParseLine"/>; false for a line in no known format.</summary>
    public static bool TryParseLine(ReadOnlySpan<char> line, DateTime now, out ListingEntry? entry)
    {
        entry = null;
        if (line.IsWhiteSpace())
        {
            return true;
        }

        // Some servers indent their lines. Formats whose columns start with blanks are read as they are.
        if (TryParseEntry(line, now, out entry) || (line[0] is ' ' or '\t' && TryParseEntry(line.TrimStart(" \t"), now, out entry)))
        {
            entry = IsDotDirectory(entry!) ? null : entry;
            return true;
        }

        return UnixListing.IsTotal(line) || VmsListing.IsHeading(line) || ListingHeadings.IsHeading(line);
    }

    /// <summary>Reads a line of MLSD. Null for an empty line, and for the folder itself and its parent. Blanks before the first fact are ignored.</summary>
    /// <exception cref="ListingFormatException">Not a line of facts.</exception>
    public static ListingEntry? ParseMlsxLine(ReadOnlySpan<char> line) =>
        TryParseMlsxLine(line, out ListingEntry? entry) ? entry : throw new ListingFormatException(line.ToString());

    /// <summary>As <see cref="ParseMlsxLine"/>; false for what is not a line of facts.</summary>
    public static bool TryParseMlsxLine(ReadOnlySpan<char> line, out ListingEntry? entry)
    {
        entry = null;
        if (line.IsWhiteSpace())
        {
            return true;
        }

        // RFC 3659 §7.2 allows a line without facts: a blank and the name. Facts behind the blank are facts, not a name.
        ReadOnlySpan<char> trimmed = line[0] is ' ' or '\t' ? line.TrimStart(" \t") : line;
        if (!MlsxListing.TryParse(trimmed.Length < line.Length && !MlsxListing.StartsWithFact(trimmed) ? line : trimmed, out entry, out bool isDotFolder))
        {
            return false;
        }

        entry = isDotFolder || IsDotDirectory(entry) ? null : entry;
        return true;
    }

    /// <summary>A test ensures that no line matches two formats. Common formats are tried first.</summary>
    private static bool TryParseEntry(ReadOnlySpan<char> line, DateTime now, out ListingEntry? entry) =>
        UnixListing.TryParse(line, now, out entry) || DosListing.TryParse(line, out entry) || NetWareListing.TryParse(line, now, out entry) ||
        EplfListing.TryParse(line, out entry) || Os400Listing.TryParse(line, now, out entry) || VmsListing.TryParse(line, out entry) ||
        UnixNumericListing.TryParse(line, out entry) || ConnectEnterpriseListing.TryParse(line, now, out entry) || SizeFirstListing.TryParse(line, out entry) ||
        NameFirstListing.TryParse(line, out entry) || Os9Listing.TryParse(line, out entry) || MvsListing.TryParseWithoutHeading(line, out entry) ||
        MvsMemberListing.TryParseWithoutHeading(line, out entry) || JesListing.TryParseWithoutHeading(line, out entry);

    private static bool IsDotDirectory(ListingEntry entry) => entry.Name is "." or "..";
}
