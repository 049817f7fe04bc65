using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Dialects;

namespace Fts.Protocol.Listings;

/// <summary>No line of the listing is in a known format, or a line is not in the required format.</summary>
/// <param name="rawLine">The first line that could not be read, as received.</param>
public sealed class ListingFormatException(string rawLine) : FormatException("The listing contains a line in an unknown format.")
{
    /// <summary>The first line that could not be read, as received.</summary>
    public string RawLine { get; } = rawLine;
}

/// <summary>Reads one listing line by line: the lines of LIST in any known format, or the lines of MLSD (RFC 3659 §7).</summary>
/// <remarks>
/// Most formats can be recognised from any line. For other formats the reader keeps state: a heading (MVS), a name whose metadata is on the
/// next line (VMS), or names without metadata. A line in an unknown format becomes an entry of kind <see cref="FtpEntryKind.Unknown"/>.
/// </remarks>
/// <param name="now">The current time in UTC, which is used to guess the year of a date without a year.</param>
/// <param name="isMlsd">
/// Whether the lines are from MLSD. Lines in a format of LIST are then accepted too, because some servers send them in reply to MLSD.
/// </param>
public sealed class ListingReader(DateTime now, bool isMlsd = false)
{
    // The first complete entry is in _next, and further ones are in the queue. Only lines that consist of a name need the queue.
    private readonly Queue<ListingEntry> _queuedEntries = new();
    private ListingEntry? _next;
    // The parser for the lines under the latest heading, or null before a heading.
    private LineParser? _parserOfHeading;
    // A VMS name whose metadata may be on the next line.
    private string? _vmsName;
    // The lines at the start of the listing that consist of a name. Null after the first line of another form.
    private List<string>? _names = [];
    private string? _firstUnreadableLine;
    private bool _hasReadableLine, _hasMvsMember;

    private delegate bool LineParser(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry);

    /// <summary>Adds the next line. <see cref="TryDequeue"/> then returns the entries that the line completes.</summary>
    /// <param name="line">The line without its line end.</param>
    public void AddLine(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        line = line.StartsWith('\uFEFF') ? line[1..] : line;
        if (string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        if (_vmsName is { } name)
        {
            _vmsName = null;
            if (VmsListing.TryParseMetadata(name, line, out ListingEntry? whole))
            {
                AddEntry(whole);
                return;
            }

            AddName(name);
        }

        if (TryParseLine(line, out ListingEntry? entry))
        {
            AddEntry(entry);
        }
        else if (!isMlsd && _parserOfHeading is null && VmsListing.IsName(line))
        {
            _vmsName = line;
        }
        else if (!isMlsd && _parserOfHeading is null && IsName(line))
        {
            AddName(line);
        }
        else
        {
            AddUnreadable(line);
        }
    }

    /// <summary>Removes and returns the next complete entry. Returns false if a further line is needed.</summary>
    /// <param name="entry">The entry, if the method returns true.</param>
    public bool TryDequeue([NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = _next;
        _next = null;
        return entry is not null || _queuedEntries.TryDequeue(out entry);
    }

    /// <summary>Ends the listing. <see cref="TryDequeue"/> may then return further entries.</summary>
    /// <exception cref="ListingFormatException">The listing has lines, but none of them is in a known format.</exception>
    public void Complete()
    {
        if (_vmsName is { } name)
        {
            _vmsName = null;
            AddName(name);
        }

        if (!_hasReadableLine && _firstUnreadableLine is not null)
        {
            throw new ListingFormatException(_firstUnreadableLine);
        }

        // All lines consist of a name, so this is a listing of names.
        _names?.ForEach(each => EnqueueEntry(CreateNameEntry(each)));
        _names = null;
    }

    private void EnqueueEntry(ListingEntry entry)
    {
        if (_next is null && _queuedEntries.Count == 0)
        {
            _next = entry;
        }
        else
        {
            _queuedEntries.Enqueue(entry);
        }
    }

    /// <summary>
    /// Reads a line in a known format. The entry is null for a heading or another line without an entry. Returns false for a line in an
    /// unknown format, which may be a name.
    /// </summary>
    private bool TryParseLine(string line, out ListingEntry? entry)
    {
        entry = null;
        if (isMlsd)
        {
            return ListingParser.TryParseMlsxLine(line, out entry) || ListingParser.TryParseLine(line, now, out entry);
        }

        if (FindParserOfHeading(line) is { } parser)
        {
            _parserOfHeading = parser;
            return true;
        }

        if (_parserOfHeading is not null)
        {
            return _parserOfHeading(line, out entry);
        }

        return ListingParser.TryParseLine(line, now, out entry) ||
            (MlsxListing.StartsWithFact(line.AsSpan().TrimStart(" \t")) && ListingParser.TryParseMlsxLine(line, out entry));
    }

    /// <summary>Records that a line is in a known format, and queues its entry.</summary>
    /// <param name="entry">The entry of the line, or null for a heading or another line without an entry.</param>
    private void AddEntry(ListingEntry? entry)
    {
        _hasReadableLine = true;
        _hasMvsMember |= entry is { Source: FtpEntrySource.Mvs, LastModified: not null };
        FlushNames();
        if (entry is not null)
        {
            EnqueueEntry(entry);
        }
    }

    private void AddUnreadable(string line)
    {
        _firstUnreadableLine ??= line;
        FlushNames();
        EnqueueEntry(ListingEntry.CreateUnreadable(line));
    }

    /// <summary>
    /// Adds a line that consists of a name. At the start of the listing, keeps the line until a line of another form arrives, because a
    /// one-word message looks like a name.
    /// </summary>
    private void AddName(string name)
    {
        if (_names is not null)
        {
            _names.Add(name);
        }
        else if (VmsListing.IsName(name) || (_hasMvsMember && MvsMemberListing.IsName(name)))
        {
            EnqueueEntry(CreateNameEntry(name));
        }
        else
        {
            AddUnreadable(name);
        }
    }

    /// <summary>
    /// Adds the kept names again after a line of another form. In a listing with metadata, only the lines of VMS files and MVS members may
    /// consist of a name. All other lines that consist of a name become unreadable entries.
    /// </summary>
    private void FlushNames()
    {
        if (_names is { } names)
        {
            _names = null;
            names.ForEach(AddName);
        }
    }

    private static ListingEntry CreateNameEntry(string name) => VmsListing.IsName(name)
        ? new ListingEntry(name.TrimEnd(), FtpEntryKind.File, null, null, FtpEntrySource.Vms)
        : new ListingEntry(name, FtpEntryKind.File, null, null, FtpEntrySource.Names);

    /// <summary>Returns whether the line can be a name: one word without characters that indicate markup or a message.</summary>
    private static bool IsName(string line)
    {
        foreach (char c in line)
        {
            if (char.IsControl(c) || char.IsWhiteSpace(c) || c is '<' or '>' or '"' or '|' or '{' or '}')
            {
                return false;
            }
        }

        return line is not ("." or "..") && line[^1] is not (':' or '.' or ',' or ';' or '!');
    }

    /// <summary>Returns the parser for the lines under a heading, or null if the line is not a heading.</summary>
    private static LineParser? FindParserOfHeading(string line)
    {
        if (MvsListing.IsHeading(line))
        {
            return MvsListing.TryParse;
        }

        if (MvsMemberListing.IsHeading(line))
        {
            return MvsMemberListing.TryParse;
        }

        return JesListing.IsHeading(line) ? JesListing.TryParse : null;
    }
}
