using System.Diagnostics.CodeAnalysis;

namespace Fts.Protocol;

/// <summary>
/// Reads one listing of LIST line by line. Most formats show in every line of theirs; this keeps what those need that do not: a heading (MVS), and a name
/// whose facts stand on the next line (VMS).
/// </summary>
/// <param name="now">The time from which a missing year is guessed, UTC.</param>
internal sealed class ListingReader(DateTime now)
{
    private TableRow? _row;
    private string? _name;

    private delegate bool TableRow(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry);

    /// <summary>Takes the next line, without its line end. Null for a line that names nothing, or not all of an entry yet.</summary>
    /// <exception cref="ListingLineException">No known format, or not the facts that the line before asks for.</exception>
    public ListingEntry? Add(string line)
    {
        if (string.IsNullOrWhiteSpace(line))
        {
            return null;
        }

        if (_name is { } name)
        {
            _name = null;
            return VmsListing.TryParseFacts(name, line, out ListingEntry? whole) ? whole : throw new ListingLineException(name);
        }

        if (RowUnder(line) is { } row)
        {
            _row = row;
            return null;
        }

        if (_row is not null)
        {
            return _row(line, out ListingEntry? entry) ? entry : throw new ListingLineException(line);
        }

        if (VmsListing.IsName(line))
        {
            _name = line;
            return null;
        }

        return Listing.ParseLine(line, now);
    }

    /// <summary>Ends the listing.</summary>
    /// <exception cref="ListingLineException">It ended in the middle of an entry.</exception>
    public void Complete()
    {
        if (_name is not null)
        {
            throw new ListingLineException(_name);
        }
    }

    /// <summary>What stands under a heading; null when the line is none.</summary>
    private static TableRow? RowUnder(string line) =>
        MvsListing.IsHeading(line) ? MvsListing.TryParse : MvsMemberListing.IsHeading(line) ? MvsMemberListing.TryParse : JesListing.IsHeading(line) ? JesListing.TryParse : null;
}
