using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Fts.Protocol;

/// <summary>Lines of MLSD and MLST: <c>fact=value;fact=value; name</c> (RFC 3659 §7.2).</summary>
internal static class MachineListing
{
    private const string SlinkPrefix = "OS.unix=slink", SymlinkPrefix = "OS.unix=symlink";

    /// <summary>Reads a line without its line end. <paramref name="isDotFolder"/> tells cdir and pdir: the folder itself and its parent.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry, out bool isDotFolder)
    {
        (entry, isDotFolder) = (null, false);
        int end = EndOfFacts(line);
        if (end < 0 || end == line.Length - 1)
        {
            return false;
        }

        // A line without a type fact says nothing about what can be done with the entry.
        entry = new ListingEntry(line[(end + 1)..].ToString(), ListingKind.Other, null, null, ListingSource.Machine);
        foreach (Range part in line[..end].Split(';'))
        {
            ReadOnlySpan<char> fact = line[..end][part];
            int equals = fact.IndexOf('=');
            if (equals > 0)
            {
                entry = With(entry, fact[..equals], fact[(equals + 1)..], ref isDotFolder);
            }
            else if (!fact.IsEmpty)
            {
                entry = null;
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Where the one space stands that parts facts from the name; -1 when there is none. Facts hold no space, but links' targets do on some servers:
    /// then it is the space after the last semicolon of the facts.
    /// </summary>
    private static int EndOfFacts(ReadOnlySpan<char> line)
    {
        int space = line.IndexOf(' ');
        if (space <= 0 || line[space - 1] == ';')
        {
            return space;
        }

        int semicolon = line.IndexOf("; ", StringComparison.Ordinal);
        return semicolon < 0 ? space : semicolon + 1;
    }

    /// <summary>Adds one fact; what is unknown or cannot be read counts as not told.</summary>
    private static ListingEntry With(ListingEntry entry, ReadOnlySpan<char> name, ReadOnlySpan<char> value, ref bool isDotFolder)
    {
        if (Is(name, "type"))
        {
            isDotFolder = Is(value, "cdir") || Is(value, "pdir");
            return WithType(entry, value);
        }

        if (Is(name, "size"))
        {
            return long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long length) ? entry with { Length = length } : entry;
        }

        if (Is(name, "modify"))
        {
            return FtpTime.TryParse(value, out DateTime utc) ? entry with { Modified = utc } : entry;
        }

        if (Is(name, "perm"))
        {
            return entry with { Permissions = value.ToString() };
        }

        if (Is(name, "unique"))
        {
            return entry with { UniqueId = value.ToString() };
        }

        return Is(name, "UNIX.mode") && TryParseOctal(value, out int mode) ? entry with { UnixMode = (UnixFileMode)(mode & 0xFFF) } : entry;
    }

    private static ListingEntry WithType(ListingEntry entry, ReadOnlySpan<char> value)
    {
        if (Is(value, "file"))
        {
            return entry with { Kind = ListingKind.File };
        }

        if (Is(value, "dir") || Is(value, "cdir") || Is(value, "pdir"))
        {
            return entry with { Kind = ListingKind.Folder };
        }

        foreach (string prefix in (ReadOnlySpan<string>)[SlinkPrefix, SymlinkPrefix])
        {
            if (value.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                ReadOnlySpan<char> target = value[prefix.Length..];
                return entry with { Kind = ListingKind.Link, LinkTarget = target.Length > 1 && target[0] == ':' ? target[1..].ToString() : null };
            }
        }

        return entry;
    }

    /// <summary>Up to seven octal digits.</summary>
    internal static bool TryParseOctal(ReadOnlySpan<char> text, out int value)
    {
        value = 0;
        foreach (char digit in text)
        {
            if (digit is < '0' or > '7' || text.Length > 7)
            {
                return false;
            }

            value = (value * 8) + (digit - '0');
        }

        return !text.IsEmpty;
    }

    private static bool Is(ReadOnlySpan<char> text, string word) => text.Equals(word, StringComparison.OrdinalIgnoreCase);
}
