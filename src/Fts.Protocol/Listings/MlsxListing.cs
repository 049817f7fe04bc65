using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Fts.Protocol.Listings;

/// <summary>Lines of MLSD and MLST: <c>fact=value;fact=value; name</c> (RFC 3659 §7.2).</summary>
internal static class MlsxListing
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

        var facts = new Facts();
        foreach (Range part in line[..end].Split(';'))
        {
            ReadOnlySpan<char> fact = line[..end][part];
            int equals = fact.IndexOf('=');
            if (equals > 0)
            {
                facts.Add(fact[..equals], fact[(equals + 1)..]);
            }
            else if (!fact.IsEmpty)
            {
                return false;
            }
        }

        isDotFolder = facts.IsDotFolder;
        entry = facts.Of(line[(end + 1)..].ToString());
        return true;
    }

    /// <summary>Whether the line starts with a fact that servers send, so that it is no line of LIST, and leading blanks are no part of its name.</summary>
    public static bool StartsWithFact(ReadOnlySpan<char> line)
    {
        int equals = line.IndexOf('=');
        if (equals < 1)
        {
            return false;
        }

        ReadOnlySpan<char> name = line[..equals];
        return EqualsIgnoreCase(name, "type") || EqualsIgnoreCase(name, "size") || EqualsIgnoreCase(name, "sizd") || EqualsIgnoreCase(name, "modify") || EqualsIgnoreCase(name, "create") || EqualsIgnoreCase(name, "perm") || EqualsIgnoreCase(name, "unique") || EqualsIgnoreCase(name, "lang") ||
            EqualsIgnoreCase(name, "media-type") || EqualsIgnoreCase(name, "charset") || ((name.StartsWith("UNIX.", StringComparison.OrdinalIgnoreCase) || name.StartsWith("win32.", StringComparison.OrdinalIgnoreCase) ||
            name.StartsWith("X.", StringComparison.OrdinalIgnoreCase)) && name.IndexOfAny(' ', ';') < 0);
    }

    /// <summary>
    /// Where the one space stands that parts facts from the name; -1 when there is none. Facts hold no space, but links' targets do on some servers:
    /// then it is the space after the last semicolon of the facts.
    /// </summary>
    private static int EndOfFacts(ReadOnlySpan<char> line)
    {
        // Some servers write a tab.
        int space = line.IndexOf(' '), tab = line.IndexOf(";\t", StringComparison.Ordinal);
        if (tab >= 0 && (space < 0 || tab < space))
        {
            return tab + 1;
        }

        if (space <= 0 || line[space - 1] == ';')
        {
            return space;
        }

        int semicolon = line.IndexOf("; ", StringComparison.Ordinal);
        return semicolon < 0 ? space : semicolon + 1;
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

    private static bool EqualsIgnoreCase(ReadOnlySpan<char> text, string word) => text.Equals(word, StringComparison.OrdinalIgnoreCase);

    /// <summary>The facts of one line as they are read. A record copied for each of them takes three and a half times the memory (microbench: Mlsd).</summary>
    private struct Facts
    {
        private long? _length;
        private DateTime? _modified;
        private UnixFileMode? _unixMode;
        private string? _linkTarget, _permissions, _uniqueId;

        // A line without a type fact says nothing about what can be done with the entry.
        private FtpEntryKind _kind = FtpEntryKind.Other;

        public Facts()
        {
        }

        public bool IsDotFolder { get; private set; }

        /// <summary>Adds one fact; what is unknown or cannot be read counts as not told.</summary>
        public void Add(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
        {
            if (EqualsIgnoreCase(name, "type"))
            {
                AddType(value);
            }
            else if (EqualsIgnoreCase(name, "size"))
            {
                _length = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long length) ? length : _length;
            }
            else if (EqualsIgnoreCase(name, "modify"))
            {
                _modified = WireTime.TryParse(value, out DateTime utc) || MetadataReply.TryFindTime(value, out utc) ? utc : _modified;
            }
            else if (EqualsIgnoreCase(name, "perm"))
            {
                _permissions = value.ToString();
            }
            else if (EqualsIgnoreCase(name, "unique"))
            {
                _uniqueId = value.ToString();
            }
            else if (EqualsIgnoreCase(name, "UNIX.mode"))
            {
                _unixMode = TryParseOctal(value, out int mode) ? (UnixFileMode)(mode & 0xFFF) : _unixMode;
            }
        }

        public readonly ListingEntry Of(string name) => new(name, _kind, _length, _modified, FtpEntrySource.Mlsx)
        {
            UnixMode = _unixMode, LinkTarget = _linkTarget, Permissions = _permissions, UniqueId = _uniqueId,
        };

        private void AddType(ReadOnlySpan<char> value)
        {
            IsDotFolder = EqualsIgnoreCase(value, "cdir") || EqualsIgnoreCase(value, "pdir");
            if (EqualsIgnoreCase(value, "file"))
            {
                _kind = FtpEntryKind.File;
            }
            else if (IsDotFolder || EqualsIgnoreCase(value, "dir"))
            {
                _kind = FtpEntryKind.Directory;
            }
            else if (value.StartsWith(SlinkPrefix, StringComparison.OrdinalIgnoreCase))
            {
                AddLink(value[SlinkPrefix.Length..]);
            }
            else if (value.StartsWith(SymlinkPrefix, StringComparison.OrdinalIgnoreCase))
            {
                AddLink(value[SymlinkPrefix.Length..]);
            }
        }

        private void AddLink(ReadOnlySpan<char> target) => (_kind, _linkTarget) = (FtpEntryKind.Link, target.Length > 1 && target[0] == ':' ? target[1..].ToString() : null);
    }
}
