using System.Runtime.CompilerServices;
using Fts.Protocol;

namespace Fts.Client.Listings;

/// <summary>Lists directories over one connection, with the command that <see cref="ListingOpener"/> selects.</summary>
internal static class RemoteListing
{
    /// <summary>
    /// Returns the entries of a directory as they arrive. If the server may have ignored the path of LIST, receives and checks the complete
    /// listing before it returns the first entry.
    /// </summary>
    /// <exception cref="FtpReplyException">
    /// The server rejected the listing, or sent a negative final reply. If entries are returned as they arrive, a negative final reply
    /// throws after the last entry.
    /// </exception>
    /// <exception cref="FtpListingException">No line is in a known format, or the listing exceeds a limit.</exception>
    public static async IAsyncEnumerable<FtpEntry> ReadAsync(
        FtpConnection connection, string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ListingTransfer listing = await ListingOpener.OpenAsync(connection, path, cancellationToken).ConfigureAwait(false);
        ListingProfile profile = connection.ServerProfile.ListingProfile;
        bool isComparable = listing is { Command: not ListingCommand.Mlsd, HasEnteredDirectory: false, IsEmpty: false }
            && !profile.IsPathHonored;
        if (isComparable && path.Length > 0)
        {
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

        profile.RecordListing(connection.WorkingDirectory, path, first);
    }

    /// <summary>
    /// Reads a listing by path to its end. If the server may have listed the current directory instead, enters the directory (CWD) and
    /// lists it again. If the two listings differ, all later listings of this server use CWD.
    /// </summary>
    private static async Task<List<FtpEntry>> ReadAndCheckAsync(
        FtpConnection connection, ListingTransfer listing, string path, CancellationToken cancellationToken)
    {
        ListingProfile profile = connection.ServerProfile.ListingProfile;
        List<FtpEntry> entries = await ReadAllAsync(listing, path, cancellationToken).ConfigureAwait(false);
        if (!profile.IsPossiblyWrongDirectory(connection.WorkingDirectory, path, entries))
        {
            profile.RecordListing(connection.WorkingDirectory, path, entries);
            return entries;
        }

        ListingTransfer? listingAfterCwd =
            await ListingOpener.TryEnterAndOpenAsync(connection, listing.Command, path, cancellationToken).ConfigureAwait(false);
        if (listingAfterCwd is null)
        {
            return entries;
        }

        List<FtpEntry> entriesAfterCwd = await ReadAllAsync(listingAfterCwd, path, cancellationToken).ConfigureAwait(false);
        profile.ShouldEnterDirectory |= !entriesAfterCwd.Select(entry => entry.Name).SequenceEqual(entries.Select(entry => entry.Name));
        return entriesAfterCwd;
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
        // Called after the final reply, so that an error of the transfer is thrown before an error in a line.
        reader.Complete();
    }

    /// <summary>Returns whether the reply code (500, 502 or 504) reports that the server does not implement the command.</summary>
    public static bool IsUnknownCommand(FtpReply reply) =>
        reply.Code is FtpReplyCode.SyntaxError or FtpReplyCode.NotImplemented or FtpReplyCode.ParameterNotImplemented;
}
