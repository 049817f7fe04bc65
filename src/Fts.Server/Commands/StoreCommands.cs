using System.Security.Cryptography;
using Fts.Protocol;
using Fts.Server.Data;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>STOR, APPE and STOU (RFC 959 §4.1.3). What they receive is a pending file until all of it has come.</summary>
internal static class StoreCommands
{
    public static ValueTask<Reply> StoreAsync(Session session, string argument, CancellationToken cancellationToken) =>
        session.IsAscii && session.Continuing.RestartOffset > 0
            ? new(Replies.RestartNeedsBinary)
            : ReceiveAsync(session, argument, WriteStart.At(session.Continuing.RestartOffset), Replies.Opening, cancellationToken);

    public static ValueTask<Reply> AppendAsync(Session session, string argument, CancellationToken cancellationToken) =>
        ReceiveAsync(session, argument, WriteStart.Append, Replies.Opening, cancellationToken);

    /// <summary>Stores under a name that is not there yet, and tells it in 150 the way RFC 1123 §4.1.2.9 asks.</summary>
    public static ValueTask<Reply> StoreUniqueAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string name = $"{(argument.Length == 0 ? "upload" : argument)}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        return session.Resolve(name) is null
            ? new(Replies.BadName)
            : ReceiveAsync(session, name, WriteStart.Create, new Reply(ReplyCode.OpeningDataConnection, $"FILE: {name}"), cancellationToken);
    }

    private static async ValueTask<Reply> ReceiveAsync(Session session, string name, WriteStart start, Reply opening, CancellationToken cancellationToken)
    {
        Transfer transfer = session.Transfer!;
        if (session.Continuing.RangeLast is not null)
        {
            return Replies.RangeIsForReading; // taking no notice would replace the file by what was meant for a part of it
        }

        if (session.Resolve(name) is not { } path)
        {
            return Replies.BadName;
        }

        await using IFileWriter file = await session.Files!.OpenWriteAsync(path, start, cancellationToken);
        transfer.Total = session.Continuing.AnnouncedLength;
        await using (DataConnection data = await DataConnection.OpenAsync(session, opening, cancellationToken))
        {
            await Pumps.ForReceiving(session.IsAscii, data, file).ReceiveAsync(transfer, data, file, file.Start, cancellationToken);
            await data.AnswerEndAsync();
        }

        // A connection that was shut down by ABOR or a stall ends like one that is done.
        cancellationToken.ThrowIfCancellationRequested();
        if (!IsAsAnnounced(session, file.Start))
        {
            Log.BrokeOff(session.Server.Options.Logger, session.Id, transfer.Description.Visible(), transfer.Bytes, "not the bytes announced");
            return Replies.Incomplete;
        }

        if (session.IsPeerGone)
        {
            // A killed client's connections all end in good order: that this one did then tells nothing about the file.
            Log.BrokeOff(session.Server.Options.Logger, session.Id, transfer.Description.Visible(), transfer.Bytes, "the client has gone");
            return Replies.TransferAborted;
        }

        await file.CommitAsync(cancellationToken);
        Log.Transferred(session.Server.Options.Logger, session.Id, "stored", path.Value, transfer.Bytes, Environment.TickCount64 - transfer.StartedAt);
        return new Reply(ReplyCode.TransferComplete, $"Stored, {transfer.Bytes} bytes received.");
    }

    /// <summary>Whether the size that ALLO told is the one that came; with a restart, of the part or of the whole. In ASCII the wire has another size than the file.</summary>
    private static bool IsAsAnnounced(Session session, long start) =>
        session.IsAscii || session.Continuing.AnnouncedLength is not { } announced || session.Transfer!.Bytes == announced || start + session.Transfer.Bytes == announced;
}
