using Fts.Protocol;
using Fts.Server.Data;
using Fts.Server.Data.Copy;
using Fts.Server.Hashing;
using Fts.Server.Sessions;
using Fts.Server.Uploads;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>
/// RETR: sends a file (RFC 959 §4.1.3), the part after a restart offset (RFC 3659 §5), or a byte range (draft-bryan-ftp-range).
/// </summary>
internal static class RetrieveCommands
{
    public static async ValueTask<FtpReply> RetrieveAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        Transfer transfer = session.Transfer!;
        (long offset, long? rangeEnd) = (session.Sequence.Current.RestartOffset, session.Sequence.Current.RangeEnd);
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        transfer.Path = path.Value;
        if (session.IsAscii && (offset > 0 || rangeEnd is not null))
        {
            return rangeEnd is null ? Replies.RestartNeedsBinary : Replies.RangeNeedsBinary;
        }

        // If the last SIZE reply was for a partial upload, a client that relies on this reply would truncate the downloaded file.
        if (session.LastPartialSizePath == path &&
            await UploadResumption.GetPartialLengthAsync(session, path, cancellationToken) is not null)
        {
            session.LastPartialSizePath = null;
            session.Server.SuppressedPartialSizes.Add(session, path);
            return Replies.SizeWasForPartialUpload;
        }

        KnownHash? knownHash = session.Records is { RecordsEvents: true }
            ? await KnownHash.FindAsync(session, path, cancellationToken)
            : null;
        await using IFileReader whole = await session.Files!.OpenReadAsync(path, cancellationToken);
        IFileReader file = rangeEnd is { } last ? new FileRange(whole, last + 1) : whole;
        if (offset > file.Length)
        {
            if (rangeEnd is null)
            {
                return Replies.FromStoreError(StoreError.BadOffset);
            }

            offset = file.Length; // a range that starts beyond the end is empty (draft-bryan-ftp-range §4.3)
        }

        transfer.TotalBytes = session.IsAscii ? null : file.Length - offset;
        FtpReply preliminaryReply = CreatePreliminaryReply(transfer.TotalBytes);
        bool isPart = offset > 0 || file.Length < whole.Length;
        string verdict = "aborted";
        string? sha256 = null;
        try
        {
            await using DataConnection data = await DataConnection.OpenAsync(session, preliminaryReply, cancellationToken);
            await session.Server.Pumps.GetSendPump(session.IsAscii, data, file, file.Length - offset)
                .SendAsync(transfer, data, file, offset, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            await data.FinishAsync(cancellationToken);
            verdict = isPart ? "part" : "whole";
            sha256 = knownHash is null ? null : await knownHash.GetIfUnchangedAsync(session);
        }
        finally
        {
            session.Records?.RecordDownload(path, transfer.Bytes, verdict, sha256);
        }

        Log.Retrieved(
            session.Server.Options.Logger, session.Id, session.Files!.Account.Name.ToPrintable(), session.Peer.Address,
            path.Value.ToPrintable(), transfer.Bytes, Environment.TickCount64 - transfer.StartedAt, "RETR", session.TypeCode,
            session.TlsName, "complete");
        return Replies.TransferComplete;
    }

    /// <summary>Creates the 150 reply. Clients parse the size from <c>(N bytes)</c>.</summary>
    /// <param name="length">The size in bytes; null if it is unknown.</param>
    private static FtpReply CreatePreliminaryReply(long? length) =>
        length is null
            ? Replies.OpeningDataConnection
            : new FtpReply(FtpReplyCode.OpeningDataConnection, $"Opening data connection ({length} bytes).");
}
