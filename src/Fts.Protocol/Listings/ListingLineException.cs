namespace Fts.Protocol.Listings;

/// <summary>A line of a listing that no known format explains.</summary>
internal sealed class ListingFormatException(string rawLine) : FormatException("A line of the listing is in no known format.")
{
    /// <summary>The line as it came.</summary>
    public string RawLine { get; } = rawLine;
}
