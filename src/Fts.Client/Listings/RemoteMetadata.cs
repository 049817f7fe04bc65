using Fts.Client.Connections;
using Fts.Protocol;
using Fts.Protocol.Listings;
using Fts.Protocol.Listings.Dialects;

namespace Fts.Client.Listings;

/// <summary>Facts of single files and folders over one connection: MLST, SIZE, MDTM, and the listing of the folder as the last resort.</summary>
internal static class RemoteMetadata
{
    /// <summary>What stands at a path; null when nothing does.</summary>
    public static async Task<FtpEntry?> GetEntryAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        if (CanUseMlst(connection))
        {
            FtpReply reply = await connection.SendAsync("MLST", path, cancellationToken).ConfigureAwait(false);
            bool isUnknown = RemoteListing.IsUnknownCommand(reply) || ListingReplies.IsUnsupported(reply, path);
            if (!isUnknown && reply.Code == FtpReplyCode.FileUnavailable)
            {
                return null;
            }

            // A 550 may be about this path alone, whatever its text contains.
            connection.ServerProfile.IsMachineListingUnsupported |= isUnknown && reply.Code != FtpReplyCode.FileUnavailable;
            // A positive reply without an entry contains no metadata, so the other commands are tried.
            if (!isUnknown && ParseMlstEntry(path, RequireCompletion(reply, "MLST", path)) is { } entry)
            {
                return entry;
            }
        }

        if (RemotePath.GetName(path) is { Length: > 0 } name && name is not ("." or ".."))
        {
            return await GetSizeAndTimeAsync(connection, path, withTime: true, isLenient: false, cancellationToken).ConfigureAwait(false)
                ?? await FindInParentAsync(connection, path, name, cancellationToken).ConfigureAwait(false);
        }

        // The top folder, the start folder and their like have no name to look for, and are always there.
        return new FtpEntry { Path = path, Name = "", Kind = FtpEntryKind.Directory };
    }

    /// <summary>
    /// As <see cref="GetEntryAsync"/>, for a path that is expected to be a folder. Without MLST, CWD shows that it is a folder, even if its parent cannot be listed.
    /// </summary>
    public static async Task<FtpEntry?> GetDirectoryAsync(FtpConnection connection, string path, CancellationToken cancellationToken) =>
        !CanUseMlst(connection) && await TryEnterAsync(connection, path, cancellationToken).ConfigureAwait(false) is { IsFolder: true } entered
            ? CreateDirectoryEntry(path) with { UniqueId = entered.Reported }
            : await GetEntryAsync(connection, path, cancellationToken).ConfigureAwait(false);

    /// <summary>Finds out what a name of NLST is: a folder if CWD enters it, else a file with the size and time that the server reports.</summary>
    public static async Task<FtpEntry> ResolveNameAsync(FtpConnection connection, FtpEntry named, CancellationToken cancellationToken) =>
        await TryEnterAsync(connection, named.Path, cancellationToken).ConfigureAwait(false) is { IsFolder: true } entered
            ? named with { Kind = FtpEntryKind.Directory, UniqueId = entered.Reported }
            : await GetSizeAndTimeAsync(connection, named.Path, withTime: true, isLenient: true, cancellationToken).ConfigureAwait(false) ?? named with { Kind = FtpEntryKind.File };

    /// <summary>
    /// Returns the metadata for a transfer with one command, or two without MLST; null if the server reports none. Negative and unreadable replies
    /// are not errors, because only RETR decides whether the file can be downloaded.
    /// </summary>
    public static async Task<FtpEntry?> TryGetMetadataAsync(FtpConnection connection, string path, bool withTime, CancellationToken cancellationToken)
    {
        if (CanUseMlst(connection))
        {
            FtpReply reply = await connection.SendAsync("MLST", path, cancellationToken).ConfigureAwait(false);
            bool isUnsupported = RemoteListing.IsUnknownCommand(reply) || ListingReplies.IsUnsupported(reply, path);
            bool isOfPath = reply.Code == FtpReplyCode.FileUnavailable;
            connection.ServerProfile.IsMachineListingUnsupported |= isUnsupported && !isOfPath;
            FtpEntry? entry = reply.IsCompletion ? ParseMlstEntry(path, reply) : null;
            if (entry is not null || !(reply.IsCompletion || (isUnsupported && isOfPath)))
            {
                return entry;
            }
        }

        return await GetSizeAndTimeAsync(connection, path, withTime, isLenient: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns the length by SIZE; null if the server does not report it, or not as a number.</summary>
    /// <exception cref="FtpReplyException">A negative reply that leaves open whether the file exists.</exception>
    public static async Task<long?> GetSizeAsync(FtpConnection connection, string path, CancellationToken cancellationToken) =>
        (await RequestSizeAsync(connection, path, isLenient: false, cancellationToken).ConfigureAwait(false)).Length;

    /// <summary>
    /// Returns the length of a file that was just uploaded: by SIZE, or by MLST if the server has no SIZE. Returns null if the server does
    /// not report it, for example because the account has write permission for the directory but not read permission.
    /// </summary>
    public static async Task<long?> GetStoredLengthAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        try
        {
            long? length = connection.ServerProfile.IsSizeUnsupported ? null : await GetSizeAsync(connection, path, cancellationToken).ConfigureAwait(false);
            return length is null && CanUseMlst(connection)
                ? (await TryGetMetadataAsync(connection, path, withTime: false, cancellationToken).ConfigureAwait(false))?.Length
                : length;
        }
        catch (FtpException e) when (connection.IsUsable && e is FtpReplyException or FtpProtocolException)
        {
            // A reply that reports no length does not undo an upload that the server confirmed.
            return null;
        }
    }

    /// <summary>Returns the last-modified time by MDTM, UTC; null if the server does not report it, or not as a time.</summary>
    /// <exception cref="FtpReplyException">A negative reply that leaves open whether the file exists.</exception>
    public static Task<DateTimeOffset?> GetLastModifiedAsync(FtpConnection connection, string path, CancellationToken cancellationToken) =>
        GetLastModifiedAsync(connection, path, isLenient: false, cancellationToken);

    /// <summary>The reply when it is a completion; what the server said as an exception otherwise.</summary>
    public static FtpReply RequireCompletion(FtpReply reply, string verb, string argument) => reply.IsCompletion ? reply : throw new FtpReplyException(reply, $"{verb} {argument}");

    /// <summary>Whether MLST is worth asking.</summary>
    public static bool CanUseMlst(FtpConnection connection) => connection.Features.HasMachineListing && !connection.ServerProfile.IsMachineListingUnsupported;

    private static async Task<FtpEntry?> GetSizeAndTimeAsync(
        FtpConnection connection, string path, bool withTime, bool isLenient, CancellationToken cancellationToken)
    {
        (bool exists, long? length) = await RequestSizeAsync(connection, path, isLenient, cancellationToken).ConfigureAwait(false);
        return !exists ? null : new FtpEntry
        {
            Path = path,
            Name = RemotePath.GetName(path),
            Kind = FtpEntryKind.File,
            Length = length,
            LastModified = withTime ? await GetLastModifiedAsync(connection, path, isLenient, cancellationToken).ConfigureAwait(false) : null,
        };
    }

    /// <summary>Sends SIZE. A positive reply that cannot be read shows that the file exists, and no more.</summary>
    private static async Task<(bool Exists, long? Length)> RequestSizeAsync(
        FtpConnection connection, string path, bool isLenient, CancellationToken cancellationToken)
    {
        if (!connection.Features.ShouldTry("SIZE"))
        {
            return (false, null);
        }

        FtpReply reply = await connection.SendAsync("SIZE", path, cancellationToken).ConfigureAwait(false);
        connection.ServerProfile.IsSizeUnsupported |= RemoteListing.IsUnknownCommand(reply);
        return (IsPositive(reply, "SIZE", path, isLenient), MetadataReply.ParseLength(reply));
    }

    private static async Task<DateTimeOffset?> GetLastModifiedAsync(FtpConnection connection, string path, bool isLenient, CancellationToken cancellationToken)
    {
        if (!connection.Features.ShouldTry("MDTM"))
        {
            return null;
        }

        FtpReply reply = await connection.SendAsync("MDTM", path, cancellationToken).ConfigureAwait(false);
        return IsPositive(reply, "MDTM", path, isLenient) ? MetadataReply.ParseLastModified(reply) : null;
    }

    private static FtpEntry CreateDirectoryEntry(string path) => new() { Path = path, Name = RemotePath.GetName(path), Kind = FtpEntryKind.Directory };

    /// <summary>Returns whether CWD enters the path, and the path that PWD reports there: of a link, on many servers, the path of its target.</summary>
    private static async Task<(bool IsFolder, string? Reported)> TryEnterAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        bool isFolder = await WorkingDirectory.EnterTemporarilyAsync(connection, path, cancellationToken).ConfigureAwait(false) is null;
        string? reported = isFolder && connection.ServerProfile.InitialDirectory is not { Length: 0 }
            ? WorkingDirectory.ParsePath(await connection.SendAsync("PWD", null, cancellationToken).ConfigureAwait(false))
            : null;
        await WorkingDirectory.ReturnAsync(connection, cancellationToken).ConfigureAwait(false);
        return (isFolder, reported);
    }

    private static async Task<FtpEntry?> FindInParentAsync(FtpConnection connection, string path, string name, CancellationToken cancellationToken)
    {
        FtpEntry? found = null, unreadable = null;
        try
        {
            // Read to its end, which is cheaper than to abort it.
            await foreach (FtpEntry entry in RemoteListing.ReadAsync(connection, RemotePath.GetParent(path), cancellationToken).ConfigureAwait(false))
            {
                // Of a file's versions on VMS the newest stands first, and is the one that its bare name means.
                bool isIt = entry.Name == name || (entry.Source == FtpEntrySource.Vms && VmsListing.MatchesListedName(name, entry.Name));
                found ??= isIt ? entry with { Path = path } : null;
                unreadable ??= entry.RawLine?.Contains(name, StringComparison.OrdinalIgnoreCase) == true ? entry : null;
            }

            // A line with the name in it may be the file: "not found" could make a caller replace it.
            return found is null && unreadable is not null
                ? throw new FtpListingException(unreadable.RawLine!, "a line of the listing that may describe the file is in an unknown format")
                : found;
        }
        catch (FtpReplyException e) when (ListingReplies.IsAboutArgument(e.Reply))
        {
            // The folder is missing or cannot be listed. Only CWD shows whether the path is a folder.
            bool isFolder = await WorkingDirectory.EnterTemporarilyAsync(connection, path, cancellationToken).ConfigureAwait(false) is null;
            await WorkingDirectory.ReturnAsync(connection, cancellationToken).ConfigureAwait(false);
            return isFolder ? CreateDirectoryEntry(path) : null;
        }
    }

    /// <summary>
    /// Finds the entry in a reply to MLST. It is located on a line of its own between the first and the last, after a space (RFC 3659 §7.2).
    /// Some servers send it on the first or last line.
    /// </summary>
    private static FtpEntry? ParseMlstEntry(string path, FtpReply reply)
    {
        for (int i = 0; i < reply.Lines.Count; i++)
        {
            string line = reply.Lines[i];
            bool isInside = i > 0 && i < reply.Lines.Count - 1;
            ReadOnlySpan<char> metadata = line.StartsWith(' ') ? line.AsSpan(1) : line;
            // The first and the last line are prose elsewhere, which holds no "fact=value;".
            if ((isInside || HasFact(metadata)) && MlsxListing.TryParse(metadata, out ListingEntry? entry, out _))
            {
                return FtpEntry.Create(path, entry, RemotePath.GetName(path));
            }
        }

        return null;
    }

    private static bool HasFact(ReadOnlySpan<char> line)
    {
        int equals = line.IndexOf('='), semicolon = line.IndexOf(';'), blank = line.IndexOf(' ');
        return equals > 0 && semicolon > equals && (blank < 0 || semicolon < blank);
    }

    /// <summary>Returns whether the reply is positive. Returns false for "no such file" and "unknown command"; throws for other negative replies unless lenient.</summary>
    private static bool IsPositive(FtpReply reply, string verb, string path, bool isLenient) =>
        reply.IsCompletion
        || (!isLenient && reply.Code != FtpReplyCode.FileUnavailable && !RemoteListing.IsUnknownCommand(reply) && RequireCompletion(reply, verb, path).IsCompletion);
}
