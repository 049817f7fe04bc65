namespace Fts.Protocol;

/// <summary>
/// Lines of listings, whatever their format. A line is read, known to name nothing, or an error: what is silently dropped would look deleted.
/// </summary>
internal static class Listing
{
    /// <summary>
    /// Reads a line of LIST in any format whose lines stand for themselves; <see cref="ListingReader"/> reads the others too. Null for a line that names nothing:
    /// empty, "total 12", the folder itself and its parent, what VMS writes above and below.
    /// </summary>
    /// <param name="line">The line without its line end.</param>
    /// <param name="now">The time from which a missing year is guessed, UTC.</param>
    /// <exception cref="ListingLineException">No known format.</exception>
    public static ListingEntry? ParseLine(ReadOnlySpan<char> line, DateTime now)
    {
        if (line.IsWhiteSpace())
        {
            return null;
        }

        // No line is in two of these formats, which a test holds them to: the order is how often they are met.
        return UnixListing.TryParse(line, now, out ListingEntry? entry) || DosListing.TryParse(line, out entry) || NetWareListing.TryParse(line, now, out entry) ||
            EplfListing.TryParse(line, out entry) || Os400Listing.TryParse(line, now, out entry) || VmsListing.TryParse(line, out entry) ||
            UnixNumericListing.TryParse(line, out entry)
            ? entry.Name is "." or ".." ? null : entry
            : UnixListing.IsTotal(line) || VmsListing.NamesNothing(line) ? null
            : throw new ListingLineException(line.ToString());
    }

    /// <summary>Reads a line of MLSD. Null for the folder itself and its parent.</summary>
    /// <exception cref="ListingLineException">Not a line of facts.</exception>
    public static ListingEntry? ParseMachineLine(ReadOnlySpan<char> line) =>
        !MachineListing.TryParse(line, out ListingEntry? entry, out bool isDotFolder) ? throw new ListingLineException(line.ToString())
        : isDotFolder || entry.Name is "." or ".." ? null
        : entry;
}
