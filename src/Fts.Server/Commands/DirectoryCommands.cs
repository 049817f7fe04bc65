using Fts.Protocol;
using Fts.Server.Sessions;

namespace Fts.Server.Commands;

/// <summary>
/// Changes, reports, creates and deletes directories: CWD, CDUP, PWD, MKD and RMD (RFC 959 §4.1.3), and their X forms (RFC 775).
/// </summary>
internal static class DirectoryCommands
{
    public static async ValueTask<FtpReply> ChangeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        if (!await session.Files!.DirectoryExistsAsync(path, cancellationToken))
        {
            return await session.Files.GetEntryAsync(path, cancellationToken) is null ? Replies.NotFound : Replies.NotADirectory;
        }

        session.WorkingDirectory = path;
        return new FtpReply(FtpReplyCode.FileActionOkay, $"Directory changed to {path.Value.ToPrintableKeepingBytes()}");
    }

    public static ValueTask<FtpReply> ChangeToParentAsync(Session session, string argument, CancellationToken cancellationToken) =>
        ChangeAsync(session, "..", cancellationToken);

    public static ValueTask<FtpReply> PrintWorkingDirectoryAsync(Session session, string argument, CancellationToken cancellationToken) =>
        new(new FtpReply(FtpReplyCode.PathName, $"{PathQuoting.Quote(session.WorkingDirectory.Value)} is the current directory."));

    public static async ValueTask<FtpReply> CreateAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        await session.Files!.CreateDirectoryAsync(path, cancellationToken);
        return new FtpReply(FtpReplyCode.PathName, $"{PathQuoting.Quote(path.Value)} created.");
    }

    public static async ValueTask<FtpReply> DeleteAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        await session.Files!.DeleteDirectoryAsync(path, cancellationToken);
        return Replies.FileActionOkay;
    }
}
