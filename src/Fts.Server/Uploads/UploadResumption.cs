using System.Globalization;
using Fts.Accounts;
using Fts.Protocol;
using Fts.Protocol.Blocks;
using Fts.Protocol.Deflate;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Uploads;

/// <summary>
/// Resumes and keeps partial uploads. SIZE reports the size of a partial upload. STOR after REST, or APPE, appends to it. This is
/// how common clients resume an upload.
/// </summary>
internal static class UploadResumption
{
    /// <summary>
    /// Opens the staging file of an upload. If the client resumes its own stalled upload, the stalled upload is aborted first.
    /// </summary>
    /// <exception cref="StoreException">The store rejects the upload.</exception>
    public static async ValueTask<IFileWriter> OpenAsync(
        Session session, StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        session.Server.SuppressedPartialSizes.Remove(session, path);
        await session.Server.RunningUploads.WaitForEndingAsync(session, path, cancellationToken);
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

    /// <summary>Returns the SIZE reply for a partial upload: the offset at which the client can resume (RFC 3659 §4, §5.5).</summary>
    /// <remarks>
    /// If a file with another size exists, the size is ambiguous. The path is then recorded so that the next RETR of it is rejected. After
    /// such a rejection, the reply is an error instead.
    /// </remarks>
    public static async ValueTask<FtpReply> CreateSizeReplyAsync(
        Session session, StorePath path, long length, CancellationToken cancellationToken)
    {
        bool isAmbiguous = session.Files!.HasPermission(Permissions.Read) &&
            await session.Files.GetReadableEntryAsync(path, cancellationToken) is { Kind: EntryKind.File } file && file.Length != length;
        if (isAmbiguous)
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

    /// <summary>Returns the size in bytes of the client's partial upload of a path, or null.</summary>
    public static async ValueTask<long?> GetPartialLengthAsync(Session session, StorePath path, CancellationToken cancellationToken)
    {
        await session.Server.RunningUploads.WaitForEndingAsync(session, path, cancellationToken);
        return (await session.Files!.GetPartialUploadAsync(path, cancellationToken))?.Length
            ?? session.Server.RunningUploads.GetStalledLength(session, path);
    }

    /// <summary>
    /// Returns whether the bytes received before an exception are the start of the file. They are not if compressed data or block headers
    /// were invalid. After a store failure they are discarded to free the space.
    /// </summary>
    public static bool CanKeepPartialUploadAfter(Exception exception) =>
        exception is not StoreException and not BlockFormatException and not DeflateException { Fault: not DeflateFault.Truncated };

    /// <summary>Keeps the received bytes as a partial upload.</summary>
    /// <remarks>
    /// A new upload in ASCII mode is discarded, because its line ends were converted and no offset of the client matches. An upload larger
    /// than the size in ALLO is discarded too.
    /// </remarks>
    public static async ValueTask KeepPartialUploadAsync(Session session, StorePath path, IFileWriter file)
    {
        bool isTooLarge = !session.IsAscii && session.Transfer!.Bytes > session.Sequence.Current.AnnouncedLength;
        if ((session.IsAscii && !file.IsResumed) || isTooLarge || session.Server.Options.PartialUploadLifetime == TimeSpan.Zero)
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
            // The reply reports why the upload failed, not why its bytes could not be kept.
            CommandRunner.LogStoreException(session, "keep", e);
        }
    }
}
