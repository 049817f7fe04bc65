using System.Globalization;
using System.Text;
using Fts.Protocol;
using Fts.Protocol.Listings;
using Fts.Server.Listings;
using Fts.Server.Sessions;
using Fts.Server.Uploads;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>One file or folder at a time: removed, renamed, and its facts (RFC 959 §4.1.3, RFC 3659).</summary>
internal static class FileCommands
{
    public static async ValueTask<FtpReply> DeleteAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        await session.Files!.DeleteFileAsync(path, cancellationToken);
        return Replies.FileActionOkay;
    }

    public static async ValueTask<FtpReply> RenameFromAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        if (path.IsRoot || await session.Files!.GetEntryAsync(path, cancellationToken) is null)
        {
            return Replies.NotFound;
        }

        session.Sequence.Next = new SequenceParameters { RenameSource = path };
        return Replies.ReadyForRenameTarget;
    }

    /// <summary>Replaces a file that is there, in one step, as rename(2) does: clients publish by uploading under another name first.</summary>
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

    public static async ValueTask<FtpReply> SizeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.IsAscii)
        {
            return Replies.SizeNeedsBinary; // what would be transferred is another number (RFC 3659 §4.3), known only by reading it all
        }

        if (session.Resolve(argument) is { } path)
        {
            if (await UploadResumption.GetPartialLengthAsync(session, path, cancellationToken) is { } pending)
            {
                return await UploadResumption.GetReportedSizeAsync(session, path, pending, cancellationToken);
            }

            session.LastPartialSizePath = session.LastPartialSizePath == path ? null : session.LastPartialSizePath;
        }

        (FileEntry? entry, FtpReply? refusal) = await GetFileAsync(session, argument, cancellationToken);
        return refusal ?? (entry!.Value.Kind == EntryKind.File
            ? new FtpReply(FtpReplyCode.FileStatus, entry.Value.Length.ToString(CultureInfo.InvariantCulture))
            : Replies.NotAFile);
    }

    /// <summary>
    /// MDTM (RFC 3659 §3) with a file: returns its last-modified time. With a time before the file, as many clients send it, sets that time like
    /// MFMT, unless a file has the whole argument as its name.
    /// </summary>
    public static async ValueTask<FtpReply> LastModifiedAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        (FileEntry? entry, FtpReply? refusal) = await GetFileAsync(session, argument, cancellationToken);
        if (refusal is not null && MetadataCommands.StartsWithTime(argument))
        {
            return await MetadataCommands.SetLastModifiedAsync(session, argument, cancellationToken);
        }

        return refusal ?? new FtpReply(FtpReplyCode.FileStatus, WireTime.Format(entry!.Value.LastModified));
    }

    /// <summary>MLST: the facts of one path over the control connection (RFC 3659 §7.2).</summary>
    public static async ValueTask<FtpReply> FactsAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        (FileEntry? entry, FtpReply? refusal) = await GetFileAsync(session, argument, cancellationToken);
        if (refusal is not null)
        {
            return refusal;
        }

        StorePath path = session.Resolve(argument)!.Value;
        var rows = new ListingRows(session);
        byte[]? hash = await rows.GetCachedHashAsync(path, entry!.Value, cancellationToken);
        byte[] metadata = new byte[ListingFormatter.MaxLineLength];
        int length = ListingFormatter.WriteFacts(metadata, rows.Create(entry.Value, hash), session.Facts);
        return new FtpReply(FtpReplyCode.FileActionOkay, "Facts:", $" {Encoding.ASCII.GetString(metadata, 0, length)}{path.Value}", "End.");
    }

    /// <summary>SITE SYMLINK, as ProFTPD's mod_site_misc has it: what the link leads to first, then the link.</summary>
    public static async ValueTask<FtpReply> SiteLinkAsync(Session session, string argument, CancellationToken cancellationToken)
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
            return Replies.LinkTargetNotBelow;
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

    private static async ValueTask<(FileEntry? Entry, FtpReply? Refusal)> GetFileAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return (null, Replies.BadName);
        }

        FileEntry? entry = await session.Files!.GetEntryAsync(path, cancellationToken);
        return (entry, entry is null ? Replies.NotFound : null);
    }
}
