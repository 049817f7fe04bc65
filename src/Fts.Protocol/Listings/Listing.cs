namespace Fts.Protocol;

/// <summary>
/// Lines of listings, whatever their format. A line is read, known to name nothing, or an error: what is silently dropped would look deleted.
/// </summary>
internal static class Listing
{
    /// <summary>Reads a line of LIST, as Unix or DOS write it. Null for a line that names nothing: empty, "total 12", the folder itself and its parent.</summary>
    /// <param name="line">The line without its line end.</param>
    /// <param name="now">The time from which a missing year is guessed, UTC.</param>
    /// <exception cref="ListingLineException">No known format.</exception>
    public static ListingEntry? ParseLine(ReadOnlySpan<char> line, DateTime now)
    {
        if (line.IsWhiteSpace() || UnixListing.IsTotal(line))
        {
            return null;
        }

        return UnixListing.TryParse(line, now, out ListingEntry? entry) || DosListing.TryParse(line, out entry)
            ? entry.Name is "." or ".." ? null : entry
            : throw new ListingLineException(line.ToString());
    }

    /// <summary>Reads a line of MLSD. Null for the folder itself and its parent.</summary>
    /// <exception cref="ListingLineException">Not a line of facts.</exception>
    public static ListingEntry? ParseMachineLine(ReadOnlySpan<char> line) =>
        !MachineListing.TryParse(line, out ListingEntry? entry, out bool isDotFolder) ? throw new ListingLineException(line.ToString())
        : isDotFolder || entry.Name is "." or ".." ? null
        : entry;
}
