using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Shell.Commands;

/// <summary>
/// Explains errors by the kind of the remote entry: a folder instead of a file, an existing folder, a folder that is not empty. Servers
/// describe these errors in many texts, so the client requests the metadata of the entry after such an error.
/// </summary>
internal static class EntryKindErrors
{
    /// <summary>
    /// Returns whether an error occurred because a remote path is a folder. Requests the entry from the server if the error may have this
    /// reason.
    /// </summary>
    public static async Task<bool> IsDirectoryAsync(
        ClientShell shell, Exception exception, string path, CancellationToken cancellationToken) =>
        CanBeExplainedByKind(exception) && await FindEntryAsync(shell, path, cancellationToken) is { Kind: FtpEntryKind.Directory };

    /// <summary>
    /// Returns a clearer error for a failed <c>mkdir</c>, <c>rmdir</c> or <c>rm</c>. Returns the same error if the entry does not explain
    /// it.
    /// </summary>
    /// <param name="shell">The session.</param>
    /// <param name="exception">The negative reply.</param>
    /// <param name="verb">The command: <c>mkdir</c>, <c>rmdir</c> or <c>rm</c>.</param>
    /// <param name="typedName">The name as the user typed it.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public static async Task<Exception> ClarifyAsync(
        ClientShell shell, FtpReplyException exception, string verb, string typedName, CancellationToken cancellationToken)
    {
        if (!CanBeExplainedByKind(exception))
        {
            return exception;
        }

        string path = shell.CurrentDirectory.Resolve(typedName);
        FtpEntry? entry = await FindEntryAsync(shell, path.Length > 1 ? path.TrimEnd('/') : path, cancellationToken);
        string name = ShellLineParser.Escape(typedName);
        (string Reason, string? Advice)? explanation = (verb, entry?.Kind) switch
        {
            ("mkdir", FtpEntryKind.Directory) => ("the folder already exists", $"cd {name}"),
            ("mkdir", not null) => ("a file with that name already exists", "mkdir with another name"),
            ("rmdir", FtpEntryKind.File) => ("it is a file", $"rm {name}"),
            ("rmdir", FtpEntryKind.Directory) when await HasEntriesAsync(shell, path, cancellationToken) =>
                ("the folder is not empty", $"ls {name}, to list its files"),
            ("rm", FtpEntryKind.Directory) => ("it is a folder", $"rm -r {name}, which removes the folder with everything in it"),
            _ => null,
        };
        if (explanation is not var (reason, advice))
        {
            return exception;
        }

        string reply = $"{(int)exception.Reply.Code} {ExceptionTranslator.GetLastLine(exception.Reply)}";
        return new UserErrorException(new UserError(ExitCode.OtherError, $"{verb} {typedName}: {reason}", reply, advice));
    }

    /// <summary>Returns whether the kind of the remote entry may be the reason for an error.</summary>
    private static bool CanBeExplainedByKind(Exception exception) =>
        // The client library throws FtpException itself if the remote path of a download is a folder.
        exception is FtpTargetExistsException || exception.GetType() == typeof(FtpException)
        || (exception is FtpReplyException { Reply.Code: var code } && (int)code is 450 or 521 or 550 or 552 or 553);

    /// <summary>Returns the entry of a path, or null if the entry does not exist or the server does not return it.</summary>
    private static async Task<FtpEntry?> FindEntryAsync(ClientShell shell, string path, CancellationToken cancellationToken)
    {
        try
        {
            return await shell.Client.GetEntryAsync(path, cancellationToken);
        }
        catch (FtpException)
        {
            // The caller reports the original error.
            return null;
        }
    }

    /// <summary>Returns whether a folder contains entries. Returns false if the server does not list the folder.</summary>
    private static async Task<bool> HasEntriesAsync(ClientShell shell, string path, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (FtpEntry _ in shell.Client.ListAsync(path, cancellationToken))
            {
                return true;
            }
        }
        catch (FtpException)
        {
            // The caller reports the original error.
        }

        return false;
    }
}
