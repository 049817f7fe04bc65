using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>Lists of jobs as z/OS writes them with FILETYPE=JES, under a heading: <c>ANNSORT  JOB01234 ANN  OUTPUT A  RC=0000 3 spool files</c>. RETR takes the number.</summary>
internal static class JesListing
{
    private const int LongestNumber = 8;
    private static readonly SearchValues<char> NumberLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    /// <summary>Whether the line heads a list of jobs.</summary>
    public static bool IsHeading(ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> rest = line;
        return ListingWords.Next(ref rest) is "JOBNAME" && ListingWords.Next(ref rest) is "JOBID" && ListingWords.Next(ref rest) is "OWNER" && ListingWords.Next(ref rest) is "STATUS";
    }

    /// <summary>Reads a line under the heading, without its line end.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line, job = ListingWords.Next(ref rest), number = ListingWords.Next(ref rest), owner = ListingWords.Next(ref rest);
        if (job.IsEmpty || owner.IsEmpty || number.Length is < 3 or > LongestNumber || !char.IsAsciiLetterUpper(number[0]) || !char.IsAsciiDigit(number[^1]) ||
            number.ContainsAnyExcept(NumberLetters) || ListingWords.Next(ref rest) is not ("INPUT" or "ACTIVE" or "OUTPUT" or "HELD"))
        {
            return false;
        }

        entry = new ListingEntry(number.ToString(), ListingKind.File, null, null, ListingSource.Mvs);
        return true;
    }

    /// <summary>Reads a line of a list without heading and without owners, of servers with interface level 1: <c>ANNSORT  JOB01234  OUTPUT  3 Spool Files</c>.</summary>
    public static bool TryParseAlone(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        const int NumberLength = 8;
        entry = null;
        ReadOnlySpan<char> rest = line, job = ListingWords.Next(ref rest), number = ListingWords.Next(ref rest);
        if (job.Length > NumberLength || job.Contains('=') || number.Length != NumberLength || !(number.StartsWith("JOB") || number.StartsWith("STC") || number.StartsWith("TSU")) ||
            ListingWords.NumberOf(number[3..]) < 0 || ListingWords.Next(ref rest) is not ("INPUT" or "ACTIVE" or "OUTPUT" or "HELD"))
        {
            return false;
        }

        entry = new ListingEntry(number.ToString(), ListingKind.File, null, null, ListingSource.Mvs);
        return true;
    }
}
