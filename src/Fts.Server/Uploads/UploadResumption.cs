using System.Globalization;
using Fts.Accounts;
using Fts.Protocol;
using Fts.Protocol.Blocks;
using Fts.Protocol.Deflate;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Uploads;

/// <summary>
/// Opens uploads, and resumes and keeps partial uploads. To resume an upload, a client sends SIZE, which reports the size of the partial
/// upload. Then the client sends APPE, or REST and STOR, to append to the partial upload.
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
    /// If a readable file with the same path has another size, the size is ambiguous. The session then records the path, so that the next
    /// RETR of the path is rejected. After such a rejection, the reply to SIZE is an error.
    /// </remarks>
    public static async ValueTask<FtpReply> CreateSizeReplyAsync(
        Session session, StorePath path, long length, CancellationToken cancellationToken)
    {
        bool isAmbiguous = session.Files!.HasPermission(Permissions.Read, path) &&
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

    /// <summary>
    /// Returns the size in bytes of the client's partial upload to a path, or of its stalled upload to the path. Returns null if the client
    /// has neither.
    /// </summary>
    public static async ValueTask<long?> GetPartialLengthAsync(Session session, StorePath path, CancellationToken cancellationToken)
    {
        await session.Server.RunningUploads.WaitForEndingAsync(session, path, cancellationToken);
        return (await session.Files!.GetPartialUploadAsync(path, cancellationToken))?.Length
            ?? session.Server.RunningUploads.GetStalledLength(session, path);
    }

    /// <summary>
    /// Returns whether the bytes that were received before an exception can be kept. They are not kept after invalid compressed data or an
    /// invalid block header, because they possibly differ from the start of the file. After a store failure, they are discarded to free the
    /// space.
    /// </summary>
    public static bool CanKeepPartialUploadAfter(Exception exception) => exception switch
    {
        StoreException or BlockFormatException => false,
        DeflateException deflate => deflate.Fault == DeflateFault.Truncated,
        _ => true,
    };

    /// <summary>Keeps the received bytes as a partial upload, and sets <see cref="Data.Transfer.KeptBytes"/>.</summary>
    /// <remarks>
    /// Discards a new upload in ASCII mode: its line ends were converted, so no offset in it matches an offset in the client's file. Also
    /// discards an upload that is larger than the size in ALLO. Discards every upload if the lifetime of partial uploads is zero.
    /// </remarks>
    public static async ValueTask KeepPartialUploadAsync(Session session, StorePath path, IFileWriter file)
    {
        bool isTooLarge = !session.IsAscii && session.Transfer!.Bytes > session.Sequence.Current.AnnouncedLength;
        if ((session.IsAscii && !file.IsResumed) || isTooLarge || session.Server.Options.PartialUploadLifetime == TimeSpan.Zero)
        {
            return; // the disposal of the writer discards the upload
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
            // The reply reports why the upload failed, but not why its bytes could not be kept.
            CommandRunner.LogStoreException(session, "the attempt to keep a partial upload", e);
        }
    }
}
