using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.Data;

namespace Fts.Server.Commands;

/// <summary>What becomes of the connection in block mode when a command is done with it: it is in step for the next, or it is closed.</summary>
internal static class BlockStep
{
    /// <summary>The reply as block mode has it, once the connection is in step or closed.</summary>
    public static async ValueTask<FtpReply> AfterAsync(Session session, CommandRow row, FtpReply reply, CancellationToken cancellationToken)
    {
        if (reply.IsCompletion)
        {
            return StaysOpen(reply);
        }

        if (session.Transfer!.End != TransferEnd.None)
        {
            session.Data.CloseLink();
            return reply;
        }

        try
        {
            await StepAsync(session, isUpload: row.Has(Rules.NewName), cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or NoDataConnectionException)
        {
            session.Data.CloseLink(); // why the command failed is said already, and the peer sees that this is over
        }

        return reply;
    }

    /// <summary>226 says that the data connection closes; one that stays open is 250 (RFC 959 §5.4).</summary>
    private static FtpReply StaysOpen(FtpReply reply) =>
        reply == Replies.Transferred ? Replies.TransferredAndOpen
        : reply.Code == FtpReplyCode.TransferComplete ? new FtpReply(FtpReplyCode.FileActionOkay, reply.Lines)
        : reply;

    private static async ValueTask StepAsync(Session session, bool isUpload, CancellationToken cancellationToken)
    {
        if (!session.Transfer!.HasData)
        {
            if (isUpload && session.DrainsRefused && session.Data.IsReady)
            {
                await using DataConnection data = await DataConnection.OpenAsync(session, null, cancellationToken);
                await session.Link!.SkipAsync(cancellationToken);
            }
        }
        else if (session.Link is { Turn: BlockTurn.Receiving } receiving)
        {
            await receiving.SkipAsync(cancellationToken); // the client was told to send it
        }
        else if (session.Link is { Turn: not BlockTurn.Between } link)
        {
            await link.FlushAsync(cancellationToken); // the files before are whole
            session.Data.CloseLink();
        }
    }
}
