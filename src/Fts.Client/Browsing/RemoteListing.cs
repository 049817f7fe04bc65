using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Fts.Protocol;
using Fts.Protocol.Listings;

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
            // Return entries only after the listing is complete, because the server may have ignored the path.
            foreach (FtpEntry entry in await ReadCheckedAsync(connection, listing, path, cancellationToken).ConfigureAwait(false))
            {
                yield return entry;
            }

            yield break;
        }

        await using ConfiguredAsyncDisposable ownership = listing.ConfigureAwait(false);
        var first = new List<FtpEntry>();
        var reader = new EntryReader(listing.Command, path);
        while (await listing.ReadAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            reader.Add(line);
            while (reader.TryTake(out FtpEntry? entry))
            {
                if (isComparable && first.Count < ListingMemory.SampleLength)
                {
                    first.Add(entry);
                }

                yield return entry;
            }
        }

        await CompleteAsync(listing, reader, cancellationToken).ConfigureAwait(false);
        while (reader.TryTake(out FtpEntry? entry))
        {
            yield return entry;
        }

        memory.Note(connection.Folder, path, first);
    }

    /// <summary>
    /// Reads a listing by path to its end. If it may be the listing of the current folder, the folder is also listed after CWD. If the two listings
    /// differ, all later listings of this server use CWD.
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
        var reader = new EntryReader(listing.Command, path);
        while (await listing.ReadAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            reader.Add(line);
            reader.TakeAll(entries);
        }

        await CompleteAsync(listing, reader, cancellationToken).ConfigureAwait(false);
        reader.TakeAll(entries);
        return entries;
    }

    private static async Task CompleteAsync(OpenListing listing, EntryReader reader, CancellationToken cancellationToken)
    {
        await listing.CompleteAsync(cancellationToken).ConfigureAwait(false);
        // Report an error of the transfer before an error in a line.
        reader.Complete();
    }

    /// <summary>Replies that say "I do not know this command", as opposed to "not this file".</summary>
    public static bool IsUnknownCommand(FtpReply reply) => reply.Code is FtpReplyCode.SyntaxError or FtpReplyCode.NotImplemented or FtpReplyCode.ParameterNotImplemented;

    /// <summary>Turns the lines of one listing into entries.</summary>
    private sealed class EntryReader(ListingCommand command, string path)
    {
        private readonly ListingReader _lines = new(DateTime.UtcNow, command == ListingCommand.Machine);
        private ListingEntry? _name;

        public void Add(string line)
        {
            if (command == ListingCommand.Names)
            {
                _name = NameIn(line);
            }
            else
            {
                _lines.AddLine(line);
            }
        }

        /// <summary>Returns the next entry that is complete; false if a further line is needed.</summary>
        public bool TryTake([NotNullWhen(true)] out FtpEntry? entry)
        {
            ListingEntry? next = _name;
            _name = null;
            bool isTaken = next is not null || _lines.TryDequeue(out next);
            entry = isTaken ? FtpEntry.In(path, next!) : null;
            return isTaken;
        }

        public void TakeAll(List<FtpEntry> entries)
        {
            while (TryTake(out FtpEntry? entry))
            {
                entries.Add(entry);
            }
        }

        /// <summary>Ends the listing. Further entries may be ready then.</summary>
        /// <exception cref="FtpListingException">No line is in a known format.</exception>
        public void Complete()
        {
            try
            {
                _lines.Complete();
            }
            catch (ListingFormatException e)
            {
                throw new FtpListingException(e.RawLine, "no line of the listing is in a known format; the first one is", e);
            }
        }

        /// <summary>Returns the entry of a line of NLST, which some servers send with the folder's path; null for the folder itself and its parent.</summary>
        private static ListingEntry? NameIn(string line)
        {
            string name = RemotePath.NameOf(line);
            return name is "" or "." or ".." ? null : new ListingEntry(name, FtpEntryKind.Other, null, null, FtpEntrySource.Names);
        }
    }
}
