using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Fts.Protocol;
using Fts.Protocol.Listings;

namespace Fts.Client.Listings;

/// <summary>Listings of folders over one connection, by the command that <see cref="ListingOpener"/> finds.</summary>
internal static class RemoteListing
{
    /// <summary>Entries as they arrive. Throws at the end when the server does not confirm the listing.</summary>
    public static async IAsyncEnumerable<FtpEntry> ReadAsync(FtpConnection connection, string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ListingTransfer listing = await ListingOpener.OpenAsync(connection, path, cancellationToken).ConfigureAwait(false);
        ListingProfile memory = connection.ServerProfile.ListingProfile;
        bool isComparable = listing is { Command: not ListingCommand.Mlsd, IsOfEnteredDirectory: false, IsEmpty: false } && !memory.IsPathUsed;
        if (isComparable && path.Length > 0)
        {
            // Return entries only after the listing is complete, because the server may have ignored the path.
            foreach (FtpEntry entry in await ReadAndCheckAsync(connection, listing, path, cancellationToken).ConfigureAwait(false))
            {
                yield return entry;
            }

            yield break;
        }

        await using ConfiguredAsyncDisposable ownership = listing.ConfigureAwait(false);
        var first = new List<FtpEntry>();
        var reader = new EntryReader(listing.Command, path);
        while (await listing.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            reader.AddLine(line);
            while (reader.TryDequeue(out FtpEntry? entry))
            {
                if (isComparable && first.Count < ListingProfile.SampleNames)
                {
                    first.Add(entry);
                }

                yield return entry;
            }
        }

        await CompleteAsync(listing, reader, cancellationToken).ConfigureAwait(false);
        while (reader.TryDequeue(out FtpEntry? entry))
        {
            yield return entry;
        }

        memory.NoteListing(connection.WorkingDirectory, path, first);
    }

    /// <summary>
    /// Reads a listing by path to its end. If it may be the listing of the current folder, the folder is also listed after CWD. If the two listings
    /// differ, all later listings of this server use CWD.
    /// </summary>
    private static async Task<List<FtpEntry>> ReadAndCheckAsync(FtpConnection connection, ListingTransfer listing, string path, CancellationToken cancellationToken)
    {
        ListingProfile memory = connection.ServerProfile.ListingProfile;
        List<FtpEntry> entries = await ReadAllAsync(listing, path, cancellationToken).ConfigureAwait(false);
        if (!memory.CanBeOfAnotherDirectory(connection.WorkingDirectory, path, entries))
        {
            memory.NoteListing(connection.WorkingDirectory, path, entries);
            return entries;
        }

        if (await ListingOpener.TryEnterAndOpenAsync(connection, listing.Command, path, cancellationToken).ConfigureAwait(false) is not { } within)
        {
            return entries;
        }

        List<FtpEntry> inside = await ReadAllAsync(within, path, cancellationToken).ConfigureAwait(false);
        memory.ShouldEnterDirectory |= !inside.Select(entry => entry.Name).SequenceEqual(entries.Select(entry => entry.Name));
        return inside;
    }

    private static async Task<List<FtpEntry>> ReadAllAsync(ListingTransfer listing, string path, CancellationToken cancellationToken)
    {
        await using ConfiguredAsyncDisposable ownership = listing.ConfigureAwait(false);
        var entries = new List<FtpEntry>();
        var reader = new EntryReader(listing.Command, path);
        while (await listing.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            reader.AddLine(line);
            reader.DequeueAll(entries);
        }

        await CompleteAsync(listing, reader, cancellationToken).ConfigureAwait(false);
        reader.DequeueAll(entries);
        return entries;
    }

    private static async Task CompleteAsync(ListingTransfer listing, EntryReader reader, CancellationToken cancellationToken)
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
        private readonly ListingReader _listing = new(DateTime.UtcNow, command == ListingCommand.Mlsd);
        private ListingEntry? _name;

        public void AddLine(string line)
        {
            if (command == ListingCommand.Nlst)
            {
                _name = ParseName(line);
            }
            else
            {
                _listing.AddLine(line);
            }
        }

        /// <summary>Returns the next entry that is complete; false if a further line is needed.</summary>
        public bool TryDequeue([NotNullWhen(true)] out FtpEntry? entry)
        {
            ListingEntry? next = _name;
            _name = null;
            bool isTaken = next is not null || _listing.TryDequeue(out next);
            entry = isTaken ? FtpEntry.FromListing(path, next!) : null;
            return isTaken;
        }

        public void DequeueAll(List<FtpEntry> entries)
        {
            while (TryDequeue(out FtpEntry? entry))
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
                _listing.Complete();
            }
            catch (ListingFormatException e)
            {
                throw new FtpListingException(e.RawLine, "no line of the listing is in a known format; the first one is", e);
            }
        }

        /// <summary>Returns the entry of a line of NLST, which some servers send with the folder's path; null for the folder itself and its parent.</summary>
        private static ListingEntry? ParseName(string line)
        {
            string name = RemotePath.GetName(line);
            return name is "" or "." or ".." ? null : new ListingEntry(name, FtpEntryKind.Other, null, null, FtpEntrySource.Names);
        }
    }
}
