using System.Globalization;
using Fts.Accounts;
using Fts.Protocol;
using Fts.Protocol.Blocks;
using Fts.Protocol.Deflate;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Uploads;

/// <summary>
/// An upload of which only a part came, and its continuation. SIZE tells how much is there; REST with STOR, and APPE, go on from it, as clients that know
/// nothing of pending uploads do anyway.
/// </summary>
internal static class UploadResumption
{
    /// <summary>Opens the pending file. An upload of the same account's that stands still makes room for its continuation.</summary>
    public static async ValueTask<IFileWriter> OpenAsync(Session session, StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        session.Server.SuppressedPartialSizes.Remove(session, path);
        WriteStart upload = start.WithUploader(session.Files!.Uploader);
        try
        {
            return await session.Files.OpenWriteAsync(path, upload, cancellationToken);
        }
        catch (StoreException e) when (e.Error == StoreError.Busy && start.ShouldKeepContent)
        {
            if (!await session.Server.RunningUploads.TryAbortStalledAsync(session, path, cancellationToken))
            {
                throw;
            }
        }

        return await session.Files.OpenWriteAsync(path, upload, cancellationToken);
    }

    /// <summary>What SIZE answers: from where the upload is continued (RFC 3659 §4, §5.5), unless a download was misled by that.</summary>
    public static async ValueTask<FtpReply> GetReportedSizeAsync(Session session, StorePath path, long length, CancellationToken cancellationToken)
    {
        if (session.Files!.HasPermission(Permissions.Read) && await session.Files.GetReadableEntryAsync(path, cancellationToken) is { Kind: EntryKind.File } file && file.Length != length)
        {
            if (session.Server.SuppressedPartialSizes.Contains(session, path))
            {
                return Replies.SizeAmbiguous;
            }

            session.LastPartialSizePath = path;
        }
        else if (session.LastPartialSizePath == path)
        {
            session.LastPartialSizePath = null;
        }

        return new FtpReply(FtpReplyCode.FileStatus, length.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>How many bytes of an upload are there to be continued; null where there is none.</summary>
    public static async ValueTask<long?> GetPartialLengthAsync(Session session, StorePath path, CancellationToken cancellationToken) =>
        (await session.Files!.GetPartialUploadAsync(path, cancellationToken))?.Length ?? session.Server.RunningUploads.GetStalledLength(session, path);

    /// <summary>
    /// Whether what came before an exception is the beginning of the file. It is not where compressed data was damaged or expanded beyond measure, nor where blocks were
    /// none; and what the store could not take gives its space back.
    /// </summary>
    public static bool CanKeepAfter(Session session, Exception exception) => exception is not StoreException and not BlockFormatException and not DeflateException { Fault: not DeflateFault.Truncated };

    /// <summary>
    /// Keeps it. Of one in ASCII the lines were translated: where in them the client would go on, no offset tells. More than was announced is nothing that a client
    /// could want to continue.
    /// </summary>
    public static async ValueTask KeepPartialUploadAsync(Session session, StorePath path, IFileWriter file)
    {
        bool isTooLong = !session.IsAscii && session.Sequence.Current.AnnouncedLength is { } announced && session.Transfer!.Bytes > announced;
        if ((session.IsAscii && !file.IsResumed) || isTooLong || session.Server.Options.PartialUploadLifetime == TimeSpan.Zero)
        {
            return;
        }

        try
        {
            session.Transfer!.KeptBytes = await file.KeepPartialUploadAsync(CancellationToken.None);
            if (session.Transfer.KeptBytes is { } kept)
            {
                Log.PartialUploadKept(session.Server.Options.Logger, session.Id, kept, path.Value.ToPrintable());
            }
        }
        catch (StoreException e)
        {
            // The client is told why its upload broke off, not what befell the rest of it.
            CommandRunner.LogStoreException(session, "keep", e);
        }
    }
}
