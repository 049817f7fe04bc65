using Fts.Protocol;
using Fts.Server.Sessions;

namespace Fts.Server.Commands;

/// <summary>
/// Changes and reports the working directory, and creates and deletes directories: CWD, CDUP, PWD, MKD and RMD (RFC 959 §4.1), and their X
/// forms (RFC 775).
/// </summary>
internal static class DirectoryCommands
{
    /// <summary>CWD: changes the working directory.</summary>
    public static async ValueTask<FtpReply> ChangeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        await session.Files!.EnterDirectoryAsync(path, cancellationToken);
        session.WorkingDirectory = path;
        return new FtpReply(FtpReplyCode.FileActionOkay, $"Directory changed to {path.Value.ToPrintableKeepingBytes()}");
    }

    /// <summary>CDUP: changes to the parent of the working directory.</summary>
    public static ValueTask<FtpReply> ChangeToParentAsync(Session session, string argument, CancellationToken cancellationToken) =>
        ChangeAsync(session, "..", cancellationToken);

    /// <summary>PWD: returns the working directory, in quotes (257).</summary>
    public static ValueTask<FtpReply> PrintWorkingDirectoryAsync(Session session, string argument, CancellationToken cancellationToken) =>
        new(new FtpReply(FtpReplyCode.PathName, $"{PathQuoting.Quote(session.WorkingDirectory.Value)} is the current directory."));

    /// <summary>MKD: creates a directory, and returns its path in quotes (257).</summary>
    public static async ValueTask<FtpReply> CreateAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        await session.Files!.CreateDirectoryAsync(path, cancellationToken);
        return new FtpReply(FtpReplyCode.PathName, $"{PathQuoting.Quote(path.Value)} created.");
    }

    /// <summary>RMD: deletes an empty directory.</summary>
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
