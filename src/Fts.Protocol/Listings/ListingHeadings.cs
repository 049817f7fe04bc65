using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings;

/// <summary>
/// Recognises headings and totals, the lines above and below the entries of a listing. The classes for listings of Unix, VMS, MVS and JES
/// recognise their own headings.
/// </summary>
internal static class ListingHeadings
{
    /// <summary>The column titles of VxWorks, OS-9, HP NonStop and Nortel, with one space between the words.</summary>
    private static readonly string[] Titles =
    [
        "size date time name", "Owner Last modified Attributes Sector Bytecount Name", "File Code EOF Last Modification Owner RWEP",
        "File Code EOF Last Modified Owner RWEP", "File Name Size Date Day Time", "File Size Date Day Time",
    ];

    /// <summary>Returns whether the line is a heading, a separator or a total.</summary>
    public static bool IsHeading(ReadOnlySpan<char> line)
    {
        line = line.Trim(" \t");
        return IsSeparatorLine(line) || IsDosHeading(line) || IsTitle(line);
    }

    /// <summary>
    /// Returns whether the line consists of at least eight hyphens, equals signs and spaces, as below column titles. A shorter line may be
    /// a name.
    /// </summary>
    private static bool IsSeparatorLine(ReadOnlySpan<char> line)
    {
        const int MinLength = 8;
        return line.Length >= MinLength && !line.ContainsAnyExcept("-= \t") && line.Contains("--", StringComparison.Ordinal);
    }

    /// <summary>
    /// Returns whether the line is one that DOS <c>dir</c> writes around the entries: volume, serial number, directory or totals.
    /// </summary>
    private static bool IsDosHeading(ReadOnlySpan<char> line)
    {
        const StringComparison AnyCase = StringComparison.OrdinalIgnoreCase;
        if (line.StartsWith("Volume in drive ", AnyCase) || line.StartsWith("Volume Serial Number is ", AnyCase) ||
            line.StartsWith("Volume - drive ", AnyCase) ||
            (line.StartsWith("Directory of ", AnyCase) && line["Directory of ".Length..].IndexOfAny(":\\/") >= 0))
        {
            return true;
        }

        ReadOnlySpan<char> rest = line, count = ListingFields.ReadField(ref rest), unit = ListingFields.ReadField(ref rest);
        return !count.IsEmpty && char.IsAsciiDigit(count[0]) &&
            (unit.Equals("File(s)", AnyCase) || unit.Equals("Dir(s)", AnyCase) ||
            (unit.Equals("bytes", AnyCase) && rest.StartsWith(" - ")));
    }

    /// <summary>Returns whether the line consists of the words of one of <see cref="Titles"/>.</summary>
    private static bool IsTitle(ReadOnlySpan<char> line)
    {
        foreach (string title in Titles)
        {
            ReadOnlySpan<char> rest = line, expected = title;
            bool isSame = true;
            while (isSame && !expected.IsEmpty)
            {
                ReadOnlySpan<char> word = ListingFields.ReadField(ref rest);
                isSame = word.Equals(ListingFields.ReadField(ref expected), StringComparison.OrdinalIgnoreCase);
            }

            if (isSame && rest.Trim(" \t").IsEmpty)
            {
                return true;
            }
        }

        return false;
    }
}
