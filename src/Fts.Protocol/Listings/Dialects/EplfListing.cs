using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>Reads lines of EPLF, the Easily Parsed LIST Format: <c>+fact,fact,</c>, a tab and the name. Times are Unix times.</summary>
internal static class EplfListing
{
    /// <summary>Reads one line. Returns false if the line is in another format.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        int tab = line.IndexOf('\t');
        if (tab < 1 || line[0] != '+' || tab == line.Length - 1)
        {
            return false;
        }

        // An entry with neither the fact "r" (readable file) nor "/" (directory) has the kind Other.
        entry = new ListingEntry(line[(tab + 1)..].ToString(), FtpEntryKind.Other, null, null, FtpEntrySource.Eplf);
        ReadOnlySpan<char> facts = line[1..tab];
        foreach (Range part in facts.Split(','))
        {
            entry = AddFact(entry, facts[part]);
        }

        return true;
    }

    /// <summary>Returns the entry with one more fact. A fact that is unknown or cannot be read is ignored.</summary>
    private static ListingEntry AddFact(ListingEntry entry, ReadOnlySpan<char> fact) => fact switch
    {
        "/" => entry with { Kind = FtpEntryKind.Directory },
        "r" => entry.Kind == FtpEntryKind.Directory ? entry : entry with { Kind = FtpEntryKind.File },
        ['s', .. var size] when long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out long length) =>
            entry with { Length = length },
        ['m', .. var time] when ListingFields.TryParseEpoch(time, out DateTime utc) => entry with { LastModified = utc },
        ['i', _, ..] => entry with { UniqueId = fact[1..].ToString() },
        ['u', 'p', .. var mode] when MlsxListing.TryParseOctal(mode, out int bits) =>
            entry with { UnixMode = (UnixFileMode)(bits & 0xFFF) },
        _ => entry,
    };
}
