using Fts.Protocol;
using Fts.Server.Data;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>RETR (RFC 959 §4.1.3), from a restart offset (RFC 3659 §5).</summary>
internal static class RetrieveCommands
{
    public static async ValueTask<Reply> RetrieveAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        Transfer transfer = session.Transfer!;
        long offset = session.Continuing.RestartOffset;
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        if (session.IsAscii && offset > 0)
        {
            return Replies.RestartNeedsBinary;
        }

        await using IFileReader file = await session.Files!.OpenReadAsync(path, cancellationToken);
        if (offset > file.Length)
        {
            return Replies.For(StoreError.BadOffset);
        }

        transfer.Total = session.IsAscii ? null : file.Length - offset;
        await using (DataConnection data = await DataConnection.OpenAsync(session, Opening(transfer.Total), cancellationToken))
        {
            await Pumps.ForSending(session.IsAscii, file, file.Length - offset).SendAsync(transfer, data, file, offset, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            await data.FinishAsync();
        }

        Log.Transferred(session.Server.Options.Logger, session.Id, "sent", path.Value, transfer.Bytes, Environment.TickCount64 - transfer.StartedAt);
        return Replies.Transferred;
    }

    /// <summary>Clients look for the size in these words, in these parentheses.</summary>
    private static Reply Opening(long? length) =>
        length is null ? Replies.Opening : new Reply(ReplyCode.OpeningDataConnection, $"Opening the data connection ({length} bytes).");
}
