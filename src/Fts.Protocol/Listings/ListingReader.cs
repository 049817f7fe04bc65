using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Dialects;

namespace Fts.Protocol.Listings;

/// <summary>A line of a listing that no known format explains.</summary>
internal sealed class ListingFormatException(string rawLine) : FormatException("A line of the listing is in no known format.")
{
    /// <summary>The line as it came.</summary>
    public string RawLine { get; } = rawLine;
}

/// <summary>
/// Reads one listing line by line. Most formats can be recognised from any line. For the others, this class keeps state: a heading (MVS), a name
/// whose metadata is on the next line (VMS), and names without metadata. A line in no known format becomes an entry of kind <see cref="FtpEntryKind.Unknown"/>.
/// </summary>
/// <param name="now">The time from which a missing year is guessed, UTC.</param>
/// <param name="isMachine">Whether the lines answer MLSD. Lines of LIST are read there too, because some servers send them.</param>
internal sealed class ListingReader(DateTime now, bool isMachine = false)
{
    // Entries that are ready. Nearly always one; more only after lines with a name alone.
    private readonly Queue<ListingEntry> _queuedEntries = new();
    private ListingEntry? _next;
    private RowParser? _rowParser;
    // A name of VMS, and the names alone that were read before any other line.
    private string? _name;
    private List<string>? _names = [];
    private string? _unreadable;
    private bool _hasReadLine, _hasReadMember;

    private delegate bool RowParser(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry);

    /// <summary>Takes the next line, without its line end. The entries that it completes are returned by <see cref="TryDequeue"/>.</summary>
    public void AddLine(string line)
    {
        line = line.StartsWith('\uFEFF') ? line[1..] : line;
        if (string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        if (_name is { } name)
        {
            _name = null;
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
        else if (!isMachine && _rowParser is null && VmsListing.IsName(line))
        {
            _name = line;
        }
        else if (!isMachine && _rowParser is null && IsName(line))
        {
            AddName(line);
        }
        else
        {
            AddUnreadable(line);
        }
    }

    /// <summary>Returns the next entry that is complete; false if a further line is needed.</summary>
    public bool TryDequeue([NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = _next;
        _next = null;
        return entry is not null || _queuedEntries.TryDequeue(out entry);
    }

    /// <summary>Ends the listing. Further entries may be ready then.</summary>
    /// <exception cref="ListingFormatException">There are lines, and none is in a known format: this is no listing.</exception>
    public void Complete()
    {
        if (_name is { } name)
        {
            _name = null;
            AddName(name);
        }

        if (!_hasReadLine && _unreadable is not null)
        {
            throw new ListingFormatException(_unreadable);
        }

        // A listing of names alone.
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

    private bool TryParseLine(string line, out ListingEntry? entry)
    {
        entry = null;
        if (isMachine)
        {
            return ListingParser.TryParseMlsxLine(line, out entry) || ListingParser.TryParseLine(line, now, out entry);
        }

        if (FindRowParser(line) is { } row)
        {
            _rowParser = row;
            return true;
        }

        return _rowParser is not null ? _rowParser(line, out entry)
            : ListingParser.TryParseLine(line, now, out entry) ||
                (MlsxListing.StartsWithFact(line.AsSpan().TrimStart(" \t")) && ListingParser.TryParseMlsxLine(line, out entry));
    }

    /// <summary>Takes a line that was read; null if it names nothing.</summary>
    private void AddEntry(ListingEntry? entry)
    {
        _hasReadLine = true;
        _hasReadMember |= entry is { Source: FtpEntrySource.Mvs, LastModified: not null };
        FlushNames();
        if (entry is not null)
        {
            EnqueueEntry(entry);
        }
    }

    private void AddUnreadable(string line)
    {
        _unreadable ??= line;
        FlushNames();
        EnqueueEntry(ListingEntry.CreateUnreadable(line));
    }

    /// <summary>Takes a name alone. It is kept until another line shows what the listing is, because a message of one word looks like a name.</summary>
    private void AddName(string name)
    {
        if (_names is not null)
        {
            _names.Add(name);
        }
        else if (VmsListing.IsName(name) || (_hasReadMember && MvsMemberListing.IsName(name)))
        {
            EnqueueEntry(CreateNameEntry(name));
        }
        else
        {
            AddUnreadable(name);
        }
    }

    /// <summary>Members without statistics are names alone among others; in any other listing a line of one word is not an entry.</summary>
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

    /// <summary>Returns whether the line is one word without characters of markup or messages.</summary>
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

    /// <summary>What stands under a heading; null when the line is none.</summary>
    private static RowParser? FindRowParser(string line) =>
        MvsListing.IsHeading(line) ? MvsListing.TryParse
        : MvsMemberListing.IsHeading(line) ? MvsMemberListing.TryParse
        : JesListing.IsHeading(line) ? JesListing.TryParse
        : null;
}
