using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Lists of datasets as MVS and z/OS write them, under a heading of their own: <c>WRK001 3390 2026/01/31 1 15 FB 80 27920 PO NAME</c>, and other words before the
/// name where a dataset is migrated, archived or on tape. Sizes are tracks, and the day is the one of last use: neither is told.
/// </summary>
internal static class MvsListing
{
    private static readonly SearchValues<char> VolumeLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@#$");

    /// <summary>Whether the line heads such a list.</summary>
    public static bool IsHeading(ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> rest = line;
        return ListingFields.ReadField(ref rest) is "Volume" && ListingFields.ReadField(ref rest) is "Unit" && rest.TrimEnd(' ').EndsWith(" Dsname");
    }

    /// <summary>Reads a line under the heading, without its line end.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line.Trim(" \t");
        int space = rest.LastIndexOfAny(' ', '\t');
        if (space < 0 || !IsName(rest[(space + 1)..]))
        {
            return false;
        }

        ReadOnlySpan<char> name = rest[(space + 1)..];
        rest = rest[..space].TrimEnd(" \t");
        ReadOnlySpan<char> organisation = rest[(rest.LastIndexOf(' ') + 1)..];
        // What precedes an organisation is volume, unit and figures; before a state of several words stands the volume at most.
        FtpEntryKind? kind = ParseOrganisation(organisation) ?? ParseState(rest);
        entry = kind is null ? null : new ListingEntry(name.ToString(), kind.Value, null, null, FtpEntrySource.Mvs);
        return entry is not null;
    }

    /// <summary>Reads a line of a list without heading. Its first columns, or the words of its state, make it unmistakable.</summary>
    public static bool TryParseWithoutHeading(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        return IsUnmistakable(line) && !MlsxListing.StartsWithFact(line) && TryParse(line, out entry);
    }

    private static bool IsUnmistakable(ReadOnlySpan<char> line)
    {
        const int LongestVolume = 6, UnitLength = 4;
        // Some servers put tabs before the name of a migrated dataset.
        ReadOnlySpan<char> rest = line, volume = ListingFields.ReadField(ref rest), unit = ListingFields.ReadField(ref rest), third = ListingFields.ReadField(ref rest), fourth = ListingFields.ReadField(ref rest);
        if (fourth.IsEmpty)
        {
            return (third.IsEmpty && IsMigrated(volume)) || unit.Equals("Tape", StringComparison.OrdinalIgnoreCase) || (volume is "Pseudo" && unit is "Directory");
        }

        return volume.Length is > 0 and <= LongestVolume && !volume.ContainsAnyExcept(VolumeLetters) &&
            (unit.Length == UnitLength && !unit.ContainsAnyExcept(VolumeLetters)
                ? third is "VSAM" or "**NONE**" || (third.Length == "2026/01/31".Length && third[4] == '/' && ShortDate.TryParse(third, out _))
                : unit is "Not" or "Error");
    }

    private static bool IsMigrated(ReadOnlySpan<char> word) => word.Equals("Migrated", StringComparison.OrdinalIgnoreCase) || word is "MIGRAT";

    private static FtpEntryKind? ParseOrganisation(ReadOnlySpan<char> organisation) => organisation switch
    {
        "PO" or "PO-E" or "POE" or "POU" => FtpEntryKind.Directory,
        "PS" or "PS-E" or "PS-L" or "PSE" or "PSL" or "PSU" or "DA" or "DAU" or "IS" or "ISU" => FtpEntryKind.File,
        "VSAM" or "GDG" or "PATH" or "AIX" or "NONE" or "HFS" or "ZFS" or "UNKN" or "**" => FtpEntryKind.Other,
        _ => null,
    };

    /// <summary>Of a migrated or archived dataset the line does not tell whether it holds members.</summary>
    private static FtpEntryKind? ParseState(ReadOnlySpan<char> words)
    {
        if (words is "Pseudo Directory")
        {
            return FtpEntryKind.Directory;
        }

        if (IsMigrated(words))
        {
            return FtpEntryKind.Other;
        }

        foreach ((string state, FtpEntryKind kind) in (ReadOnlySpan<(string, FtpEntryKind)>)
            [("Tape", FtpEntryKind.File), ("Not Direct Access Device", FtpEntryKind.Other), ("Not Mounted", FtpEntryKind.Other), ("Error determining attributes", FtpEntryKind.Other)])
        {
            if (words.EndsWith(state, StringComparison.OrdinalIgnoreCase) && words[..^state.Length] is var volume && (volume.IsEmpty || (volume[^1] == ' ' && volume.TrimEnd(' ').IndexOf(' ') < 0)))
            {
                return kind;
            }
        }

        return null;
    }

    /// <summary>Qualifiers between dots, perhaps quoted as a whole when the name is complete; what other systems in front of z/OS allow in names is allowed.</summary>
    private static bool IsName(ReadOnlySpan<char> name)
    {
        const int MostCharacters = 44;
        bool isQuoted = name.Length > 2 && name[0] == '\'' && name[^1] == '\'';
        name = isQuoted ? name[1..^1] : name;
        foreach (char c in name)
        {
            if (!(char.IsAsciiLetterOrDigit(c) || "@#$-_.{\u00a3\u00a7\u00a5".Contains(c) || (c > '~' && char.IsLetterOrDigit(c))))
            {
                return false;
            }
        }

        return name.Length is > 0 and <= MostCharacters && name[0] != '.';
    }
}
