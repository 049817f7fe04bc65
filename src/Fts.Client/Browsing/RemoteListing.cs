using System.Runtime.CompilerServices;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>Listings of folders over one connection, by the command that <see cref="ListingOpener"/> finds.</summary>
internal static class RemoteListing
{
    /// <summary>Entries as they arrive. Throws at the end when the server does not confirm the listing.</summary>
    public static async IAsyncEnumerable<FtpEntry> ReadAsync(FtpConnection connection, string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        OpenListing listing = await ListingOpener.OpenAsync(connection, path, cancellationToken).ConfigureAwait(false);
        ListingMemory memory = connection.Memory.Listings;
        bool isComparable = listing is { Command: not ListingCommand.Machine, IsFromWithin: false, IsEmpty: false } && !memory.ObeysPath;
        if (isComparable && path.Length > 0)
        {
            // Not before it is complete: the server may have ignored the path.
            foreach (FtpEntry entry in await ReadCheckedAsync(connection, listing, path, cancellationToken).ConfigureAwait(false))
            {
                yield return entry;
            }

            yield break;
        }

        await using ConfiguredAsyncDisposable ownership = listing.ConfigureAwait(false);
        var first = new List<FtpEntry>();
        var reader = new ListingReader(DateTime.UtcNow);
        while (await listing.ReadAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (EntryIn(line, listing.Command, reader, path) is { } entry)
            {
                if (isComparable && first.Count < ListingMemory.SampleLength)
                {
                    first.Add(entry);
                }

                yield return entry;
            }
        }

        await CompleteAsync(listing, reader, cancellationToken).ConfigureAwait(false);
        memory.Note(connection.Folder, path, first);
    }

    /// <summary>
    /// Reads a listing by path to its end. If it may be the listing of the current folder, the folder is entered and listed, and from then on each one of this
    /// server if the listings differ.
    /// </summary>
    private static async Task<List<FtpEntry>> ReadCheckedAsync(FtpConnection connection, OpenListing listing, string path, CancellationToken cancellationToken)
    {
        ListingMemory memory = connection.Memory.Listings;
        List<FtpEntry> entries = await ReadAllAsync(listing, path, cancellationToken).ConfigureAwait(false);
        if (!memory.IsSuspicious(connection.Folder, path, entries))
        {
            memory.Note(connection.Folder, path, entries);
            return entries;
        }

        if (await ListingOpener.TryOpenWithinAsync(connection, listing.Command, path, cancellationToken).ConfigureAwait(false) is not { } within)
        {
            return entries;
        }

        List<FtpEntry> inside = await ReadAllAsync(within, path, cancellationToken).ConfigureAwait(false);
        memory.NeedsFolder |= !inside.Select(entry => entry.Name).SequenceEqual(entries.Select(entry => entry.Name));
        return inside;
    }

    private static async Task<List<FtpEntry>> ReadAllAsync(OpenListing listing, string path, CancellationToken cancellationToken)
    {
        await using ConfiguredAsyncDisposable ownership = listing.ConfigureAwait(false);
        var entries = new List<FtpEntry>();
        var reader = new ListingReader(DateTime.UtcNow);
        while (await listing.ReadAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (EntryIn(line, listing.Command, reader, path) is { } entry)
            {
                entries.Add(entry);
            }
        }

        await CompleteAsync(listing, reader, cancellationToken).ConfigureAwait(false);
        return entries;
    }

    private static async Task CompleteAsync(OpenListing listing, ListingReader reader, CancellationToken cancellationToken)
    {
        await listing.CompleteAsync(cancellationToken).ConfigureAwait(false);
        // Only now: what was cut off is told as that, not as a line that makes no sense.
        if (listing.Command != ListingCommand.Names)
        {
            Parse(reader, null, listing.Command == ListingCommand.Machine);
        }
    }

    private static FtpEntry? EntryIn(string line, ListingCommand command, ListingReader reader, string path)
    {
        ListingEntry? entry = command == ListingCommand.Names ? NameIn(line) : Parse(reader, line, command == ListingCommand.Machine);
        return entry is null ? null : FtpEntry.From(RemotePath.Join(path, entry.Name), entry);
    }

    /// <summary>The entry of a line of NLST, which some servers send with the folder's path; null for the folder itself and its parent.</summary>
    private static ListingEntry? NameIn(string line)
    {
        string name = RemotePath.NameOf(line);
        return name is "" or "." or ".." ? null : new ListingEntry(name, ListingKind.Other, null, null, ListingSource.Names);
    }

    /// <summary>Replies that say "I do not know this command", as opposed to "not this file".</summary>
    public static bool IsUnknownCommand(Reply reply) => reply.Code is ReplyCode.SyntaxError or ReplyCode.NotImplemented or ReplyCode.ParameterNotImplemented;

    /// <summary>The entry a line completes; without a line, what is left at the end.</summary>
    private static ListingEntry? Parse(ListingReader listing, string? line, bool isMachine)
    {
        try
        {
            if (line is null)
            {
                listing.Complete();
                return null;
            }

            return isMachine ? Listing.ParseMachineLine(line) : listing.Add(line);
        }
        catch (ListingLineException e)
        {
            throw new FtpListingException(e.RawLine, "a line of the listing is in no known format", e);
        }
    }
}
