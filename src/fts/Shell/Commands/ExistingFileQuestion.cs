using Fts.Cli;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>
/// Decides about the existing local files of one command. Asks the user if no option or setting decides, and remembers an answer that
/// applies to all following files.
/// </summary>
/// <param name="shell">The session.</param>
/// <param name="action">The action of the option or setting.</param>
/// <param name="canResume">Whether the user can resume a single file.</param>
internal sealed class ExistingFileQuestion(ClientShell shell, ExistingFileAction action, bool canResume = true)
{
    private ExistingFileAction _action = action;

    /// <summary>The answers in the order of the question. A shorter form selects the first answer that it starts.</summary>
    private static readonly string[] Answers = ["yes", "no", "all", "none", "newer", "resume", "quit"];

    /// <summary>The answers as the question shows them. The default is in upper case.</summary>
    public string Choices => canResume ? "[yes/No/all/none/newer/resume/quit]" : "[yes/No/all/none/newer/quit]";

    /// <summary>Returns the action for an existing local file. Prints a message if the file is skipped.</summary>
    /// <param name="remoteFile">The remote file.</param>
    /// <param name="localPath">The existing local file.</param>
    /// <param name="cancellationToken">Cancels the request for the time of the remote file.</param>
    /// <exception cref="UserErrorException">The user quits, or cannot be asked.</exception>
    public async Task<ExistingFileAction> DecideAsync(RemoteFile remoteFile, string localPath, CancellationToken cancellationToken)
    {
        ExistingFileAction decision = _action == ExistingFileAction.Default ? Ask(remoteFile, localPath) : _action;
        if (decision == ExistingFileAction.Update)
        {
            return await CompareTimesAsync(remoteFile, localPath, cancellationToken);
        }

        if (decision == ExistingFileAction.Skip)
        {
            Skip(remoteFile, localPath, "already exists in the local folder");
        }

        return decision;
    }

    /// <summary>Returns the answer that a typed text selects, or null if there is none. An empty text means no.</summary>
    public static string? FindAnswer(string typed) =>
        typed.Length == 0 ? "no" : Answers.FirstOrDefault(answer => answer.StartsWith(typed, StringComparison.Ordinal));

    private ExistingFileAction Ask(RemoteFile remoteFile, string localPath)
    {
        if (!shell.CanAsk)
        {
            throw new UserErrorException(
                ExitCode.OtherError,
                $"get {remoteFile}: {localPath} already exists and was not changed",
                "get with --overwrite, --skip, --update or --resume");
        }

        while (true)
        {
            switch (shell.AskUser($"{localPath.ToPrintable()} already exists. Replace it? {Choices} ") is { } typed
                ? FindAnswer(typed)
                : "quit")
            {
                case "yes":
                    return ExistingFileAction.Overwrite;
                case "no":
                    return ExistingFileAction.Skip;
                case "all":
                    return _action = ExistingFileAction.Overwrite;
                case "none":
                    return _action = ExistingFileAction.Skip;
                case "newer":
                    return _action = ExistingFileAction.Update;
                case "resume" when canResume:
                    return ExistingFileAction.Resume;
                case "quit":
                    shell.CancelCommand();
                    throw new UserErrorException(
                        ExitCode.Interrupted, $"get {remoteFile}: stopped; {localPath} was not changed");
            }
        }
    }

    /// <summary>Returns whether to replace a file, by its last-modified time in whole seconds, as MDTM and MFMT report it.</summary>
    private async Task<ExistingFileAction> CompareTimesAsync(RemoteFile remoteFile, string localPath, CancellationToken cancellationToken)
    {
        DateTimeOffset? remoteTime =
            remoteFile.ListedEntry?.LastModified ?? await shell.Client.GetLastModifiedAsync(remoteFile.Path, cancellationToken);
        var localTime = new DateTimeOffset(File.GetLastWriteTimeUtc(localPath));
        if (remoteTime?.ToUnixTimeSeconds() > localTime.ToUnixTimeSeconds())
        {
            return ExistingFileAction.Overwrite;
        }

        string reason = remoteTime is null ? "the server does not report its time" : "the file on the server is not newer";
        Skip(remoteFile, localPath, reason);
        return ExistingFileAction.Skip;
    }

    private void Skip(RemoteFile remoteFile, string localPath, string reason)
    {
        JsonOutput.Current?.WriteTransfer(isUpload: false, localPath, remoteFile.Path, "skipped");
        shell.Terminal.WriteMessage($"skipped {localPath.ToPrintable()}: {reason}");
    }
}
