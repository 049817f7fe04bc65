using Fts.Protocol;

namespace Fts.Server.Commands;

/// <summary>Where one is, and folders made and removed (RFC 959 §4.1.3; the X forms of RFC 775).</summary>
internal static class FolderCommands
{
    public static async ValueTask<Reply> ChangeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        if (!await session.Files!.IsFolderAsync(path, cancellationToken))
        {
            return await session.Files.FindAsync(path, cancellationToken) is null ? Replies.NotFound : Replies.NotAFolder;
        }

        session.Folder = path;
        return new Reply(ReplyCode.FileActionOkay, $"Now in {path.Value.VisibleKeepingBytes()}");
    }

    public static ValueTask<Reply> UpAsync(Session session, string argument, CancellationToken cancellationToken) => ChangeAsync(session, "..", cancellationToken);

    public static ValueTask<Reply> PrintAsync(Session session, string argument, CancellationToken cancellationToken) =>
        new(new Reply(ReplyCode.PathName, $"{PathQuoting.Quote(session.Folder.Value)} is the current folder."));

    public static async ValueTask<Reply> MakeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        await session.Files!.CreateFolderAsync(path, cancellationToken);
        return new Reply(ReplyCode.PathName, $"{PathQuoting.Quote(path.Value)} made.");
    }

    public static async ValueTask<Reply> RemoveAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        await session.Files!.DeleteFolderAsync(path, cancellationToken);
        return Replies.FileDone;
    }
}
