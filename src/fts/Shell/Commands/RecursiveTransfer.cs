using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>
/// Transfers files and folders with everything in them (<c>put -r</c>, <c>get -r</c>). A file that already is the same in the target is not
/// transferred again, so that the repeated command continues after an interruption.
/// </summary>
internal static class RecursiveTransfer
{
    /// <summary>Uploads files and folders.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="words">The local files and folders.</param>
    /// <param name="target">The remote folder, or the new name of a single folder; null for the current remote folder.</param>
    /// <param name="existingFile">The action for existing remote files.</param>
    /// <param name="cancellationToken">Cancels the uploads.</param>
    public static async Task<ExitCode> UploadAsync(
        ClientShell shell,
        IReadOnlyList<ShellWord> words,
        UploadTarget? target,
        ExistingFileAction existingFile,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<string> paths = LocalFileFinder.Expand(words, includesFolders: true);
        bool isTargetFolder = target is not null && (words.Any(word => word.IsPattern) || target.IsFolder
            || await shell.Client.GetEntryAsync(shell.CurrentDirectory.Join(target.Path), cancellationToken)
                is { Kind: FtpEntryKind.Directory });
        return await shell.ForEachAsync("put", paths, UploadOneAsync, cancellationToken);

        async Task<ExitCode> UploadOneAsync(string path, CancellationToken cancel)
        {
            string trimmed = Path.TrimEndingDirectorySeparator(path), name = Path.GetFileName(trimmed);
            bool hasName = name is not ("" or "." or "..");
            string remoteName = target switch
            {
                null => hasName ? name : "",
                _ when isTargetFolder && hasName => target.GetFilePath(name),
                _ => target.Path,
            };
            if (!Directory.Exists(path))
            {
                await TransferCommands.UploadFileAsync(shell, path, remoteName, existingFile, cancel, target?.TypedText);
                return ExitCode.Success;
            }

            if (remoteName.Length == 0 && name != ".")
            {
                throw new UserErrorException(
                    ExitCode.UsageError,
                    $"put -r {path}: a target is required, because the folder has no name for the server",
                    $"put -r {ShellLineParser.Escape(path)} TARGET");
            }

            string remotePath = remoteName.Length == 0
                ? await MirrorOperation.GetRemotePathAsync(shell, new ShellWord(""), cancel)
                : shell.CurrentDirectory.Join(remoteName.Length > 1 ? remoteName.TrimEnd('/') : remoteName);
            bool isRenamed = target is not null;
            return await MirrorOperation.RunAsync(
                shell,
                new MirrorRequest(FtpMirrorDirection.Upload, trimmed, remotePath, () => FormatRetryCommand(isRenamed))
                {
                    Verb = "put",
                    ExistingFile = existingFile,
                    SelectFiles = existingFile == ExistingFileAction.Update
                        ? (files, token) => SelectNewerAsync(shell, files, token)
                        : null,
                },
                cancel);

            string FormatRetryCommand(bool hasTarget) =>
                shell.GetFormatter("mirror", ExitCode.Success) is { SessionCommand.Length: > 0 } formatter
                    ? MirrorOperation.FormatOneShotCommand(
                        true, trimmed, shell.Target.FormatUrl(new ShellWord(remotePath)), formatter.Suffix)
                    : $"put -r {ShellLineParser.Escape(path)}{(hasTarget ? $" {ShellLineParser.Escape(target!.TypedText)}" : "")}";
        }
    }

    /// <summary>Downloads files and folders.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="words">The remote files and folders.</param>
    /// <param name="typedTarget">The local folder, or the new name of a single folder; null for the current local folder.</param>
    /// <param name="existingFile">The action for existing local files.</param>
    /// <param name="cancellationToken">Cancels the downloads.</param>
    public static async Task<ExitCode> DownloadAsync(
        ClientShell shell,
        IReadOnlyList<ShellWord> words,
        string? typedTarget,
        ExistingFileAction existingFile,
        CancellationToken cancellationToken)
    {
        string? target = typedTarget is null ? null : LocalFileFinder.ExpandHome(typedTarget);
        bool isTargetFolder = target is not null
            && (words.Any(word => word.IsPattern) || Directory.Exists(target) || Path.EndsInDirectorySeparator(target));
        (List<FtpEntry> entries, ExitCode listingResult) = await FindEntriesAsync(shell, words, cancellationToken);
        var question = new ExistingFileQuestion(shell, existingFile, canResume: false);
        ExitCode result = await shell.ForEachAsync(
            "get", [.. entries.Select(entry => new ListedName(entry))], DownloadOneAsync, cancellationToken);
        return ClientShell.CombineExitCodes(listingResult, result);

        async Task<ExitCode> DownloadOneAsync(ListedName item, CancellationToken cancel)
        {
            FtpEntry entry = item.Entry;
            string serverName = FtpName.ToLocalName(RemoteDirectory.GetName(entry.Path.TrimEnd('/')));
            bool hasName = new FtpEntry { Path = entry.Path, Name = serverName, Kind = FtpEntryKind.Directory }.IsSafeName;
            if (!hasName && target is null)
            {
                throw new UserErrorException(
                    ExitCode.UsageError,
                    $"get -r {item}: a target is required, because '{serverName}' cannot be a local file name",
                    $"get -r {ShellLineParser.Escape(item.ToString())} TARGET");
            }

            string localPath = target switch
            {
                null => serverName,
                _ when isTargetFolder && hasName => Path.Combine(target, serverName),
                _ => target,
            };
            if (entry.Kind != FtpEntryKind.Directory)
            {
                var file = new RemoteFile(item.ToString(), entry.Path, entry) { LocalTarget = localPath, TypedTarget = typedTarget };
                await TransferCommands.DownloadFileAsync(shell, file, existingFile, cancel);
                return ExitCode.Success;
            }

            return await MirrorOperation.RunAsync(
                shell,
                new MirrorRequest(FtpMirrorDirection.Download, localPath, entry.Path, FormatRetryCommand)
                {
                    Verb = "get",
                    ExistingFile = existingFile is ExistingFileAction.Resume ? existingFile : ExistingFileAction.Overwrite,
                    SelectFiles = (files, token) => SelectFilesAsync(shell, files, question, token),
                },
                cancel);

            string FormatRetryCommand() =>
                shell.GetFormatter("mirror", ExitCode.Success) is { SessionCommand.Length: > 0 } formatter
                    ? MirrorOperation.FormatOneShotCommand(
                        false, localPath, shell.Target.FormatUrl(new ShellWord(entry.Path)), formatter.Suffix)
                    : $"get -r {ShellLineParser.Escape(item.ToString())}"
                        + (typedTarget is null ? "" : $" {ShellLineParser.Escape(typedTarget)}");
        }
    }

    /// <summary>Returns the entries that words and patterns select, and the exit code of the listings.</summary>
    private static async Task<(List<FtpEntry> Entries, ExitCode Result)> FindEntriesAsync(
        ClientShell shell, IReadOnlyList<ShellWord> words, CancellationToken cancellationToken)
    {
        var entries = new List<FtpEntry>();
        ExitCode result = ExitCode.Success;
        foreach (ShellWord word in words)
        {
            if (word.IsPattern)
            {
                List<FtpEntry> matches = await RemoteFileFinder.MatchAsync(shell, word, cancellationToken);
                List<FtpEntry> unreadable = matches.FindAll(RemoteFileFinder.IsUnreadable);
                result = ClientShell.CombineExitCodes(result, UnreadableLineWarnings.WriteWarnings(shell, "get", unreadable));
                if (matches.Count == unreadable.Count)
                {
                    throw new UserErrorException(ExitCode.NotFound, $"no remote file matches {word}", "ls, to list the folder");
                }

                entries.AddRange(matches.Where(entry => !RemoteFileFinder.IsUnreadable(entry)));
                continue;
            }

            if (word.Text is "." or "/" or "./")
            {
                string path = await MirrorOperation.GetRemotePathAsync(
                    shell, word.Text == "/" ? word : new ShellWord(""), cancellationToken);
                entries.Add(new FtpEntry { Path = path, Name = word.Text, Kind = FtpEntryKind.Directory });
                continue;
            }

            string resolved = shell.CurrentDirectory.Resolve(word with { Text = word.Text.TrimEnd('/') });
            entries.Add(await shell.Client.GetEntryAsync(resolved, cancellationToken) ?? throw new UserErrorException(
                ExitCode.NotFound, $"get {word}: no such file or folder on the server {shell.Target}", "ls, to list the folder"));
        }

        return (entries, result);
    }

    /// <summary>Returns the files to download: missing files, and the existing files that the user wants to replace.</summary>
    private static async Task<(IReadOnlyList<FtpBatchFile> Files, ExitCode Result)> SelectFilesAsync(
        ClientShell shell, IReadOnlyList<FtpBatchFile> files, ExistingFileQuestion question, CancellationToken cancellationToken)
    {
        var selected = new List<FtpBatchFile>();
        ExitCode result = await shell.ForEachAsync("get", files, SelectAsync, cancellationToken, isPartOfBatch: true);
        cancellationToken.ThrowIfCancellationRequested();
        return (selected, result);

        async Task SelectAsync(FtpBatchFile file, CancellationToken cancel)
        {
            var remoteFile = new RemoteFile(FtpName.Escape(file.RemotePath), file.RemotePath, file.SourceEntry);
            if (!File.Exists(file.LocalPath)
                || await question.DecideAsync(remoteFile, file.LocalPath, cancel) != ExistingFileAction.Skip)
            {
                selected.Add(file);
            }
        }
    }

    /// <summary>Returns the files that are missing on the server or newer than the file on the server.</summary>
    private static async Task<(IReadOnlyList<FtpBatchFile> Files, ExitCode Result)> SelectNewerAsync(
        ClientShell shell, IReadOnlyList<FtpBatchFile> files, CancellationToken cancellationToken)
    {
        var selected = new List<FtpBatchFile>();
        foreach (FtpBatchFile file in files)
        {
            if (await TransferCommands.IsNewerAsync(shell, file.LocalPath, file.RemotePath, cancellationToken))
            {
                selected.Add(file);
            }
        }

        return (selected, ExitCode.Success);
    }

    /// <summary>An entry with the name that messages contain.</summary>
    private sealed record ListedName(FtpEntry Entry)
    {
        public override string ToString() => FtpName.Escape(Entry.Path);
    }
}
