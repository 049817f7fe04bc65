using Fts.Protocol;

namespace Fts.Server.Commands;

/// <summary>Where one is, and folders made and removed (RFC 959 §4.1.3; the X forms of RFC 775).</summary>
internal static class FolderCommands
{
    public static async ValueTask<FtpReply> ChangeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        if (!await session.Files!.DirectoryExistsAsync(path, cancellationToken))
        {
            return await session.Files.GetEntryAsync(path, cancellationToken) is null ? Replies.NotFound : Replies.NotAFolder;
        }

        session.Folder = path;
        return new FtpReply(FtpReplyCode.FileActionOkay, $"Now in {path.Value.ToPrintableKeepingBytes()}");
    }

    public static ValueTask<FtpReply> UpAsync(Session session, string argument, CancellationToken cancellationToken) => ChangeAsync(session, "..", cancellationToken);

    public static ValueTask<FtpReply> PrintAsync(Session session, string argument, CancellationToken cancellationToken) =>
        new(new FtpReply(FtpReplyCode.PathName, $"{PathQuoting.Quote(session.Folder.Value)} is the current folder."));

    public static async ValueTask<FtpReply> MakeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        await session.Files!.CreateDirectoryAsync(path, cancellationToken);
        return new FtpReply(FtpReplyCode.PathName, $"{PathQuoting.Quote(path.Value)} made.");
    }

    public static async ValueTask<FtpReply> RemoveAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        await session.Files!.DeleteDirectoryAsync(path, cancellationToken);
        return Replies.FileDone;
    }
}
