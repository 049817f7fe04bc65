using System.Globalization;
using Fts.Accounts;
using Fts.Protocol;
using Fts.Protocol.Blocks;
using Fts.Protocol.Deflate;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>
/// An upload of which only a part came, and its continuation. SIZE tells how much is there; REST with STOR, and APPE, go on from it, as clients that know
/// nothing of pending uploads do anyway.
/// </summary>
internal static class PartialUpload
{
    /// <summary>Opens the pending file. An upload of the same account's that stands still makes room for its continuation.</summary>
    public static async ValueTask<IFileWriter> OpenAsync(Session session, StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        session.Server.Misled.Remove(session, path);
        WriteStart upload = start.WithUploader(session.Files!.Uploader);
        try
        {
            return await session.Files.OpenWriteAsync(path, upload, cancellationToken);
        }
        catch (StoreException e) when (e.Error == StoreError.Busy && start.ShouldKeepContent)
        {
            if (!await session.Server.Uploads.TryEndStalledAsync(session, path, cancellationToken))
            {
                throw;
            }
        }

        return await session.Files.OpenWriteAsync(path, upload, cancellationToken);
    }

    /// <summary>What SIZE answers: from where the upload is continued (RFC 3659 §4, §5.5), unless a download was misled by that.</summary>
    public static async ValueTask<FtpReply> TellAsync(Session session, StorePath path, long length, CancellationToken cancellationToken)
    {
        if (session.Files!.HasPermission(Permissions.Read) && await session.Files.GetReadableEntryAsync(path, cancellationToken) is { Kind: EntryKind.File } file && file.Length != length)
        {
            if (session.Server.Misled.Includes(session, path))
            {
                return Replies.SizeIsDoubtful;
            }

            session.Misled = path;
        }
        else if (session.Misled == path)
        {
            session.Misled = null;
        }

        return new FtpReply(FtpReplyCode.FileStatus, length.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>How many bytes of an upload are there to be continued; null where there is none.</summary>
    public static async ValueTask<long?> LengthAsync(Session session, StorePath path, CancellationToken cancellationToken) =>
        (await session.Files!.GetPartialUploadAsync(path, cancellationToken))?.Length ?? session.Server.Uploads.StalledLength(session, path);

    /// <summary>
    /// Whether what came before an exception is the beginning of the file. It is not where compressed data was damaged or expanded beyond measure, nor where blocks were
    /// none; and what the store could not take gives its space back.
    /// </summary>
    public static bool IsOf(Session session, Exception exception) => exception is not StoreException and not BlockFormatException and not DeflateException { Fault: not DeflateFault.Truncated };

    /// <summary>
    /// Keeps it. Of one in ASCII the lines were translated: where in them the client would go on, no offset tells. More than was announced is nothing that a client
    /// could want to continue.
    /// </summary>
    public static async ValueTask KeepAsync(Session session, StorePath path, IFileWriter file)
    {
        bool isTooLong = !session.IsAscii && session.Continuing.AnnouncedLength is { } announced && session.Transfer!.Bytes > announced;
        if ((session.IsAscii && !file.IsResumed) || isTooLong || session.Server.Options.PendingLifetime == TimeSpan.Zero)
        {
            return;
        }

        try
        {
            session.Transfer!.Kept = await file.KeepPartialUploadAsync(CancellationToken.None);
            if (session.Transfer.Kept is { } kept)
            {
                Log.Kept(session.Server.Options.Logger, session.Id, kept, path.Value.ToPrintable());
            }
        }
        catch (StoreException e)
        {
            // The client is told why its upload broke off, not what befell the rest of it.
            CommandRunner.LogRefusal(session, "keep", e);
        }
    }
}
