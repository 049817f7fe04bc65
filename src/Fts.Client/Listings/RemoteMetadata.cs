using Fts.Client.Connections;
using Fts.Protocol;
using Fts.Protocol.Listings;
using Fts.Protocol.Listings.Dialects;

namespace Fts.Client.Listings;

/// <summary>
/// Reads the metadata of single files and directories over one connection: with MLST, with SIZE and MDTM, or from the listing of the parent
/// directory.
/// </summary>
internal static class RemoteMetadata
{
    /// <summary>Returns the entry at a path, or null if the path does not exist.</summary>
    /// <exception cref="FtpReplyException">The server sent a negative reply that does not indicate whether the path exists.</exception>
    /// <exception cref="FtpListingException">
    /// The listing of the parent directory contains a line in an unknown format that may describe the path.
    /// </exception>
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

            // A 550 may be about this path only, even if its text contains "not supported".
            connection.ServerProfile.IsMachineListingUnsupported |= isUnknown && reply.Code != FtpReplyCode.FileUnavailable;
            // After a positive reply without an entry, the client tries SIZE, MDTM and a listing.
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

        // Paths such as "/", "" and ".." have no name to find in a listing. They are assumed to be existing directories.
        return new FtpEntry { Path = path, Name = "", Kind = FtpEntryKind.Directory };
    }

    /// <summary>
    /// Returns the entry at a path that is probably a directory, or null if the path does not exist. Without MLST, sends CWD, which proves
    /// that the path is a directory even if its parent cannot be listed. The path that PWD then reports is used as
    /// <see cref="FtpEntry.UniqueId"/>.
    /// </summary>
    public static async Task<FtpEntry?> GetDirectoryAsync(FtpConnection connection, string path, CancellationToken cancellationToken) =>
        !CanUseMlst(connection)
            && await CheckDirectoryAsync(connection, path, cancellationToken).ConfigureAwait(false) is { IsDirectory: true } entered
            ? CreateDirectoryEntry(path) with { UniqueId = entered.ReportedPath }
            : await GetEntryAsync(connection, path, cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Completes an entry from NLST, which contains only a name. Returns a directory if CWD enters the path, otherwise a file with the size
    /// and time that the server reports. The path that PWD reports in the directory is used as
    /// <see cref="FtpEntry.UniqueId"/>.
    /// </summary>
    public static async Task<FtpEntry> ResolveNameAsync(
        FtpConnection connection, FtpEntry nlstEntry, CancellationToken cancellationToken) =>
        await CheckDirectoryAsync(connection, nlstEntry.Path, cancellationToken).ConfigureAwait(false) is { IsDirectory: true } entered
            ? nlstEntry with { Kind = FtpEntryKind.Directory, UniqueId = entered.ReportedPath }
            : await GetSizeAndTimeAsync(connection, nlstEntry.Path, withTime: true, isLenient: true, cancellationToken)
                .ConfigureAwait(false)
                ?? nlstEntry with { Kind = FtpEntryKind.File };

    /// <summary>
    /// Returns the commands to pass to <see cref="FtpConnection.SendAheadAsync"/>. <see cref="TryGetMetadataAsync"/> sends exactly these
    /// commands if the server accepts each of them.
    /// </summary>
    public static IEnumerable<FtpCommand> GetMetadataCommands(FtpConnection connection, string path, bool withTime)
    {
        bool usesMlst = CanUseMlst(connection), usesSize = !usesMlst && connection.Features.ShouldTry("SIZE");
        string[] verbs =
        [
            .. usesMlst ? ["MLST"] : (string[])[],
            .. usesSize ? ["SIZE"] : (string[])[],
            .. usesSize && withTime && connection.Features.ShouldTry("MDTM") ? ["MDTM"] : (string[])[],
        ];
        return verbs.Select(verb => ClientCommand.Create(verb, path));
    }

    /// <summary>
    /// Returns the metadata of a file for a transfer, or null if the server reports none. Sends MLST, or SIZE and MDTM if MLST is not
    /// supported. Negative and malformed replies do not throw. In a download, RETR determines whether the file can be read.
    /// </summary>
    public static async Task<FtpEntry?> TryGetMetadataAsync(
        FtpConnection connection, string path, bool withTime, CancellationToken cancellationToken)
    {
        if (CanUseMlst(connection))
        {
            FtpReply reply = await connection.SendAsync("MLST", path, cancellationToken).ConfigureAwait(false);
            bool isUnsupported = RemoteListing.IsUnknownCommand(reply) || ListingReplies.IsUnsupported(reply, path);
            bool isAboutPath = reply.Code == FtpReplyCode.FileUnavailable;
            connection.ServerProfile.IsMachineListingUnsupported |= isUnsupported && !isAboutPath;
            FtpEntry? entry = reply.IsCompletion ? ParseMlstEntry(path, reply) : null;
            bool shouldTrySize = entry is null && (reply.IsCompletion || (isUnsupported && isAboutPath));
            if (!shouldTrySize)
            {
                return entry;
            }
        }

        return await GetSizeAndTimeAsync(connection, path, withTime, isLenient: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns the length in bytes (SIZE), or null if the file does not exist or the server does not report a number.</summary>
    /// <exception cref="FtpReplyException">The server sent a negative reply that does not indicate whether the file exists.</exception>
    public static async Task<long?> GetSizeAsync(FtpConnection connection, string path, CancellationToken cancellationToken) =>
        (await RequestSizeAsync(connection, path, isLenient: false, cancellationToken).ConfigureAwait(false)).Length;

    /// <summary>
    /// Returns the length in bytes of a file that was just uploaded, with SIZE, or with MLST if SIZE does not return a length. Returns null
    /// if the server does not report the length, for example because the user may write to the directory but not read it.
    /// </summary>
    public static async Task<long?> GetStoredLengthAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        try
        {
            long? length = connection.ServerProfile.IsSizeUnsupported
                ? null
                : await GetSizeAsync(connection, path, cancellationToken).ConfigureAwait(false);
            return length is null && CanUseMlst(connection)
                ? (await TryGetMetadataAsync(connection, path, withTime: false, cancellationToken).ConfigureAwait(false))?.Length
                : length;
        }
        catch (FtpException e) when (connection.IsUsable && e is FtpReplyException or FtpProtocolException)
        {
            // The server confirmed the upload, so a missing length is not an error.
            return null;
        }
    }

    /// <summary>
    /// Returns the last-modified time in UTC (MDTM), or null if the file does not exist or the server does not report a time.
    /// </summary>
    /// <exception cref="FtpReplyException">The server sent a negative reply that does not indicate whether the file exists.</exception>
    public static Task<DateTimeOffset?> GetLastModifiedAsync(FtpConnection connection, string path, CancellationToken cancellationToken) =>
        GetLastModifiedAsync(connection, path, isLenient: false, cancellationToken);

    /// <summary>Returns the reply if it is a positive completion reply (2yz).</summary>
    /// <exception cref="FtpReplyException">The reply has another code.</exception>
    public static FtpReply RequireCompletion(FtpReply reply, string verb, string argument) =>
        reply.IsCompletion ? reply : throw new FtpReplyException(reply, $"{verb} {argument}");

    /// <summary>Returns whether the server lists MLST or MLSD, and has not rejected one of them as unsupported.</summary>
    public static bool CanUseMlst(FtpConnection connection) =>
        connection.Features.HasMachineListing && !connection.ServerProfile.IsMachineListingUnsupported;

    /// <summary>
    /// Returns the entry of a file from SIZE and MDTM, or null if SIZE does not prove that the file exists. If
    /// <paramref name="isLenient"/> is true, no negative reply throws.
    /// </summary>
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
            LastModified = withTime
                ? await GetLastModifiedAsync(connection, path, isLenient, cancellationToken).ConfigureAwait(false)
                : null,
        };
    }

    /// <summary>
    /// Sends SIZE if the server may support it. Returns whether the reply proves that the file exists, and the length of the file in bytes.
    /// The length is null if the reply contains none. If <paramref name="isLenient"/> is true, no negative reply throws.
    /// </summary>
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

    private static async Task<DateTimeOffset?> GetLastModifiedAsync(
        FtpConnection connection, string path, bool isLenient, CancellationToken cancellationToken)
    {
        if (!connection.Features.ShouldTry("MDTM"))
        {
            return null;
        }

        FtpReply reply = await connection.SendAsync("MDTM", path, cancellationToken).ConfigureAwait(false);
        return IsPositive(reply, "MDTM", path, isLenient) ? MetadataReply.ParseLastModified(reply) : null;
    }

    private static FtpEntry CreateDirectoryEntry(string path) =>
        new() { Path = path, Name = RemotePath.GetName(path), Kind = FtpEntryKind.Directory };

    /// <summary>
    /// Enters a path with CWD, and returns to the working directory. The result is whether CWD succeeded, and the path that PWD reported
    /// after it. For a symbolic link, many servers report the path of the target.
    /// </summary>
    private static async Task<(bool IsDirectory, string? ReportedPath)> CheckDirectoryAsync(
        FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        bool isDirectory = await WorkingDirectory.EnterTemporarilyAsync(connection, path, cancellationToken).ConfigureAwait(false) is null;
        string? reportedPath = isDirectory && connection.ServerProfile.InitialDirectory is not { Length: 0 }
            ? WorkingDirectory.ParsePath(await connection.SendAsync("PWD", null, cancellationToken).ConfigureAwait(false))
            : null;
        await WorkingDirectory.ReturnAsync(connection, cancellationToken).ConfigureAwait(false);
        return (isDirectory, reportedPath);
    }

    /// <summary>Returns the entry of a path from the listing of its parent directory, or null if the path does not exist.</summary>
    private static async Task<FtpEntry?> FindInParentAsync(
        FtpConnection connection, string path, string name, CancellationToken cancellationToken)
    {
        FtpEntry? found = null, unreadable = null;
        try
        {
            // The listing is read to its end, which costs less than an abort.
            await foreach (
                FtpEntry entry in RemoteListing.ReadAsync(connection, RemotePath.GetParent(path), cancellationToken).ConfigureAwait(false))
            {
                // VMS lists the newest version of a file first, and a name without a version refers to the newest.
                bool isMatch = entry.Name == name || (entry.Source == FtpEntrySource.Vms && VmsListing.MatchesListedName(name, entry.Name));
                found ??= isMatch ? entry with { Path = path } : null;
                unreadable ??= entry.RawLine?.Contains(name, StringComparison.OrdinalIgnoreCase) == true ? entry : null;
            }

            // A line in an unknown format that contains the name may describe the file. If null were returned, a caller could overwrite
            // that file.
            return found is null && unreadable is not null
                ? throw new FtpListingException(
                    unreadable.RawLine!, "a line of the listing that may describe the file is in an unknown format")
                : found;
        }
        catch (FtpReplyException e) when (ListingReplies.IsAboutArgument(e.Reply))
        {
            // The parent does not exist or cannot be listed. CWD determines whether the path is a directory.
            FtpReply? negative = await WorkingDirectory.EnterTemporarilyAsync(connection, path, cancellationToken).ConfigureAwait(false);
            await WorkingDirectory.ReturnAsync(connection, cancellationToken).ConfigureAwait(false);
            return negative is null ? CreateDirectoryEntry(path) : null;
        }
    }

    /// <summary>
    /// Returns the entry in a reply to MLST, or null if the reply contains none. The entry is on a line between the first and the last
    /// line, after a space (RFC 3659 §7.2). Some servers send it on the first or last line.
    /// </summary>
    private static FtpEntry? ParseMlstEntry(string path, FtpReply reply)
    {
        for (int i = 0; i < reply.Lines.Count; i++)
        {
            string line = reply.Lines[i];
            bool isInside = i > 0 && i < reply.Lines.Count - 1;
            ReadOnlySpan<char> metadata = line.StartsWith(' ') ? line.AsSpan(1) : line;
            // On servers that send the entry on a line in between, the first and last lines are text without "fact=value;".
            if ((isInside || HasFact(metadata)) && MlsxListing.TryParse(metadata, out ListingEntry? entry, out _))
            {
                return FtpEntry.Create(path, entry, RemotePath.GetName(path));
            }
        }

        return null;
    }

    /// <summary>Returns whether a line starts with a fact (<c>name=value;</c>).</summary>
    private static bool HasFact(ReadOnlySpan<char> line)
    {
        int equals = line.IndexOf('='), semicolon = line.IndexOf(';'), space = line.IndexOf(' ');
        return equals > 0 && semicolon > equals && (space < 0 || semicolon < space);
    }

    /// <summary>
    /// Returns true for a positive reply, and false for 550 or an unknown command. Throws for other negative replies unless
    /// <paramref name="isLenient"/> is true.
    /// </summary>
    private static bool IsPositive(FtpReply reply, string verb, string path, bool isLenient)
    {
        if (reply.IsCompletion)
        {
            return true;
        }

        return isLenient || reply.Code == FtpReplyCode.FileUnavailable || RemoteListing.IsUnknownCommand(reply)
            ? false
            : throw new FtpReplyException(reply, $"{verb} {path}");
    }
}
