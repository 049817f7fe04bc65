using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Shell.Commands;

/// <summary>
/// Failures that the kind of the remote entry explains: a folder in place of a file, an existing folder, a folder that is not empty. Servers describe them in
/// many texts, so the client looks for the entry after the failure, and only then.
/// </summary>
internal static class EntryKindErrors
{
    /// <summary>Returns whether a failure may mean that a remote path is a folder, and the path is one.</summary>
    public static async Task<bool> IsDirectoryAsync(ClientShell shell, Exception exception, string path, CancellationToken cancellationToken) =>
        CanBeExplainedByKind(exception) && await FindEntryAsync(shell, path, cancellationToken) is { Kind: FtpEntryKind.Directory };

    /// <summary>Returns a clearer failure of <c>mkdir</c>, <c>rmdir</c> or <c>rm</c>; the same one if the entry does not explain it.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="exception">What the server answered.</param>
    /// <param name="verb">The command.</param>
    /// <param name="typedName">The name as it was typed.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<Exception> ClarifyAsync(ClientShell shell, FtpReplyException exception, string verb, string typedName, CancellationToken cancellationToken)
    {
        if (!CanBeExplainedByKind(exception))
        {
            return exception;
        }

        string path = shell.CurrentDirectory.Resolve(typedName);
        FtpEntry? entry = await FindEntryAsync(shell, path.Length > 1 ? path.TrimEnd('/') : path, cancellationToken);
        string name = ShellLineParser.Escape(typedName);
        (string What, string? Next)? found = (verb, entry?.Kind) switch
        {
            ("mkdir", FtpEntryKind.Directory) => ("the folder already exists", $"cd {name}"),
            ("mkdir", not null) => ("a file with that name already exists", "mkdir with another name"),
            ("rmdir", FtpEntryKind.File) => ("it is a file", $"rm {name}"),
            ("rmdir", FtpEntryKind.Directory) when await HasEntriesAsync(shell, path, cancellationToken) => ("the folder is not empty", $"ls {name}, to list its files"),
            ("rm", FtpEntryKind.Directory) => ("it is a folder", $"rmdir {name}, which removes an empty folder"),
            _ => null,
        };
        return found is var (reason, advice)
            ? new UserErrorException(new UserError(ExitCode.OtherError, $"{verb} {typedName}: {reason}", $"{(int)exception.Reply.Code} {ExceptionTranslator.GetLastLine(exception.Reply)}", advice))
            : exception;
    }

    private static bool CanBeExplainedByKind(Exception exception) =>
        exception is FtpTargetExistsException || exception.GetType() == typeof(FtpException) || (exception is FtpReplyException refused && (int)refused.Reply.Code is 450 or 521 or 550 or 552 or 553);

    private static async Task<FtpEntry?> FindEntryAsync(ClientShell shell, string path, CancellationToken cancellationToken)
    {
        try
        {
            return await shell.Client.GetEntryAsync(path, cancellationToken);
        }
        catch (FtpException)
        {
            // The first failure is the one to show.
            return null;
        }
    }

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
            // The first failure is the one to show.
        }

        return false;
    }
}
