using System.Security.Cryptography;
using Fts.Accounts.Recording;
using Fts.Protocol;
using Fts.Server.Data;
using Fts.Server.Sessions;
using Fts.Server.Uploads;
using Fts.Storage;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Commands;

/// <summary>
/// Receives uploads: STOR, APPE and STOU (RFC 959 §4.1.3). A staging file receives the bytes. After the end of the data, the staging file
/// is committed if <see cref="FtpPublishPolicy"/> permits this. An upload that is not committed is kept as a partial upload if it can be
/// resumed.
/// </summary>
internal static class StoreCommands
{
    /// <summary>STOR: stores a file, or resumes a partial upload at the offset of REST.</summary>
    public static ValueTask<FtpReply> StoreAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        long offset = session.Sequence.Current.RestartOffset;
        return session.IsAscii && offset > 0
            ? new(Replies.RestartNeedsBinary)
            : ReceiveAsync(session, argument, WriteStart.FromOffset(offset), Replies.OpeningDataConnection, cancellationToken);
    }

    /// <summary>APPE: appends to a file or to the client's partial upload.</summary>
    public static ValueTask<FtpReply> AppendAsync(Session session, string argument, CancellationToken cancellationToken) =>
        ReceiveAsync(session, argument, WriteStart.Append, Replies.OpeningDataConnection, cancellationToken);

    /// <summary>STOU: stores under a new name and reports the name in the 150 reply (RFC 1123 §4.1.2.9).</summary>
    public static ValueTask<FtpReply> StoreUniqueAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string name = $"{(argument.Length == 0 ? "upload" : argument)}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        return session.Resolve(name) is null
            ? new(Replies.BadName)
            : ReceiveAsync(
                session, name, WriteStart.Create, new FtpReply(FtpReplyCode.OpeningDataConnection, $"FILE: {name}"), cancellationToken);
    }

    private static async ValueTask<FtpReply> ReceiveAsync(
        Session session, string name, WriteStart start, FtpReply preliminaryReply, CancellationToken cancellationToken)
    {
        if (session.Sequence.Current.RangeEnd is not null)
        {
            return Replies.RangeNotForUploads; // the client sends only the range, which would replace the whole file
        }

        if (session.Resolve(name) is not { } path)
        {
            return Replies.BadName;
        }

        try
        {
            return await ReceiveAsync(session, path, start, preliminaryReply, cancellationToken);
        }
        finally
        {
            session.Server.RunningUploads.Remove(session, path); // after the file is closed: only then can the upload be resumed
        }
    }

    private static async ValueTask<FtpReply> ReceiveAsync(
        Session session, StorePath path, WriteStart start, FtpReply preliminaryReply, CancellationToken cancellationToken)
    {
        Transfer transfer = session.Transfer!;
        transfer.Path = path.Value;
        await using IFileWriter file = await UploadResumption.OpenAsync(session, path, start, cancellationToken);
        var recorded = file as IRecordedUpload;
        transfer.TotalBytes = session.Sequence.Current.AnnouncedLength;
        long announced = session.IsAscii ? 0 : transfer.TotalBytes ?? 0;
        recorded?.Reserve(Math.Max(announced, file.StartOffset)); // ALLO may announce the size without the bytes before the offset

        UploadVerdict verdict;
        try
        {
            await using (DataConnection data = await DataConnection.OpenAsync(session, preliminaryReply, cancellationToken))
            {
                session.Server.RunningUploads.Add(session, path, file.StartOffset);
                try
                {
                    await session.Server.Pumps.GetReceivePump(session.IsAscii, data, file)
                        .ReceiveAsync(transfer, data, file, file.StartOffset, cancellationToken);
                }
                finally
                {
                    transfer.RecordEndOfData();
                }

                await data.SendCloseNotifyAsync();
                verdict = UploadVerdictRules.Determine(session, data.HasReceivedEndMarker, file.StartOffset);
                // ALLO may announce the remaining or the total size of a resumed file, and the verdict accepts both. If only the total size
                // matches, the upload may be truncated. For example, ALLO 100 after REST 50 may announce 100 remaining bytes. If only 50
                // bytes arrive, the total size is also 100.
                bool isSizeVerified = verdict == UploadVerdict.Complete && transfer.Bytes == session.Sequence.Current.AnnouncedLength;
                if (!isSizeVerified && session.Tls is { Options.RequiresCloseNotify: true })
                {
                    data.ThrowIfEndedWithoutCloseNotify();
                }
            }

            // ABOR and the stall timeout shut down the data connection. That looks like the end of a complete upload.
            cancellationToken.ThrowIfCancellationRequested();
        }
        catch (Exception e) when (UploadResumption.CanKeepPartialUploadAfter(e))
        {
            await UploadResumption.KeepPartialUploadAsync(session, path, file);
            throw;
        }

        ILogger log = session.Server.Options.Logger;
        if (!verdict.ShouldPublish(session.Server.Options.PublishPolicy))
        {
            await UploadResumption.KeepPartialUploadAsync(session, path, file);
            Log.TransferFailed(log, session.Id, transfer.Description.ToPrintable(), transfer.Bytes, verdict.Describe());
            return Replies.FromVerdict(verdict);
        }

        if (recorded is not null)
        {
            recorded.Verdict = verdict.Describe();
        }

        transfer.StartCommit();
        await file.CommitAsync(CancellationToken.None); // the end of the data was received, so ABOR must not affect the upload
        Log.Stored(
            log, session.Id, session.Files!.Account.Name.ToPrintable(), session.Peer.Address, path.Value.ToPrintable(), transfer.Bytes,
            Environment.TickCount64 - transfer.StartedAt, verdict.Describe(), transfer.Verb, session.TypeCode, session.TlsName);
        return new FtpReply(FtpReplyCode.TransferComplete, $"Transfer complete, {transfer.Bytes} bytes stored.");
    }
}
