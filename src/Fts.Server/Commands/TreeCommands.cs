using System.Globalization;
using Fts.Protocol;
using Fts.Server.Data;
using Fts.Server.Sessions;

namespace Fts.Server.Commands;

/// <summary>
/// A folder with all that is in it, and the space for more (draft-peterson-streamlined-ftp-command-extensions). A large tree takes long: DSIZ and RMDA are
/// transfers without a data connection, which ABOR ends.
/// </summary>
internal static class TreeCommands
{
    public static async ValueTask<FtpReply> FreeSpaceAsync(Session session, string argument, CancellationToken cancellationToken) =>
        session.Resolve(argument) is not { } directory ? Replies.BadName
        : await session.Files!.GetFreeSpaceAsync(directory, cancellationToken) is { } bytes ? new FtpReply(FtpReplyCode.FileStatus, bytes.ToString(CultureInfo.InvariantCulture))
        : Replies.FreeSpaceUnknown;

    public static async ValueTask<FtpReply> SizeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } directory)
        {
            return Replies.BadName;
        }

        Transfer transfer = session.Transfer!;
        long bytes = await Task.Run(() => session.Files!.GetTreeSizeAsync(directory, () => transfer.AddBytes(0), cancellationToken).AsTask(), cancellationToken);
        return new FtpReply(FtpReplyCode.FileStatus, bytes.ToString(CultureInfo.InvariantCulture));
    }

    public static async ValueTask<FtpReply> DeleteAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } directory)
        {
            return Replies.BadName;
        }

        Transfer transfer = session.Transfer!;
        await Task.Run(() => session.Files!.DeleteTreeAsync(directory, () => transfer.AddBytes(0), cancellationToken).AsTask(), cancellationToken);
        return Replies.FileActionOkay;
    }
}
