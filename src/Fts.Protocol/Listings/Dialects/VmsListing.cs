using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Lines as VMS writes them: <c>NAME.TXT;3  5/8  2-JUL-2026 10:30:08  [GROUP,OWNER]  (RWED,RE,,)</c>. Behind a long name the line is broken. Sizes are blocks.
/// </summary>
/// <remarks>A file keeps its <c>;version</c>, which RETR takes and DELE asks for; a folder loses its <c>.DIR;1</c>, which CWD and paths have no use for.</remarks>
internal static class VmsListing
{
    private const int BlockLength = 512, MaxVersionDigits = 5;
    private const string DirectorySuffix = ".DIR";

    /// <summary>Reads a whole entry on one line, without its line end.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        int end = line.IndexOfAny(' ', '\t');
        return end > 0 && IsName(line[..end]) && TryParseMetadata(line[..end], line[end..], out entry);
    }

    /// <summary>Whether the line is a name whose facts follow on the next.</summary>
    public static bool IsName(ReadOnlySpan<char> line)
    {
        line = line.TrimEnd(" \t");
        int semicolon = line.LastIndexOf(';');
        return semicolon > 0 && (line.Length - semicolon - 1) is > 0 and <= MaxVersionDigits &&
            !line[(semicolon + 1)..].ContainsAnyExceptInRange('0', '9') && line.IndexOfAny(" \t") < 0;
    }

    /// <summary>Whether a name typed without version, in either case, means what is listed under this name.</summary>
    public static bool MatchesListedName(ReadOnlySpan<char> typed, ReadOnlySpan<char> listed) =>
        typed.Equals(listed, StringComparison.OrdinalIgnoreCase) || (IsName(listed) && typed.Equals(listed[..listed.LastIndexOf(';')], StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether the line heads or ends a listing: <c>Directory DISK:[FOLDER]</c>, with or without that word, and <c>Total of 3 files, 12/16 blocks.</c></summary>
    public static bool IsHeading(ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> rest = line.Trim(" \t"), place = rest.StartsWith("Directory ", StringComparison.OrdinalIgnoreCase) ? rest["Directory ".Length..].TrimStart(' ') : rest;
        int bracket = place.IndexOf('[');
        if (place.EndsWith(']') && (bracket == 0 || (bracket > 1 && place[bracket - 1] == ':' && place.IndexOf(' ') < 0)))
        {
            return true;
        }

        foreach (string start in (ReadOnlySpan<string>)["Total of ", "Grand total of "])
        {
            if (rest.StartsWith(start, StringComparison.OrdinalIgnoreCase) && char.IsAsciiDigit(rest[start.Length]))
            {
                ReadOnlySpan<char> sum = rest.TrimEnd('.');
                return sum.EndsWith("file") || sum.EndsWith("files") || sum.EndsWith("block") || sum.EndsWith("blocks");
            }
        }

        return rest.StartsWith("%DIRECT-W-NOFILES", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Reads what stands behind the name: size, date, time, owner and protection, in whatever order; the date is never missing.</summary>
    public static bool TryParseMetadata(ReadOnlySpan<char> fullName, ReadOnlySpan<char> facts, [NotNullWhen(true)] out ListingEntry? entry)
    {
        fullName = fullName.TrimEnd(" \t");
        facts = facts.Trim(" \t");
        ReadOnlySpan<char> name = fullName[..fullName.LastIndexOf(';')];
        bool isFolder = name.Length > DirectorySuffix.Length && name.EndsWith(DirectorySuffix, StringComparison.OrdinalIgnoreCase);
        entry = new ListingEntry((isFolder ? name[..^DirectorySuffix.Length] : fullName).ToString(), isFolder ? FtpEntryKind.Directory : FtpEntryKind.File, null, null, FtpEntrySource.Vms);
        if (IsNoPrivilegeMessage(facts))
        {
            return true;
        }

        DateTime? date = null;
        TimeSpan? time = null;
        long? length = null;
        bool hasOwner = false;
        while (!(facts = facts.TrimStart(" \t")).IsEmpty)
        {
            if (facts[0] is '[' or '(')
            {
                int close = facts.IndexOf(facts[0] == '[' ? ']' : ')');
                if (close < 0)
                {
                    return false;
                }

                hasOwner |= facts[0] == '[';
                facts = facts[(close + 1)..];
                continue;
            }

            ReadOnlySpan<char> word = ListingFields.ReadField(ref facts);
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

        entry = entry with { LastModified = date is { } known ? ListingFields.AddTime(known, time ?? default) : null, Length = isFolder || length < 0 ? null : length };
        return date is not null;
    }

    /// <summary>What stands in the place of facts that this user may not see.</summary>
    private static bool IsNoPrivilegeMessage(ReadOnlySpan<char> facts) =>
        facts.StartsWith('%') || facts.StartsWith("insufficient privilege", StringComparison.OrdinalIgnoreCase) || facts.StartsWith("no privilege", StringComparison.OrdinalIgnoreCase);

    /// <summary>"5", or "5/8": used of allocated. The bytes are negative if no file can have as many.</summary>
    private static bool TryParseBlocks(ReadOnlySpan<char> word, out long bytes)
    {
        int slash = word.IndexOf('/');
        bool isSize = long.TryParse(slash < 0 ? word : word[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out long used) &&
            (slash < 0 || long.TryParse(word[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out _));
        bytes = used > long.MaxValue / BlockLength ? -1 : used * BlockLength;
        return isSize;
    }

    /// <summary>"2KB", of servers that do not count blocks.</summary>
    private static bool TryParseBytes(ReadOnlySpan<char> word, out long bytes)
    {
        bytes = 0;
        int digits = word.IndexOfAnyExceptInRange('0', '9');
        long unit = digits < 1 ? 0 : word[digits..] switch { "B" => 1, "K" or "KB" => 1 << 10, "M" or "MB" => 1 << 20, "G" or "GB" => 1 << 30, _ => 0 };
        if (unit == 0 || !long.TryParse(word[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out long count))
        {
            return false;
        }

        bytes = count > long.MaxValue / unit ? -1 : count * unit;
        return true;
    }

    /// <summary>"2-JUL-2026".</summary>
    private static bool TryParseDate(ReadOnlySpan<char> word, out DateTime utc)
    {
        utc = default;
        Span<Range> parts = stackalloc Range[4];
        return word.Split(parts, '-') == 3 && word[parts[2]].Length == 4 &&
            ListingFields.TryMakeDate(ListingFields.ParseNumber(word[parts[2]]), MonthNames.Find(word[parts[1]]), ListingFields.ParseNumber(word[parts[0]]), out utc);
    }

    /// <summary>With or without seconds and their hundredths.</summary>
    private static bool TryParseTime(ReadOnlySpan<char> word, out TimeSpan time)
    {
        int dot = word.IndexOf('.');
        return ListingFields.TryParseTime(dot < 0 ? word : word[..dot], out time) && (dot < 0 || ListingFields.ParseNumber(word[(dot + 1)..]) >= 0);
    }
}
