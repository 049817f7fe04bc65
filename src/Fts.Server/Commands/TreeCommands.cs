using System.Globalization;
using Fts.Protocol;
using Fts.Server.Data;
using Fts.Server.Sessions;

namespace Fts.Server.Commands;

/// <summary>
/// Deletes a directory tree, and reports its size and the free space: RMDA, DSIZ and AVBL
/// (draft-peterson-streamlined-ftp-command-extensions).
/// </summary>
/// <remarks>RMDA and DSIZ may take long. They are transfers without a data connection, so that ABOR aborts them.</remarks>
internal static class TreeCommands
{
    /// <summary>AVBL: returns the number of bytes that can still be stored in a directory.</summary>
    public static async ValueTask<FtpReply> FreeSpaceAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } directory)
        {
            return Replies.BadName;
        }

        return await session.Files!.GetFreeSpaceAsync(directory, cancellationToken) is { } bytes
            ? new FtpReply(FtpReplyCode.FileStatus, bytes.ToString(CultureInfo.InvariantCulture))
            : Replies.FreeSpaceUnknown;
    }

    /// <summary>DSIZ: returns the total size in bytes of all files in a directory and below it.</summary>
    public static async ValueTask<FtpReply> SizeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } directory)
        {
            return Replies.BadName;
        }

        Transfer transfer = session.Transfer!;
        long bytes = await Task.Run(
            () => session.Files!.GetTreeSizeAsync(directory, transfer.RecordProgress, cancellationToken).AsTask(), cancellationToken);
        return new FtpReply(FtpReplyCode.FileStatus, bytes.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>RMDA: deletes a directory and its contents.</summary>
    public static async ValueTask<FtpReply> DeleteAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } directory)
        {
            return Replies.BadName;
        }

        Transfer transfer = session.Transfer!;
        await Task.Run(
            () => session.Files!.DeleteTreeAsync(directory, transfer.RecordProgress, cancellationToken).AsTask(), cancellationToken);
        return Replies.FileActionOkay;
    }
}
