using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.Commands;
using Fts.Server.Sessions;

namespace Fts.Server.Data.BlockMode;

/// <summary>
/// After a command has failed, prepares the block-mode connection for the next transfer: discards the remaining content of the current
/// file, or closes the connection.
/// </summary>
internal static class BlockResynchronization
{
    /// <summary>
    /// If a transfer command has failed, prepares the connection for the next transfer or closes it. Returns the reply to send: a 226 reply
    /// with the code 250 instead, or any other reply unchanged.
    /// </summary>
    public static async ValueTask<FtpReply> ResynchronizeAsync(
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
            await SkipFileOrCloseAsync(session, isUpload: row.HasRule(CommandRules.CreatesName), cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException
            or NoDataConnectionException)
        {
            session.DataConnector.CloseBlockConnection(); // the reply already contains the reason why the command failed
        }

        return reply;
    }

    /// <summary>
    /// Returns a 226 reply with the code 250 instead, because 226 means that the data connection is closed (RFC 959 §4.2.2). Returns any
    /// other reply unchanged.
    /// </summary>
    private static FtpReply ToOpenConnectionReply(FtpReply reply)
    {
        if (reply == Replies.TransferComplete)
        {
            return Replies.TransferCompleteConnectionOpen;
        }

        return reply.Code == FtpReplyCode.TransferComplete ? new FtpReply(FtpReplyCode.FileActionOkay, reply.Lines) : reply;
    }

    /// <summary>
    /// Receives and discards the remaining content of a failed upload or, with OPTS MODE B DRAIN, the whole content of a refused upload.
    /// Closes the connection after any other failure within a file.
    /// </summary>
    private static async ValueTask SkipFileOrCloseAsync(Session session, bool isUpload, CancellationToken cancellationToken)
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
            await connection.FlushAsync(cancellationToken); // the output buffer may contain earlier, complete files
            session.DataConnector.CloseBlockConnection();
        }
    }
}
