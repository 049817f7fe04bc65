using System.Diagnostics.CodeAnalysis;

namespace Fts.Protocol;

/// <summary>
/// Lists of datasets as MVS and z/OS write them, under a heading of their own: <c>WRK001 3390 2026/01/31 1 15 FB 80 27920 PO NAME</c>, and other words before the
/// name where a dataset is migrated, archived or on tape. Sizes are tracks, and the day is the one of last use: neither is told.
/// </summary>
internal static class MvsListing
{
    /// <summary>Whether the line heads such a list.</summary>
    public static bool IsHeading(ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> rest = line;
        return ListingWords.Next(ref rest) is "Volume" && ListingWords.Next(ref rest) is "Unit" && rest.TrimEnd(' ').EndsWith(" Dsname");
    }

    /// <summary>Reads a line under the heading, without its line end.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line.Trim(' ');
        int space = rest.LastIndexOf(' ');
        if (space < 0 || !IsName(rest[(space + 1)..]))
        {
            return false;
        }

        ReadOnlySpan<char> name = rest[(space + 1)..];
        rest = rest[..space].TrimEnd(' ');
        ReadOnlySpan<char> organisation = rest[(rest.LastIndexOf(' ') + 1)..];
        // What precedes an organisation is volume, unit and figures; before a state of several words stands the volume at most.
        ListingKind? kind = KindOf(organisation) ?? KindOfState(rest);
        entry = kind is null ? null : new ListingEntry(name.ToString(), kind.Value, null, null, ListingSource.Mvs);
        return entry is not null;
    }

    private static ListingKind? KindOf(ReadOnlySpan<char> organisation) => organisation switch
    {
        "PO" or "PO-E" or "POE" or "POU" => ListingKind.Folder,
        "PS" or "PS-E" or "PS-L" or "PSE" or "PSL" or "PSU" or "DA" or "DAU" or "IS" or "ISU" => ListingKind.File,
        "VSAM" or "GDG" or "PATH" or "AIX" or "NONE" or "HFS" or "ZFS" or "UNKN" or "**" => ListingKind.Other,
        _ => null,
    };

    /// <summary>Of a migrated or archived dataset the line does not tell whether it holds members.</summary>
    private static ListingKind? KindOfState(ReadOnlySpan<char> words)
    {
        if (words is "Pseudo Directory")
        {
            return ListingKind.Folder;
        }

        if (words is "Migrated" or "MIGRAT")
        {
            return ListingKind.Other;
        }

        foreach ((string state, ListingKind kind) in (ReadOnlySpan<(string, ListingKind)>)
            [("Tape", ListingKind.File), ("Not Direct Access Device", ListingKind.Other), ("Not Mounted", ListingKind.Other), ("Error determining attributes", ListingKind.Other)])
        {
            if (words.EndsWith(state) && words[..^state.Length] is var volume && (volume.IsEmpty || (volume[^1] == ' ' && volume.TrimEnd(' ').IndexOf(' ') < 0)))
            {
                return kind;
            }
        }

        return null;
    }

    /// <summary>Qualifiers between dots, perhaps quoted as a whole when the name is complete; letters of other code pages are allowed.</summary>
    private static bool IsName(ReadOnlySpan<char> name)
    {
        const int MostCharacters = 44;
        bool isQuoted = name.Length > 2 && name[0] == '\'' && name[^1] == '\'';
        name = isQuoted ? name[1..^1] : name;
        foreach (char c in name)
        {
            if (!(char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || "@#$-.{\u00a3\u00a7\u00a5".Contains(c) || (c > '~' && char.IsLetterOrDigit(c))))
            {
                return false;
            }
        }

        return name.Length is > 0 and <= MostCharacters && name[0] != '.';
    }
}
