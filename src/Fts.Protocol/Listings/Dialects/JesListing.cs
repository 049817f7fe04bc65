using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>Lists of jobs as z/OS writes them with FILETYPE=JES, under a heading: <c>ANNSORT  JOB01234 ANN  OUTPUT A  RC=0000 3 spool files</c>. RETR takes the number.</summary>
internal static class JesListing
{
    private const int MaxNumberLength = 8;
    private static readonly SearchValues<char> NumberLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    /// <summary>Whether the line heads a list of jobs.</summary>
    public static bool IsHeading(ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> rest = line;
        return ListingFields.ReadField(ref rest) is "JOBNAME" && ListingFields.ReadField(ref rest) is "JOBID" && ListingFields.ReadField(ref rest) is "OWNER" && ListingFields.ReadField(ref rest) is "STATUS";
    }

    /// <summary>Reads a line under the heading, without its line end.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line, job = ListingFields.ReadField(ref rest), number = ListingFields.ReadField(ref rest), owner = ListingFields.ReadField(ref rest);
        if (job.IsEmpty || owner.IsEmpty || number.Length is < 3 or > MaxNumberLength || !char.IsAsciiLetterUpper(number[0]) || !char.IsAsciiDigit(number[^1]) ||
            number.ContainsAnyExcept(NumberLetters) || ListingFields.ReadField(ref rest) is not ("INPUT" or "ACTIVE" or "OUTPUT" or "HELD"))
        {
            return false;
        }

        entry = new ListingEntry(number.ToString(), FtpEntryKind.File, null, null, FtpEntrySource.Mvs);
        return true;
    }

    /// <summary>Reads a line of a list without heading and without owners, of servers with interface level 1: <c>ANNSORT  JOB01234  OUTPUT  3 Spool Files</c>.</summary>
    public static bool TryParseWithoutHeading(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        const int NumberLength = 8;
        entry = null;
        ReadOnlySpan<char> rest = line, job = ListingFields.ReadField(ref rest), number = ListingFields.ReadField(ref rest);
        if (job.Length > NumberLength || job.Contains('=') || number.Length != NumberLength || !(number.StartsWith("JOB") || number.StartsWith("STC") || number.StartsWith("TSU")) ||
            ListingFields.ParseNumber(number[3..]) < 0 || ListingFields.ReadField(ref rest) is not ("INPUT" or "ACTIVE" or "OUTPUT" or "HELD"))
        {
            return false;
        }

        entry = new ListingEntry(number.ToString(), FtpEntryKind.File, null, null, FtpEntrySource.Mvs);
        return true;
    }
}
