using System.Security.Cryptography;
using Fts.Protocol;
using Fts.Server.Data;
using Fts.Server.Sessions;
using Fts.Server.Uploads;
using Fts.Storage;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Commands;

/// <summary>STOR, APPE and STOU (RFC 959 §4.1.3). What they receive is a pending file until all of it has come, and is kept to be continued where not all came.</summary>
internal static class StoreCommands
{
    public static ValueTask<FtpReply> StoreAsync(Session session, string argument, CancellationToken cancellationToken) =>
        session.IsAscii && session.Sequence.Current.RestartOffset > 0
            ? new(Replies.RestartNeedsBinary)
            : ReceiveAsync(session, argument, WriteStart.FromOffset(session.Sequence.Current.RestartOffset), Replies.OpeningDataConnection, cancellationToken);

    public static ValueTask<FtpReply> AppendAsync(Session session, string argument, CancellationToken cancellationToken) =>
        ReceiveAsync(session, argument, WriteStart.Append, Replies.OpeningDataConnection, cancellationToken);

    /// <summary>Stores under a name that is not there yet, and tells it in 150 the way RFC 1123 §4.1.2.9 asks.</summary>
    public static ValueTask<FtpReply> StoreUniqueAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string name = $"{(argument.Length == 0 ? "upload" : argument)}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        return session.Resolve(name) is null
            ? new(Replies.BadName)
            : ReceiveAsync(session, name, WriteStart.Create, new FtpReply(FtpReplyCode.OpeningDataConnection, $"FILE: {name}"), cancellationToken);
    }

    private static async ValueTask<FtpReply> ReceiveAsync(Session session, string name, WriteStart start, FtpReply opening, CancellationToken cancellationToken)
    {
        Transfer transfer = session.Transfer!;
        if (session.Sequence.Current.RangeEnd is not null)
        {
            return Replies.RangeNotForUploads; // taking no notice would replace the file by what was meant for a part of it
        }

        if (session.Resolve(name) is not { } path)
        {
            return Replies.BadName;
        }

        await using IFileWriter file = await UploadResumption.OpenAsync(session, path, start, cancellationToken);
        transfer.TotalBytes = session.Sequence.Current.AnnouncedLength;
        UploadVerdict verdict;
        try
        {
            await using (DataConnection data = await DataConnection.OpenAsync(session, opening, cancellationToken))
            {
                session.Server.RunningUploads.Add(session, path, file.StartOffset);
                await session.Server.Pumps.GetReceivePump(session.IsAscii, data, file).ReceiveAsync(transfer, data, file, file.StartOffset, cancellationToken);
                await data.SendCloseNotifyAsync();
                verdict = UploadVerdicts.Judge(session, data.HasReceivedEndMarker, file.StartOffset);
                // ALLO may announce the rest or the whole of a resumed file. If both counted here, a truncated upload could have the announced size.
                bool isSizeProven = verdict == UploadVerdict.Complete && transfer.Bytes == session.Sequence.Current.AnnouncedLength;
                if (!isSizeProven && session.Tls is { Options.RequiresCloseNotify: true })
                {
                    data.ThrowIfEndedWithoutCloseNotify();
                }
            }

            // A connection that was shut down by ABOR or a stall ends like one that is done.
            cancellationToken.ThrowIfCancellationRequested();
        }
        catch (Exception e) when (UploadResumption.CanKeepAfter(session, e))
        {
            await UploadResumption.KeepPartialUploadAsync(session, path, file);
            throw;
        }
        finally
        {
            session.Server.RunningUploads.Remove(session, path);
        }

        ILogger log = session.Server.Options.Logger;
        if (!verdict.ShouldPublish(session.Server.Options.PublishPolicy))
        {
            await UploadResumption.KeepPartialUploadAsync(session, path, file);
            Log.TransferFailed(log, session.Id, transfer.Description.ToPrintable(), transfer.Bytes, verdict.Describe());
            return Replies.For(verdict);
        }

        transfer.StartCommit();
        await file.CommitAsync(CancellationToken.None); // all of it is there: nothing is to be aborted any more
        Log.Stored(log, session.Id, session.Files!.Account.Name.ToPrintable(), session.Peer.Address, path.Value.ToPrintable(), transfer.Bytes, Environment.TickCount64 - transfer.StartedAt, verdict.Describe());
        return new FtpReply(FtpReplyCode.TransferComplete, $"Stored, {transfer.Bytes} bytes received.");
    }
}
