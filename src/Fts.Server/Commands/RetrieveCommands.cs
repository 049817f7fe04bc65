using Fts.Protocol;
using Fts.Server.Data;
using Fts.Server.Data.Copy;
using Fts.Server.Sessions;
using Fts.Server.Uploads;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>RETR (RFC 959 §4.1.3), from a restart offset (RFC 3659 §5), or a part (draft-bryan-ftp-range).</summary>
internal static class RetrieveCommands
{
    public static async ValueTask<FtpReply> RetrieveAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        Transfer transfer = session.Transfer!;
        long offset = session.Sequence.Current.RestartOffset;
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        if (session.IsAscii && (offset > 0 || session.Sequence.Current.RangeEnd is not null))
        {
            return session.Sequence.Current.RangeEnd is null ? Replies.RestartNeedsBinary : Replies.RangeNeedsBinary;
        }

        if (session.LastPartialSizePath == path && await UploadResumption.GetPartialLengthAsync(session, path, cancellationToken) is not null)
        {
            session.LastPartialSizePath = null;
            session.Server.SuppressedPartialSizes.Add(session, path);
            return Replies.SizeWasForPartialUpload;
        }

        await using IFileReader whole = await session.Files!.OpenReadAsync(path, cancellationToken);
        IFileReader file = session.Sequence.Current.RangeEnd is { } last ? new FileRange(whole, last + 1) : whole;
        if (offset > file.Length)
        {
            if (session.Sequence.Current.RangeEnd is null)
            {
                return Replies.For(StoreError.BadOffset);
            }

            offset = file.Length; // a part that lies past the end is empty (draft-bryan-ftp-range §4.3)
        }

        transfer.TotalBytes = session.IsAscii ? null : file.Length - offset;
        await using (DataConnection data = await DataConnection.OpenAsync(session, CreatePreliminaryReply(transfer.TotalBytes), cancellationToken))
        {
            await session.Server.Pumps.GetSendPump(session.IsAscii, data, file, file.Length - offset).SendAsync(transfer, data, file, offset, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            await data.FinishAsync(cancellationToken);
        }

        Log.Transferred(
            session.Server.Options.Logger, session.Id, session.Files!.Account.Name.ToPrintable(), session.Peer.Address, "sent", path.Value.ToPrintable(), transfer.Bytes,
            Environment.TickCount64 - transfer.StartedAt);
        return Replies.TransferComplete;
    }

    /// <summary>Clients look for the size in these words, in these parentheses.</summary>
    private static FtpReply CreatePreliminaryReply(long? length) =>
        length is null ? Replies.OpeningDataConnection : new FtpReply(FtpReplyCode.OpeningDataConnection, $"Opening the data connection ({length} bytes).");
}
