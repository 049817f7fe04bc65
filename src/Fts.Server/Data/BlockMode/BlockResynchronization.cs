using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.Commands;
using Fts.Server.Sessions;

namespace Fts.Server.Data.BlockMode;

/// <summary>
/// Resynchronizes the block-mode connection after a transfer command, or closes it. A resynchronized connection is between two files.
/// </summary>
internal static class BlockResynchronization
{
    /// <summary>Resynchronizes or closes the connection, and returns the reply with its code for block mode.</summary>
    public static async ValueTask<FtpReply> RunAfterCommandAsync(
        Session session, CommandRow row, FtpReply reply, CancellationToken cancellationToken)
    {
        if (reply.IsCompletion)
        {
            return ToOpenConnectionReply(reply);
        }

        if (session.Transfer!.AbortReason != AbortReason.None)
        {
            session.DataConnector.CloseBlockConnection();
            return reply;
        }

        try
        {
            await ResynchronizeAsync(session, isUpload: row.HasRule(CommandRules.CreatesName), cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException
            or NoDataConnectionException)
        {
            session.DataConnector.CloseBlockConnection(); // the reply already contains the reason why the command failed
        }

        return reply;
    }

    /// <summary>
    /// Returns the reply with code 250 instead of 226, because 226 means that the data connection is closed (RFC 959 §5.4).
    /// </summary>
    private static FtpReply ToOpenConnectionReply(FtpReply reply)
    {
        if (reply == Replies.TransferComplete)
        {
            return Replies.TransferCompleteConnectionOpen;
        }

        return reply.Code == FtpReplyCode.TransferComplete ? new FtpReply(FtpReplyCode.FileActionOkay, reply.Lines) : reply;
    }

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
            await receiving.SkipFileAsync(cancellationToken); // after 125 or 150, the client sends the whole file
        }
        else if (session.BlockConnection is { State: not BlockState.Idle } connection)
        {
            await connection.FlushAsync(cancellationToken); // sends the complete files before this one
            session.DataConnector.CloseBlockConnection();
        }
    }
}
