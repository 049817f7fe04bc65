using System.Globalization;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>Facts of single files and folders over one connection: MLST, SIZE, MDTM, and the listing of the folder as the last resort.</summary>
internal static class RemoteFacts
{
    /// <summary>What stands at a path; null when nothing does.</summary>
    public static async Task<FtpEntry?> FindAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        if (CanAskForFacts(connection))
        {
            Reply reply = await connection.SendAsync("MLST", path, cancellationToken).ConfigureAwait(false);
            if (!RemoteListing.IsUnknownCommand(reply))
            {
                return reply.Code == ReplyCode.FileUnavailable ? null : Entry(path, Expect(reply, "MLST", path));
            }

            connection.Memory.RefusesMachineListing = true;
        }

        if (RemotePath.NameOf(path) is { Length: > 0 } name && name is not ("." or ".."))
        {
            return await MeasureAsync(connection, path, withTime: true, cancellationToken).ConfigureAwait(false)
                ?? await FindInFolderAsync(connection, path, name, cancellationToken).ConfigureAwait(false);
        }

        // The top folder, the start folder and their like have no name to look for, and are always there.
        return new FtpEntry { Path = path, Name = "", Kind = ListingKind.Folder };
    }

    /// <summary>What a download wants to know beforehand, at the price of one command, two without MLST; null when the server does not tell.</summary>
    public static async Task<FtpEntry?> LookAsync(FtpConnection connection, string path, bool withTime, CancellationToken cancellationToken)
    {
        if (!CanAskForFacts(connection))
        {
            return await MeasureAsync(connection, path, withTime, cancellationToken).ConfigureAwait(false);
        }

        Reply reply = await connection.SendAsync("MLST", path, cancellationToken).ConfigureAwait(false);
        connection.Memory.RefusesMachineListing |= RemoteListing.IsUnknownCommand(reply);
        // Refused or not: whether the file can be had, only RETR tells.
        return reply.IsCompletion ? Entry(path, reply) : null;
    }

    /// <summary>SIZE; null when the server does not tell.</summary>
    public static async Task<long?> SizeAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        if (!connection.Features.MayHave("SIZE"))
        {
            return null;
        }

        Reply reply = await connection.SendAsync("SIZE", path, cancellationToken).ConfigureAwait(false);
        connection.Memory.RefusesSize |= RemoteListing.IsUnknownCommand(reply);
        return Told(reply, "SIZE", path) is not { } told ? null
            : long.TryParse(told.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long length) ? length
            : throw Nonsense(reply, "SIZE", path);
    }

    /// <summary>
    /// Returns the length of a file that was just uploaded: by SIZE, or by MLST if the server has no SIZE. Returns null if the server does
    /// not report it, for example because the account has write permission for the directory but not read permission.
    /// </summary>
    public static async Task<long?> ReadStoredLengthAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        try
        {
            long? length = connection.Memory.RefusesSize ? null : await SizeAsync(connection, path, cancellationToken).ConfigureAwait(false);
            return length is null && CanAskForFacts(connection)
                ? (await LookAsync(connection, path, withTime: false, cancellationToken).ConfigureAwait(false))?.Length
                : length;
        }
        catch (FtpException e) when (connection.IsUsable && e is FtpReplyException or FtpProtocolException)
        {
            // A reply that reports no length does not undo an upload that the server confirmed.
            return null;
        }
    }

    /// <summary>MDTM, UTC; null when the server does not tell.</summary>
    public static async Task<DateTime?> ModifiedAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        if (!connection.Features.MayHave("MDTM"))
        {
            return null;
        }

        Reply reply = await connection.SendAsync("MDTM", path, cancellationToken).ConfigureAwait(false);
        return Told(reply, "MDTM", path) is not { } told ? null
            : FtpTime.TryParse(told.AsSpan().Trim(), out DateTime utc) ? utc
            : throw Nonsense(reply, "MDTM", path);
    }

    /// <summary>The reply when it is a completion; what the server said as an exception otherwise.</summary>
    public static Reply Expect(Reply reply, string verb, string argument) => reply.IsCompletion ? reply : throw new FtpReplyException(reply, $"{verb} {argument}");

    /// <summary>Whether MLST is worth asking.</summary>
    public static bool CanAskForFacts(FtpConnection connection) => connection.Features.HasMachineListing && !connection.Memory.RefusesMachineListing;

    private static async Task<FtpEntry?> MeasureAsync(FtpConnection connection, string path, bool withTime, CancellationToken cancellationToken) =>
        await SizeAsync(connection, path, cancellationToken).ConfigureAwait(false) is not { } length ? null : new FtpEntry
        {
            Path = path,
            Name = RemotePath.NameOf(path),
            Kind = ListingKind.File,
            Length = length,
            Modified = withTime ? await ModifiedAsync(connection, path, cancellationToken).ConfigureAwait(false) : null,
        };

    private static async Task<FtpEntry?> FindInFolderAsync(FtpConnection connection, string path, string name, CancellationToken cancellationToken)
    {
        FtpEntry? found = null, unreadable = null;
        try
        {
            // Read to its end, which is cheaper than to abort it.
            await foreach (FtpEntry entry in RemoteListing.ReadAsync(connection, RemotePath.FolderOf(path), cancellationToken).ConfigureAwait(false))
            {
                // Of a file's versions on VMS the newest stands first, and is the one that its bare name means.
                bool isIt = entry.Name == name || (entry.Source == ListingSource.Vms && VmsListing.IsMeantBy(name, entry.Name));
                found ??= isIt ? entry with { Path = path } : null;
                unreadable ??= entry.RawLine?.Contains(name, StringComparison.OrdinalIgnoreCase) == true ? entry : null;
            }

            // A line with the name in it may be the file: "not found" could make a caller replace it.
            return found is null && unreadable is not null
                ? throw new FtpListingException(unreadable.RawLine!, "a line of the listing that may be about the file is in no known format")
                : found;
        }
        catch (FtpReplyException e) when (e.Reply.Code == ReplyCode.FileUnavailable)
        {
            // No folder, so nothing in it.
            return null;
        }
    }

    /// <summary>The facts of an MLST reply stand on a line of their own between the first and the last, after a space (RFC 3659 §7.2).</summary>
    private static FtpEntry Entry(string path, Reply reply)
    {
        for (int i = 1; i < reply.Lines.Count - 1; i++)
        {
            string line = reply.Lines[i];
            if (MachineListing.TryParse(line.StartsWith(' ') ? line.AsSpan(1) : line, out ListingEntry? entry, out _))
            {
                return FtpEntry.From(path, entry, RemotePath.NameOf(path));
            }
        }

        throw Nonsense(reply, "MLST", path);
    }

    /// <summary>The text of a 213 reply; null for a refusal that says "no such file" or "I do not tell"; anything else is thrown.</summary>
    private static string? Told(Reply reply, string verb, string path) => reply.Code switch
    {
        ReplyCode.FileStatus => reply.Text,
        ReplyCode.FileUnavailable => null,
        _ when RemoteListing.IsUnknownCommand(reply) => null,
        _ => Expect(reply, verb, path).IsCompletion ? throw Nonsense(reply, verb, path) : null,
    };

    private static FtpProtocolException Nonsense(Reply reply, string verb, string path) =>
        new($"the reply to {verb} {path.Visible()} cannot be read: {reply.Shown()}");
}
