using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Reads dataset listings of MVS and z/OS, which usually follow a heading: <c>WRK001 3390 2026/01/31 1 15 FB 80 27920 PO NAME</c>. If a
/// dataset is migrated, archived or on tape, words for this state precede the name. Sizes in tracks and the date of last use are ignored.
/// </summary>
internal static class MvsListing
{
    private static readonly SearchValues<char> VolumeCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@#$");

    private static readonly (string State, FtpEntryKind Kind)[] States =
    [
        ("Tape", FtpEntryKind.File), ("Not Direct Access Device", FtpEntryKind.Other), ("Not Mounted", FtpEntryKind.Other),
        ("Error determining attributes", FtpEntryKind.Other),
    ];

    /// <summary>Returns whether the line is the heading of a dataset listing.</summary>
    public static bool IsHeading(ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> rest = line;
        return ListingFields.ReadField(ref rest) is "Volume" && ListingFields.ReadField(ref rest) is "Unit" &&
            rest.TrimEnd(' ').EndsWith(" Dsname");
    }

    /// <summary>Reads one line below the heading. Returns false if the line is in another format.</summary>
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
        // Volume, unit and numbers precede a dataset organisation, such as PO. Only the volume, or nothing, precedes a state.
        FtpEntryKind? kind = ParseOrganisation(organisation) ?? ParseState(rest);
        entry = kind is null ? null : new ListingEntry(name.ToString(), kind.Value, null, null, FtpEntrySource.Mvs);
        return entry is not null;
    }

    /// <summary>
    /// Reads one line of a listing without heading. Accepts only a line whose first columns or state occur in no other format, and returns
    /// false for any other line.
    /// </summary>
    public static bool TryParseWithoutHeading(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        return HasDistinctColumns(line) && !MlsxListing.StartsWithFact(line) && TryParse(line, out entry);
    }

    /// <summary>Returns whether the first columns or the state of the line occur in no other format.</summary>
    private static bool HasDistinctColumns(ReadOnlySpan<char> line)
    {
        const int MaxVolumeLength = 6, UnitLength = 4;
        ReadOnlySpan<char> rest = line, volume = ListingFields.ReadField(ref rest), unit = ListingFields.ReadField(ref rest);
        ReadOnlySpan<char> third = ListingFields.ReadField(ref rest), fourth = ListingFields.ReadField(ref rest);
        if (fourth.IsEmpty)
        {
            return (third.IsEmpty && IsMigrated(volume)) || unit.Equals("Tape", StringComparison.OrdinalIgnoreCase) ||
                (volume is "Pseudo" && unit is "Directory");
        }

        return volume.Length is > 0 and <= MaxVolumeLength && !volume.ContainsAnyExcept(VolumeCharacters) &&
            (unit.Length == UnitLength && !unit.ContainsAnyExcept(VolumeCharacters)
                ? third is "VSAM" or "**NONE**" ||
                (third.Length == "2026/01/31".Length && third[4] == '/' && ShortDate.TryParse(third, out _))
                : unit is "Not" or "Error");
    }

    private static bool IsMigrated(ReadOnlySpan<char> word) =>
        word.Equals("Migrated", StringComparison.OrdinalIgnoreCase) || word is "MIGRAT";

    /// <summary>Returns the kind for a dataset organisation, or null for any other word. A partitioned dataset is a directory.</summary>
    private static FtpEntryKind? ParseOrganisation(ReadOnlySpan<char> organisation) => organisation switch
    {
        "PO" or "PO-E" or "POE" or "POU" => FtpEntryKind.Directory,
        "PS" or "PS-E" or "PS-L" or "PSE" or "PSL" or "PSU" or "DA" or "DAU" or "IS" or "ISU" => FtpEntryKind.File,
        "VSAM" or "GDG" or "PATH" or "AIX" or "NONE" or "HFS" or "ZFS" or "UNKN" or "**" => FtpEntryKind.Other,
        _ => null,
    };

    /// <summary>
    /// Returns the kind for a state, or null for any other words. A migrated or archived dataset has the kind Other, because the line does
    /// not show whether the dataset has members.
    /// </summary>
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

        foreach ((string state, FtpEntryKind kind) in States)
        {
            if (words.EndsWith(state, StringComparison.OrdinalIgnoreCase) && words[..^state.Length] is var volume &&
                (volume.IsEmpty || (volume[^1] == ' ' && volume.TrimEnd(' ').IndexOf(' ') < 0)))
            {
                return kind;
            }
        }

        return null;
    }

    /// <summary>
    /// Returns whether the text can be a dataset name: qualifiers separated by dots, in quotes if the name is fully qualified. Also allows
    /// the characters that gateways to z/OS allow.
    /// </summary>
    private static bool IsName(ReadOnlySpan<char> name)
    {
        const int MaxNameLength = 44;
        bool isQuoted = name.Length > 2 && name[0] == '\'' && name[^1] == '\'';
        name = isQuoted ? name[1..^1] : name;
        foreach (char c in name)
        {
            if (!(char.IsAsciiLetterOrDigit(c) || "@#$-_.{\u00a3\u00a7\u00a5".Contains(c) || (c > '~' && char.IsLetterOrDigit(c))))
            {
                return false;
            }
        }

        return name.Length is > 0 and <= MaxNameLength && name[0] != '.';
    }
}
