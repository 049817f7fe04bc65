using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.Commands;
using Fts.Server.Sessions;

namespace Fts.Server.Data.BlockMode;

/// <summary>What becomes of the connection in block mode when a command is done with it: it is in step for the next, or it is closed.</summary>
internal static class BlockResynchronization
{
    /// <summary>The reply as block mode has it, once the connection is in step or closed.</summary>
    public static async ValueTask<FtpReply> RunAfterCommandAsync(Session session, CommandRow row, FtpReply reply, CancellationToken cancellationToken)
    {
        if (reply.IsCompletion)
        {
            return ToOpenConnectionReply(reply);
        }

        if (session.Transfer!.EndReason != TransferEndReason.None)
        {
            session.DataConnector.CloseBlockConnection();
            return reply;
        }

        try
        {
            await ResynchronizeAsync(session, isUpload: row.HasRule(CommandRules.CreatesName), cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or NoDataConnectionException)
        {
            session.DataConnector.CloseBlockConnection(); // why the command failed is said already, and the peer sees that this is over
        }

        return reply;
    }

    /// <summary>226 says that the data connection closes; one that stays open is 250 (RFC 959 §5.4).</summary>
    private static FtpReply ToOpenConnectionReply(FtpReply reply) =>
        reply == Replies.TransferComplete ? Replies.TransferCompleteStillOpen
        : reply.Code == FtpReplyCode.TransferComplete ? new FtpReply(FtpReplyCode.FileActionOkay, reply.Lines)
        : reply;

    private static async ValueTask ResynchronizeAsync(Session session, bool isUpload, CancellationToken cancellationToken)
    {
        if (!session.Transfer!.HasDataConnection)
        {
            if (isUpload && session.ShouldDrainRefusedUpload && session.DataConnector.IsReady)
            {
                await using DataConnection data = await DataConnection.OpenAsync(session, null, cancellationToken);
                await session.BlockConnection!.SkipFileAsync(cancellationToken);
            }
        }
        else if (session.BlockConnection is { State: BlockState.Receiving } receiving)
        {
            await receiving.SkipFileAsync(cancellationToken); // the client was told to send it
        }
        else if (session.BlockConnection is { State: not BlockState.Idle } link)
        {
            await link.FlushAsync(cancellationToken); // the files before are whole
            session.DataConnector.CloseBlockConnection();
        }
    }
}
