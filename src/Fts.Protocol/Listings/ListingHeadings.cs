using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings;

/// <summary>Lines above and below the entries of listings that are neither of Unix nor of VMS. They name nothing.</summary>
internal static class ListingHeadings
{
    /// <summary>Column titles of VxWorks, OS-9, HP NonStop and Nortel, one blank between the words.</summary>
    private static readonly string[] Titles =
    [
        "size date time name", "Owner Last modified Attributes Sector Bytecount Name", "File Code EOF Last Modification Owner RWEP",
        "File Code EOF Last Modified Owner RWEP", "File Name Size Date Day Time", "File Size Date Day Time",
    ];

    /// <summary>Whether the line is a heading, a rule, or a sum.</summary>
    public static bool IsHeading(ReadOnlySpan<char> line)
    {
        line = line.Trim(" \t");
        return IsSeparatorLine(line) || IsDosHeading(line) || IsTitle(line);
    }

    /// <summary>Hyphens under column titles. A shorter one may be a name.</summary>
    private static bool IsSeparatorLine(ReadOnlySpan<char> line)
    {
        const int Shortest = 8;
        return line.Length >= Shortest && !line.ContainsAnyExcept("-= \t") && line.Contains("--", StringComparison.Ordinal);
    }

    /// <summary>What DOS <c>dir</c> writes around its entries: volume, serial number, folder, sums.</summary>
    private static bool IsDosHeading(ReadOnlySpan<char> line)
    {
        const StringComparison AnyCase = StringComparison.OrdinalIgnoreCase;
        ReadOnlySpan<char> rest = line, count = ListingFields.ReadField(ref rest), what = ListingFields.ReadField(ref rest);
        return line.StartsWith("Volume in drive ", AnyCase) || line.StartsWith("Volume Serial Number is ", AnyCase) || line.StartsWith("Volume - drive ", AnyCase) ||
            (line.StartsWith("Directory of ", AnyCase) && line["Directory of ".Length..].IndexOfAny(":\\/") >= 0) ||
            (char.IsAsciiDigit(count.IsEmpty ? ' ' : count[0]) && (what.Equals("File(s)", AnyCase) || what.Equals("Dir(s)", AnyCase) ||
                (what.Equals("bytes", AnyCase) && rest.StartsWith(" - "))));
    }

    private static bool IsTitle(ReadOnlySpan<char> line)
    {
        foreach (string title in Titles)
        {
            ReadOnlySpan<char> rest = line, expected = title;
            bool isSame = true;
            while (isSame && !(expected = expected.TrimStart(' ')).IsEmpty)
            {
                isSame = ListingFields.ReadField(ref rest).Equals(ListingFields.ReadField(ref expected), StringComparison.OrdinalIgnoreCase);
            }

            if (isSame && rest.Trim(" \t").IsEmpty)
            {
                return true;
            }
        }

        return false;
    }
}
