using System.Globalization;
using System.Text;
using Fts.Accounts;
using Fts.Protocol;
using Fts.Protocol.Listings;
using Fts.Server.Listings;
using Fts.Server.Sessions;
using Fts.Server.Uploads;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>Deletes files, renames files and directories, creates links, and reports metadata (RFC 959 §4.1.3, RFC 3659).</summary>
internal static class FileCommands
{
    /// <summary>DELE: deletes a file and the client's own partial upload to the path.</summary>
    public static async ValueTask<FtpReply> DeleteAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        await session.Files!.DeleteFileAsync(path, cancellationToken);
        return Replies.FileActionOkay;
    }

    /// <summary>RNFR: selects the file or directory that the next RNTO renames.</summary>
    public static async ValueTask<FtpReply> RenameFromAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        if (await session.Files!.GetRenameSourceAsync(path, cancellationToken) is null || path.IsRoot)
        {
            return Replies.NotFound;
        }

        session.Sequence.Next = new SequenceParameters { RenameSource = path };
        return Replies.ReadyForRenameTarget;
    }

    /// <summary>
    /// RNTO: renames the file or directory that RNFR selected. An existing file is replaced in one step, as by rename(2), because many
    /// clients upload under a temporary name first.
    /// </summary>
    public static async ValueTask<FtpReply> RenameToAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Sequence.Current.RenameSource is not { } source)
        {
            return Replies.BadSequence;
        }

        if (session.Resolve(argument) is not { } target)
        {
            return Replies.BadName;
        }

        await session.Files!.RenameAsync(source, target, replace: true, cancellationToken);
        return Replies.FileActionOkay;
    }

    /// <summary>SIZE: returns the size in bytes of the client's partial upload to the path or, if none exists, of the file.</summary>
    public static async ValueTask<FtpReply> SizeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.IsAscii)
        {
            return Replies.SizeNeedsBinary; // the size in ASCII mode (RFC 3659 §4.3) is known only after reading the whole file
        }

        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        if (await UploadResumption.GetPartialLengthAsync(session, path, cancellationToken) is { } partialLength)
        {
            return await UploadResumption.CreateSizeReplyAsync(session, path, partialLength, cancellationToken);
        }

        // The last SIZE reply for this path is now for the file, not for a partial upload.
        if (session.LastPartialSizePath == path)
        {
            session.LastPartialSizePath = null;
        }

        FileEntry? entry = await session.Files!.GetSizedEntryAsync(path, cancellationToken);
        if (entry is null)
        {
            return Replies.NotFound;
        }

        return entry.Value.Kind == EntryKind.File
            ? new FtpReply(FtpReplyCode.FileStatus, entry.Value.Length.ToString(CultureInfo.InvariantCulture))
            : Replies.NotAFile;
    }

    /// <summary>MDTM: returns the last-modified time of a file (RFC 3659 §3).</summary>
    /// <remarks>
    /// Many clients send a time before the name, to set the last-modified time. MDTM then works like MFMT, unless a file has the whole
    /// argument as its name.
    /// </remarks>
    public static async ValueTask<FtpReply> LastModifiedAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        bool startsWithTime = MetadataCommands.StartsWithTime(argument);
        if (startsWithTime && session.Resolve(argument) is { } whole && !session.Files!.HasPermission(Permissions.List, whole))
        {
            return await MetadataCommands.SetLastModifiedAsync(session, argument, cancellationToken);
        }

        (FileEntry? entry, FtpReply? error) = await GetEntryAsync(session, argument, cancellationToken);
        if (error is not null && startsWithTime)
        {
            return await MetadataCommands.SetLastModifiedAsync(session, argument, cancellationToken);
        }

        return error ?? new FtpReply(FtpReplyCode.FileStatus, WireTime.Format(entry!.Value.LastModified));
    }

    /// <summary>MLST: returns the facts of one path over the control connection (RFC 3659 §7.2).</summary>
    public static async ValueTask<FtpReply> MachineListEntryAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        (FileEntry? entry, FtpReply? error) = await GetEntryAsync(session, argument, cancellationToken);
        if (error is not null)
        {
            return error;
        }

        StorePath path = session.Resolve(argument)!.Value;
        var rows = ListingRows.ForEntry(session, path);
        byte[]? hash = await rows.GetCachedHashAsync(path, entry!.Value, cancellationToken);
        byte[] facts = new byte[ListingFormatter.MaxLineLength];
        int length = ListingFormatter.WriteFacts(facts, rows.Create(entry.Value, hash), session.Facts);
        string line = $" {Encoding.ASCII.GetString(facts, 0, length)}{path.Value}";
        return new FtpReply(FtpReplyCode.FileActionOkay, "Listing:", line, "End.");
    }

    /// <summary>
    /// SITE SYMLINK: creates a link. As in ProFTPD's mod_site_misc, the first argument is the target and the second is the link.
    /// </summary>
    public static async ValueTask<FtpReply> CreateLinkAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (QuotedArguments.Parse(argument) is not { Count: 2 } names)
        {
            return Replies.BadParameter;
        }

        if (session.Resolve(names[0]) is not { } target || session.Resolve(names[1]) is not { } path)
        {
            return Replies.BadName;
        }

        if (target == path.Parent || !target.IsWithin(path.Parent))
        {
            return Replies.LinkTargetOutsideDirectory;
        }

        try
        {
            await session.Files!.CreateLinkAsync(path, target, cancellationToken);
        }
        catch (StoreException e) when (e.Error == StoreError.NotSupported)
        {
            return Replies.LinksNotSupported;
        }

        return Replies.CommandOkay;
    }

    /// <summary>Returns the entry at a path, or a negative reply if the path is invalid or does not exist.</summary>
    private static async ValueTask<(FileEntry? Entry, FtpReply? Error)> GetEntryAsync(
        Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return (null, Replies.BadName);
        }

        FileEntry? entry = await session.Files!.GetEntryAsync(path, cancellationToken);
        return (entry, entry is null ? Replies.NotFound : null);
    }
}
