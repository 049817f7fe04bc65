using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Fts.Protocol.Listings;

/// <summary>Reads lines of MLSD and MLST: <c>fact=value;fact=value; name</c> (RFC 3659 §7.2).</summary>
public static class MlsxListing
{
    private const string SlinkPrefix = "OS.unix=slink", SymlinkPrefix = "OS.unix=symlink";

    private static readonly string[] KnownFacts =
        ["type", "size", "sizd", "modify", "create", "perm", "unique", "lang", "media-type", "charset"];

    /// <summary>Reads one line. Returns false if the line does not consist of facts and a name. Unknown facts are ignored.</summary>
    /// <param name="line">The line without its line end.</param>
    /// <param name="entry">The entry, if the method returns true.</param>
    /// <param name="isDotDirectory">
    /// Whether the type is <c>cdir</c> or <c>pdir</c>: the listed directory itself or one of its parents.
    /// </param>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry, out bool isDotDirectory)
    {
        (entry, isDotDirectory) = (null, false);
        int end = FindNameSeparator(line);
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

        isDotDirectory = facts.IsDotDirectory;
        entry = facts.CreateEntry(line[(end + 1)..].ToString());
        return true;
    }

    /// <summary>Returns whether the line starts with a fact that servers send. A line of LIST does not start with such a fact.</summary>
    internal static bool StartsWithFact(ReadOnlySpan<char> line)
    {
        int equals = line.IndexOf('=');
        if (equals < 1)
        {
            return false;
        }

        ReadOnlySpan<char> name = line[..equals];
        foreach (string known in KnownFacts)
        {
            if (EqualsIgnoreCase(name, known))
            {
                return true;
            }
        }

        bool hasPrefix = name.StartsWith("UNIX.", StringComparison.OrdinalIgnoreCase) ||
            name.StartsWith("win32.", StringComparison.OrdinalIgnoreCase) ||
            name.StartsWith("X.", StringComparison.OrdinalIgnoreCase);
        return hasPrefix && name.IndexOfAny(' ', ';') < 0;
    }

    /// <summary>
    /// Returns the offset of the space between the facts and the name, or -1 if there is none. If a fact contains a space, which some
    /// servers send in link targets, the separator is the first space that follows a semicolon.
    /// </summary>
    private static int FindNameSeparator(ReadOnlySpan<char> line)
    {
        // Some servers send a tab instead of the space.
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

    /// <summary>Reads a number of one to seven octal digits.</summary>
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

    /// <summary>
    /// Collects the facts of one line. It is a mutable struct, because a record that is copied for each fact would take 3.5 times the
    /// memory (microbenchmark Mlsd).
    /// </summary>
    private struct Facts
    {
        private long? _length;
        private DateTime? _modified;
        private UnixFileMode? _unixMode;
        private string? _linkTarget, _permissions, _uniqueId;

        // Remains Other if the line has no type fact, or a type that is unknown.
        private FtpEntryKind _kind = FtpEntryKind.Other;

        public Facts()
        {
        }

        public bool IsDotDirectory { get; private set; }

        /// <summary>Adds one fact. Facts that are unknown or cannot be read are ignored.</summary>
        public void Add(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
        {
            if (EqualsIgnoreCase(name, "type"))
            {
                AddType(value);
            }
            else if (EqualsIgnoreCase(name, "size"))
            {
                if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long length))
                {
                    _length = length;
                }
            }
            else if (EqualsIgnoreCase(name, "modify"))
            {
                if (WireTime.TryParse(value, out DateTime utc) || MetadataReply.TryFindTime(value, out utc))
                {
                    _modified = utc;
                }
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
                if (TryParseOctal(value, out int mode))
                {
                    _unixMode = (UnixFileMode)(mode & 0xFFF);
                }
            }
        }

        public readonly ListingEntry CreateEntry(string name) => new(name, _kind, _length, _modified, FtpEntrySource.Mlsx)
        {
            UnixMode = _unixMode, LinkTarget = _linkTarget, Permissions = _permissions, UniqueId = _uniqueId,
        };

        private void AddType(ReadOnlySpan<char> value)
        {
            IsDotDirectory = EqualsIgnoreCase(value, "cdir") || EqualsIgnoreCase(value, "pdir");
            if (EqualsIgnoreCase(value, "file"))
            {
                _kind = FtpEntryKind.File;
            }
            else if (IsDotDirectory || EqualsIgnoreCase(value, "dir"))
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

        private void AddLink(ReadOnlySpan<char> target) =>
            (_kind, _linkTarget) = (FtpEntryKind.Link, target.Length > 1 && target[0] == ':' ? target[1..].ToString() : null);
    }
}
