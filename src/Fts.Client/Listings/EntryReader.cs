using System.Diagnostics.CodeAnalysis;
using Fts.Protocol;
using Fts.Protocol.Listings;

namespace Fts.Client.Listings;

/// <summary>Parses the lines of one listing into entries.</summary>
/// <param name="command">The command that returned the listing.</param>
/// <param name="path">The path of the listed directory.</param>
internal sealed class EntryReader(ListingCommand command, string path)
{
    private readonly ListingReader _listing = new(DateTime.UtcNow, command == ListingCommand.Mlsd);
    private ListingEntry? _nlstEntry;

    /// <summary>Parses the next line. The caller must dequeue the complete entries before it adds another line.</summary>
    public void AddLine(string line)
    {
        if (command == ListingCommand.Nlst)
        {
            _nlstEntry = ParseName(line);
        }
        else
        {
            _listing.AddLine(line);
        }
    }

    /// <summary>Removes the next complete entry and returns true. Returns false if no entry is complete.</summary>
    public bool TryDequeue([NotNullWhen(true)] out FtpEntry? entry)
    {
        ListingEntry? next = _nlstEntry;
        _nlstEntry = null;
        bool hasEntry = next is not null || _listing.TryDequeue(out next);
        entry = hasEntry ? FtpEntry.FromListing(path, next!) : null;
        return hasEntry;
    }

    /// <summary>Appends all complete entries to a list.</summary>
    public void DequeueAll(List<FtpEntry> entries)
    {
        while (TryDequeue(out FtpEntry? entry))
        {
            entries.Add(entry);
        }
    }

    /// <summary>Marks the end of the listing, which may complete further entries.</summary>
    /// <exception cref="FtpListingException">No line is in a known format.</exception>
    public void Complete()
    {
        try
        {
            _listing.Complete();
        }
        catch (ListingFormatException e)
        {
            throw new FtpListingException(e.RawLine, "no line of the listing is in a known format; the first line is", e);
        }
    }

    /// <summary>
    /// Returns the entry for a line of NLST, which may be a name or a path. Returns null for the directory itself and its parent.
    /// </summary>
    private static ListingEntry? ParseName(string line)
    {
        string name = RemotePath.GetName(line);
        return name is "" or "." or ".." ? null : new ListingEntry(name, FtpEntryKind.Other, null, null, FtpEntrySource.Names);
    }
}
