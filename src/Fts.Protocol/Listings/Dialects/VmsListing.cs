using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Reads listings of VMS: <c>NAME.TXT;3  5/8  2-JUL-2026 10:30:08  [GROUP,OWNER]  (RWED,RE,,)</c>. Sizes are blocks. After a long name, the
/// metadata follows on the next line.
/// </summary>
/// <remarks>
/// The name of a file keeps its <c>;version</c>, which RETR accepts and DELE requires. The name of a directory loses its <c>.DIR;1</c>,
/// which CWD does not accept.
/// </remarks>
public static class VmsListing
{
    private const int BlockLength = 512, MaxVersionDigits = 5;
    private const string DirectorySuffix = ".DIR";

    /// <summary>
    /// Returns whether a name in a command refers to the listed file. Upper and lower case are equal, and the name in the command may lack
    /// the version.
    /// </summary>
    /// <param name="name">The name in the command.</param>
    /// <param name="listedName">The name in the listing.</param>
    public static bool MatchesListedName(ReadOnlySpan<char> name, ReadOnlySpan<char> listedName) =>
        name.Equals(listedName, StringComparison.OrdinalIgnoreCase) ||
        (IsName(listedName) && name.Equals(listedName[..listedName.LastIndexOf(';')], StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads an entry that is on one line. Returns false if the line has another form.</summary>
    internal static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        int end = line.IndexOfAny(' ', '\t');
        return end > 0 && IsName(line[..end]) && TryParseMetadata(line[..end], line[end..], out entry);
    }

    /// <summary>Returns whether the line is a name with a version and nothing else. The metadata may follow on the next line.</summary>
    internal static bool IsName(ReadOnlySpan<char> line)
    {
        line = line.TrimEnd(" \t");
        int semicolon = line.LastIndexOf(';');
        return semicolon > 0 && (line.Length - semicolon - 1) is > 0 and <= MaxVersionDigits &&
            !line[(semicolon + 1)..].ContainsAnyExceptInRange('0', '9') && line.IndexOfAny(" \t") < 0;
    }

    /// <summary>
    /// Returns whether the line is a heading (<c>Directory DISK:[FOLDER]</c> or <c>DISK:[FOLDER]</c>), a total
    /// (<c>Total of 3 files, 12/16 blocks.</c>), or the message for an empty directory, which starts with <c>%DIRECT-W-NOFILES</c>.
    /// </summary>
    internal static bool IsHeading(ReadOnlySpan<char> line)
    {
        const string Prefix = "Directory ";
        ReadOnlySpan<char> rest = line.Trim(" \t");
        ReadOnlySpan<char> path = rest.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? rest[Prefix.Length..].TrimStart(' ') : rest;
        int bracket = path.IndexOf('[');
        if (path.EndsWith(']') && (bracket == 0 || (bracket > 1 && path[bracket - 1] == ':' && path.IndexOf(' ') < 0)))
        {
            return true;
        }

        foreach (string start in (ReadOnlySpan<string>)["Total of ", "Grand total of "])
        {
            if (rest.StartsWith(start, StringComparison.OrdinalIgnoreCase) && char.IsAsciiDigit(rest[start.Length]))
            {
                ReadOnlySpan<char> total = rest.TrimEnd('.');
                return total.EndsWith("file") || total.EndsWith("files") || total.EndsWith("block") || total.EndsWith("blocks");
            }
        }

        return rest.StartsWith("%DIRECT-W-NOFILES", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>
    /// Reads the metadata after a name: size, date, time, owner and protection. The time must follow the date. A message about a missing
    /// privilege may replace the metadata. Returns false if the text has no date, or is in another form.
    /// </summary>
    internal static bool TryParseMetadata(
        ReadOnlySpan<char> fullName, ReadOnlySpan<char> metadata, [NotNullWhen(true)] out ListingEntry? entry)
    {
        fullName = fullName.TrimEnd(" \t");
        metadata = metadata.Trim(" \t");
        ReadOnlySpan<char> name = fullName[..fullName.LastIndexOf(';')];
        bool isDirectory = name.Length > DirectorySuffix.Length && name.EndsWith(DirectorySuffix, StringComparison.OrdinalIgnoreCase);
        entry = isDirectory
            ? new ListingEntry(name[..^DirectorySuffix.Length].ToString(), FtpEntryKind.Directory, null, null, FtpEntrySource.Vms)
            : new ListingEntry(fullName.ToString(), FtpEntryKind.File, null, null, FtpEntrySource.Vms);
        if (IsNoPrivilegeMessage(metadata))
        {
            return true;
        }

        DateTime? date = null;
        TimeSpan? time = null;
        long? length = null;
        bool hasOwner = false;
        for (; !metadata.IsEmpty; metadata = metadata.TrimStart(" \t"))
        {
            if (metadata[0] is '[' or '(')
            {
                int close = metadata.IndexOf(metadata[0] == '[' ? ']' : ')');
                if (close < 0)
                {
                    return false;
                }

                hasOwner |= metadata[0] == '[';
                metadata = metadata[(close + 1)..];
                continue;
            }

            ReadOnlySpan<char> word = ListingFields.ReadField(ref metadata);
            if (date is null && TryParseDate(word, out DateTime day))
            {
                date = day;
            }
            else if (date is not null && time is null && TryParseTime(word, out TimeSpan ofDay))
            {
                time = ofDay;
            }
            else if (length is null && (TryParseBlocks(word, out long bytes) || TryParseBytes(word, out bytes)))
            {
                length = bytes;
            }
            else if (hasOwner || date is null || !char.IsAsciiLetter(word[0]))
            {
                return false;
            }
            else
            {
                // An owner without brackets.
                hasOwner = true;
            }
        }

        entry = entry with
        {
            LastModified = date is { } known ? ListingFields.AddTime(known, time ?? default) : null,
            Length = isDirectory || length < 0 ? null : length,
        };
        return date is not null;
    }

    /// <summary>Returns whether the text is the message that replaces the metadata of a file that the user may not access.</summary>
    private static bool IsNoPrivilegeMessage(ReadOnlySpan<char> metadata) =>
        metadata.StartsWith('%') || metadata.StartsWith("insufficient privilege", StringComparison.OrdinalIgnoreCase) ||
        metadata.StartsWith("no privilege", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Reads "5" or "5/8": used and allocated blocks. Sets <paramref name="bytes"/> to -1 if the number is too large for a file.
    /// </summary>
    private static bool TryParseBlocks(ReadOnlySpan<char> word, out long bytes)
    {
        int slash = word.IndexOf('/');
        bool isSize = long.TryParse(slash < 0 ? word : word[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out long used) &&
            (slash < 0 || long.TryParse(word[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out _));
        bytes = used > long.MaxValue / BlockLength ? -1 : used * BlockLength;
        return isSize;
    }

    /// <summary>
    /// Reads a size such as "2KB", which some servers send instead of blocks. Sets <paramref name="bytes"/> to -1 if the number is too
    /// large for a file.
    /// </summary>
    private static bool TryParseBytes(ReadOnlySpan<char> word, out long bytes)
    {
        bytes = 0;
        int digits = word.IndexOfAnyExceptInRange('0', '9');
        long unit = (digits < 1 ? default : word[digits..]) switch
        {
            "B" => 1,
            "K" or "KB" => 1 << 10,
            "M" or "MB" => 1 << 20,
            "G" or "GB" => 1 << 30,
            _ => 0,
        };
        if (unit == 0 || !long.TryParse(word[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out long count))
        {
            return false;
        }

        bytes = count > long.MaxValue / unit ? -1 : count * unit;
        return true;
    }

    /// <summary>Reads a date such as "2-JUL-2026".</summary>
    private static bool TryParseDate(ReadOnlySpan<char> word, out DateTime utc)
    {
        utc = default;
        Span<Range> parts = stackalloc Range[4];
        return word.Split(parts, '-') == 3 && word[parts[2]].Length == 4 && ListingFields.TryMakeDate(
            ListingFields.ParseNumber(word[parts[2]]), MonthNames.Find(word[parts[1]]), ListingFields.ParseNumber(word[parts[0]]), out utc);
    }

    /// <summary>Reads a time with or without seconds and hundredths.</summary>
    private static bool TryParseTime(ReadOnlySpan<char> word, out TimeSpan time)
    {
        int dot = word.IndexOf('.');
        return ListingFields.TryParseTime(dot < 0 ? word : word[..dot], out time) &&
            (dot < 0 || ListingFields.ParseNumber(word[(dot + 1)..]) >= 0);
    }
}
