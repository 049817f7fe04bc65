using Fts.Protocol;
using Fts.Server.Data;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>RETR (RFC 959 §4.1.3), from a restart offset (RFC 3659 §5), or a part (draft-bryan-ftp-range).</summary>
internal static class RetrieveCommands
{
    public static async ValueTask<FtpReply> RetrieveAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        Transfer transfer = session.Transfer!;
        long offset = session.Continuing.RestartOffset;
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        if (session.IsAscii && (offset > 0 || session.Continuing.RangeLast is not null))
        {
            return session.Continuing.RangeLast is null ? Replies.RestartNeedsBinary : Replies.RangeNeedsBinary;
        }

        if (session.Misled == path && await PartialUpload.LengthAsync(session, path, cancellationToken) is not null)
        {
            session.Misled = null;
            session.Server.Misled.Add(session, path);
            return Replies.SizeMisled;
        }

        await using IFileReader whole = await session.Files!.OpenReadAsync(path, cancellationToken);
        IFileReader file = session.Continuing.RangeLast is { } last ? new FilePart(whole, last + 1) : whole;
        if (offset > file.Length)
        {
            if (session.Continuing.RangeLast is null)
            {
                return Replies.For(StoreError.BadOffset);
            }

            offset = file.Length; // a part that lies past the end is empty (draft-bryan-ftp-range §4.3)
        }

        transfer.Total = session.IsAscii ? null : file.Length - offset;
        await using (DataConnection data = await DataConnection.OpenAsync(session, Opening(transfer.Total), cancellationToken))
        {
            await session.Server.Pumps.ForSending(session.IsAscii, data, file, file.Length - offset).SendAsync(transfer, data, file, offset, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            await data.FinishAsync(cancellationToken);
        }

        Log.Transferred(
            session.Server.Options.Logger, session.Id, session.Files!.Account.Name.ToPrintable(), session.Peer.Address, "sent", path.Value.ToPrintable(), transfer.Bytes,
            Environment.TickCount64 - transfer.StartedAt);
        return Replies.Transferred;
    }

    /// <summary>Clients look for the size in these words, in these parentheses.</summary>
    private static FtpReply Opening(long? length) =>
        length is null ? Replies.Opening : new FtpReply(FtpReplyCode.OpeningDataConnection, $"Opening the data connection ({length} bytes).");
}
