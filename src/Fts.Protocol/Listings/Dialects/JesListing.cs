using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Reads job listings of z/OS with FILETYPE=JES. A line: <c>ANNSORT JOB01234 ANN OUTPUT A RC=0000 3 spool files</c>. A heading usually
/// precedes the lines. The name of an entry is the job ID, as RETR expects.
/// </summary>
internal static class JesListing
{
    private const int MaxJobIdLength = 8;
    private static readonly SearchValues<char> JobIdCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    /// <summary>Returns whether the line is the heading of a job listing.</summary>
    public static bool IsHeading(ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> rest = line;
        return ListingFields.ReadField(ref rest) is "JOBNAME" && ListingFields.ReadField(ref rest) is "JOBID" &&
            ListingFields.ReadField(ref rest) is "OWNER" && ListingFields.ReadField(ref rest) is "STATUS";
    }

    /// <summary>Reads one line below the heading. Returns false if the line is in another format.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line, job = ListingFields.ReadField(ref rest), id = ListingFields.ReadField(ref rest);
        ReadOnlySpan<char> owner = ListingFields.ReadField(ref rest);
        if (job.IsEmpty || owner.IsEmpty || id.Length is < 3 or > MaxJobIdLength || !char.IsAsciiLetterUpper(id[0]) ||
            !char.IsAsciiDigit(id[^1]) || id.ContainsAnyExcept(JobIdCharacters) || !IsStatus(ListingFields.ReadField(ref rest)))
        {
            return false;
        }

        entry = new ListingEntry(id.ToString(), FtpEntryKind.File, null, null, FtpEntrySource.Mvs);
        return true;
    }

    /// <summary>
    /// Reads one line of a listing that has neither a heading nor owners. Servers with JESINTERFACELEVEL 1 send such listings:
    /// <c>ANNSORT  JOB01234  OUTPUT  3 Spool Files</c>.
    /// </summary>
    public static bool TryParseWithoutHeading(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        const int MaxJobNameLength = 8, JobIdLength = 8;
        entry = null;
        ReadOnlySpan<char> rest = line, job = ListingFields.ReadField(ref rest), id = ListingFields.ReadField(ref rest);
        if (job.Length > MaxJobNameLength || job.Contains('=') || id.Length != JobIdLength ||
            !(id.StartsWith("JOB") || id.StartsWith("STC") || id.StartsWith("TSU")) || ListingFields.ParseNumber(id[3..]) < 0 ||
            !IsStatus(ListingFields.ReadField(ref rest)))
        {
            return false;
        }

        entry = new ListingEntry(id.ToString(), FtpEntryKind.File, null, null, FtpEntrySource.Mvs);
        return true;
    }

    private static bool IsStatus(ReadOnlySpan<char> word) => word is "INPUT" or "ACTIVE" or "OUTPUT" or "HELD";
}
