using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>The commands that transfer files.</summary>
internal static class TransferCommands
{
    /// <summary>The option that transfers folders with everything in them.</summary>
    public const string Recursive = "-r";

    /// <summary>The options of <c>put</c> and <c>get</c>.</summary>
    public static IReadOnlyList<ShellOption> Options { get; } =
        [new(Recursive, "also transfer folders with everything in them"), .. TransferSettings.ExistingFileOptions];

    /// <summary><c>put LOCAL [REMOTE]</c> uploads a file, or the files of a pattern. REMOTE is a folder or the new name.</summary>
    public static Task<ExitCode> PutAsync(ClientShell shell, CommandArguments arguments, CancellationToken cancellationToken)
    {
        UploadTarget? target = GetTarget("put", arguments) is { } text ? new UploadTarget(text) : null;
        ExistingFileAction existingFile = ParseExistingFileAction(shell, arguments);
        return arguments.HasOption(Recursive)
            ? RecursiveTransfer.UploadAsync(shell, [arguments[0]], target, existingFile, cancellationToken)
            : PutAsync(shell, [arguments[0]], target, existingFile, cancellationToken);
    }

    /// <summary><c>mput FILE…</c> uploads files to the current remote folder, under the last component of their paths.</summary>
    public static Task<ExitCode> MputAsync(ClientShell shell, CommandArguments arguments, CancellationToken cancellationToken)
    {
        ExistingFileAction existingFile = ParseExistingFileAction(shell, arguments);
        return arguments.HasOption(Recursive)
            ? RecursiveTransfer.UploadAsync(shell, [.. arguments], null, existingFile, cancellationToken)
            : PutAsync(shell, [.. arguments], null, existingFile, cancellationToken);
    }

    /// <summary>Uploads files to the current remote folder, under the last component of their paths.</summary>
    public static Task<ExitCode> PutAsync(
        ClientShell shell, IReadOnlyList<ShellWord> words, ExistingFileAction existingFile, CancellationToken cancellationToken) =>
        PutAsync(shell, words, null, existingFile, cancellationToken);

    /// <summary><c>get REMOTE [LOCAL]</c> downloads a file, or the files of a pattern. LOCAL is a folder or the new name.</summary>
    public static async Task<ExitCode> GetAsync(ClientShell shell, CommandArguments arguments, CancellationToken cancellationToken)
    {
        string? target = GetTarget("get", arguments);
        ExistingFileAction existingFile = ParseExistingFileAction(shell, arguments);
        if (arguments.HasOption(Recursive))
        {
            return await RecursiveTransfer.DownloadAsync(shell, [arguments[0]], target, existingFile, cancellationToken);
        }

        (IReadOnlyList<RemoteFile> files, ExitCode listingResult) =
            await RemoteFileFinder.ExpandAsync(shell, "get", [arguments[0]], cancellationToken);
        files = target is null ? files : SetTarget(files, target, arguments[0].IsPattern);
        ExitCode code = await DownloadAsync(shell, files, [arguments[0]], target, existingFile, cancellationToken);
        return ClientShell.CombineExitCodes(listingResult, code);
    }

    /// <summary><c>mget FILE…</c> downloads files to the current local folder, under the last component of their paths.</summary>
    public static Task<ExitCode> MgetAsync(ClientShell shell, CommandArguments arguments, CancellationToken cancellationToken)
    {
        ExistingFileAction existingFile = ParseExistingFileAction(shell, arguments);
        return arguments.HasOption(Recursive)
            ? RecursiveTransfer.DownloadAsync(shell, [.. arguments], null, existingFile, cancellationToken)
            : GetAsync(shell, [.. arguments], existingFile, cancellationToken);
    }

    /// <summary>Downloads files to the current local folder, under the last component of their paths.</summary>
    public static async Task<ExitCode> GetAsync(
        ClientShell shell, IReadOnlyList<ShellWord> words, ExistingFileAction existingFile, CancellationToken cancellationToken)
    {
        (IReadOnlyList<RemoteFile> files, ExitCode listingResult) =
            await RemoteFileFinder.ExpandAsync(shell, "get", words, cancellationToken);
        ExitCode code = await DownloadAsync(shell, files, words, null, existingFile, cancellationToken);
        return ClientShell.CombineExitCodes(listingResult, code);
    }

    /// <summary>Downloads files. Several files are a batch.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="files">The files.</param>
    /// <param name="words">The files as the user typed them, for advice.</param>
    /// <param name="target">The target as the user typed it, for advice; null for the current local folder.</param>
    /// <param name="existingFile">The action for existing local files.</param>
    /// <param name="cancellationToken">Cancels the downloads.</param>
    public static Task<ExitCode> DownloadAsync(
        ClientShell shell,
        IReadOnlyList<RemoteFile> files,
        IReadOnlyList<ShellWord> words,
        string? target,
        ExistingFileAction existingFile,
        CancellationToken cancellationToken) => files.Count == 1
            ? shell.ForEachAsync("get", files, (file, cancel) => DownloadFileAsync(shell, file, existingFile, cancel), cancellationToken)
            : new DownloadBatch(shell, existingFile).RunAsync(
                files, option => shell.FormatBatchRetryCommand("get", option, words, target), cancellationToken);

    /// <summary>Uploads files to a target. Several files are a batch.</summary>
    private static async Task<ExitCode> PutAsync(
        ClientShell shell,
        IReadOnlyList<ShellWord> words,
        UploadTarget? target,
        ExistingFileAction existingFile,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<string> files = LocalFileFinder.Expand(words);
        if (files is [var single])
        {
            string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(single));
            try
            {
                string remoteName = target switch
                {
                    null => name,
                    { IsFolder: true } => target.GetFilePath(name),
                    _ when words[0].IsPattern => target.GetFilePath(name),
                    _ => target.Path,
                };
                await UploadFileAsync(shell, single, remoteName, existingFile, cancellationToken, target?.TypedText);
            }
            catch (TargetIsDirectoryException) when (target is { IsFolder: false } && !words[0].IsPattern)
            {
                // The target is an existing folder, so the file is stored in the folder under its own name.
                await UploadFileAsync(shell, single, target.GetFilePath(name), existingFile, cancellationToken, target.TypedText);
            }

            return ExitCode.Success;
        }

        return await new UploadBatch(shell, existingFile, target).RunAsync(files, FormatRetryCommand, cancellationToken);

        // --skip is not the default option, because it would also skip an incomplete remote file.
        string FormatRetryCommand() => shell.FormatBatchRetryCommand(
            "put",
            existingFile == ExistingFileAction.Skip ? "--skip" : ResumeAdvice.GetUploadOption(shell),
            words,
            target?.TypedText);
    }

    /// <summary>Returns the target that the user typed after the file, or null.</summary>
    /// <exception cref="UserErrorException">The target is a pattern.</exception>
    private static string? GetTarget(string verb, CommandArguments arguments)
    {
        if (arguments.Count < 2)
        {
            return null;
        }

        return arguments[1].IsPattern
            ? throw new UserErrorException(
                ExitCode.UsageError,
                $"{verb}: the second name is the target, which cannot be the pattern {arguments[1]}",
                $"m{verb} {arguments[0]} {arguments[1]}, to transfer several files")
            : arguments[1].Text;
    }

    /// <summary>Sets the local path of each file: in the target if it is a folder, otherwise the target itself.</summary>
    /// <exception cref="UserErrorException">The target must be a folder, and is not.</exception>
    private static RemoteFile[] SetTarget(IReadOnlyList<RemoteFile> files, string typedTarget, bool mustBeFolder)
    {
        string target = LocalFileFinder.ExpandHome(typedTarget);
        bool isFolder = Directory.Exists(target);
        if (!isFolder && (mustBeFolder || Path.EndsInDirectorySeparator(target)))
        {
            throw new UserErrorException(
                ExitCode.NotFound,
                $"get: {typedTarget} is not a folder in {Environment.CurrentDirectory}",
                OperatingSystem.IsWindows() ? null : $"!mkdir -p {ShellQuoting.Quote(target)}");
        }

        return
        [
            .. files.Select(file => file with
            {
                LocalTarget = isFolder ? Path.Combine(target, file.ServerName) : target,
                TypedTarget = typedTarget,
            }),
        ];
    }

    /// <summary>Downloads files, several of them as a batch.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="files">The files.</param>
    /// <param name="arguments">The words that selected the files, for the command that repeats the downloads.</param>
    /// <param name="existingFile">The action for existing local files.</param>
    /// <param name="cancellationToken">Cancels the downloads.</param>
    public static Task<ExitCode> DownloadFilesAsync(
        ClientShell shell,
        IReadOnlyList<RemoteFile> files,
        IReadOnlyList<ShellWord> arguments,
        ExistingFileAction existingFile,
        CancellationToken cancellationToken) => DownloadAsync(shell, files, arguments, null, existingFile, cancellationToken);

    /// <summary><c>cat FILE…</c> writes the content of files to standard output. In binary mode, the bytes are unchanged.</summary>
    public static async Task<ExitCode> CatAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        (IReadOnlyList<RemoteFile> files, ExitCode listingResult) =
            await RemoteFileFinder.ExpandAsync(shell, "cat", arguments, cancellationToken);
        return ClientShell.CombineExitCodes(listingResult, await shell.ForEachAsync("cat", files, PrintFileAsync, cancellationToken));

        async Task PrintFileAsync(RemoteFile file, CancellationToken cancel)
        {
            var options = new FtpTransferOptions { SourceEntry = file.ListedEntry, Type = shell.TransferSettings.Type };
            FtpTransferResult result = await FileTransfers.PrintAsync(shell, file.Path, options, cancel);
            if (TransferReport.FormatWarning(file.TypedName, result) is { } warning)
            {
                shell.Terminal.WriteMessage(warning);
            }
        }
    }

    /// <summary>Uploads one file and reports the result.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="localPath">The local file.</param>
    /// <param name="name">The remote name, relative to the current remote folder.</param>
    /// <param name="existingFile">The action for an existing remote file.</param>
    /// <param name="cancellationToken">Cancels the upload.</param>
    /// <param name="typedTarget">The target as the user typed it, for advice; null if the user typed none.</param>
    /// <exception cref="TargetIsDirectoryException">The remote name is a folder.</exception>
    public static async Task UploadFileAsync(
        ClientShell shell,
        string localPath,
        string name,
        ExistingFileAction existingFile,
        CancellationToken cancellationToken,
        string? typedTarget = null)
    {
        string remotePath = shell.CurrentDirectory.Join(name);
        ValidateUpload(shell, localPath, name);
        if (existingFile == ExistingFileAction.Update && !await IsNewerAsync(shell, localPath, remotePath, cancellationToken))
        {
            return;
        }

        FtpTransferResult result;
        await using (var meter = new TransferMeter(shell.Terminal, TransferDirection.Upload.ActiveVerb, name))
        {
            try
            {
                result = await FileTransfers.UploadAsync(
                    shell, localPath, remotePath, CreateOptions(shell, existingFile), meter, cancellationToken);
            }
            catch (FtpTargetExistsException e) when (existingFile == ExistingFileAction.Skip)
            {
                if (await EntryKindErrors.IsDirectoryAsync(shell, e, remotePath, cancellationToken))
                {
                    throw new TargetIsDirectoryException(localPath, name);
                }

                JsonOutput.Current?.WriteTransfer(isUpload: true, localPath, remotePath, "skipped");
                shell.Terminal.WriteMessage($"skipped {name.ToPrintable()}: already exists on the server");
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                if (await EntryKindErrors.IsDirectoryAsync(shell, e, remotePath, cancellationToken))
                {
                    throw new TargetIsDirectoryException(localPath, name);
                }

                throw ResumeAdvice.AddToUploadError(shell, e, localPath, meter.Latest, typedTarget);
            }
        }

        JsonOutput.Current?.WriteTransfer(isUpload: true, localPath, remotePath, "complete", result);
        shell.Terminal.WriteMessage(TransferReport.FormatTransfer(TransferDirection.Upload.PastVerb, name, result));
    }

    /// <summary>Downloads one file and reports the result. May ask the user about an existing local file.</summary>
    public static async Task DownloadFileAsync(
        ClientShell shell, RemoteFile remoteFile, ExistingFileAction existingFile, CancellationToken cancellationToken)
    {
        var question = new ExistingFileQuestion(shell, existingFile);
        (string name, existingFile) = await ResolveDownloadTargetAsync(shell, remoteFile, existingFile, question, cancellationToken);
        if (existingFile == ExistingFileAction.Skip)
        {
            return;
        }

        FtpTransferResult result;
        await using (var meter = new TransferMeter(shell.Terminal, TransferDirection.Download.ActiveVerb, name))
        {
            try
            {
                FtpTransferOptions options = CreateOptions(shell, existingFile) with { SourceEntry = remoteFile.ListedEntry };
                result = await FileTransfers.DownloadAsync(shell, name, remoteFile.Path, options, meter, cancellationToken);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                if (await EntryKindErrors.IsDirectoryAsync(shell, e, remoteFile.Path, cancellationToken))
                {
                    throw new UserErrorException(
                        ExitCode.OtherError,
                        $"get {remoteFile}: it is a folder; get downloads files only",
                        MirrorOperation.FormatCommand(shell, isUpload: false, name, remoteFile.Path, remoteFile.TypedName));
                }

                throw ResumeAdvice.AddToDownloadError(shell, e, remoteFile, name, existingFile);
            }
        }

        JsonOutput.Current?.WriteTransfer(isUpload: false, name, remoteFile.Path, "complete", result);
        shell.Terminal.WriteMessage(TransferReport.FormatTransfer(TransferDirection.Download.PastVerb, name, result));
    }

    /// <summary>Checks that <c>put</c> can upload a local file.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="localPath">The local file.</param>
    /// <param name="name">The remote name.</param>
    /// <exception cref="UserErrorException">The file is a folder, or its name is not UTF-8.</exception>
    public static void ValidateUpload(ClientShell shell, string localPath, string name)
    {
        if (localPath.Contains('\uFFFD', StringComparison.Ordinal) && !File.Exists(localPath))
        {
            throw new UserErrorException(
                ExitCode.LocalFileError, $"put {localPath}: cannot open the file, because its name is not UTF-8", "rename the file first");
        }

        if (Directory.Exists(localPath))
        {
            throw new UserErrorException(
                ExitCode.UsageError,
                $"put {localPath}: it is a folder; put uploads files only",
                MirrorOperation.FormatCommand(shell, isUpload: true, localPath, shell.CurrentDirectory.Join(name), FtpName.Escape(name)));
        }
    }

    /// <summary>
    /// Returns whether an upload with <c>--update</c> replaces the remote file: the file is missing, or older than the local file in whole
    /// seconds. Otherwise prints a message.
    /// </summary>
    public static async Task<bool> IsNewerAsync(ClientShell shell, string localPath, string remotePath, CancellationToken cancellationToken)
    {
        DateTimeOffset? remoteTime = await shell.Client.GetLastModifiedAsync(remotePath, cancellationToken);
        var localTime = new DateTimeOffset(File.GetLastWriteTimeUtc(localPath));
        if (remoteTime is null || localTime.ToUnixTimeSeconds() > remoteTime.Value.ToUnixTimeSeconds())
        {
            return true;
        }

        shell.Terminal.WriteMessage($"skipped {localPath.ToPrintable()}: the local file is not newer");
        return false;
    }

    /// <summary>
    /// Returns the local path of a download and the action for an existing file. If the file exists, the action is the decision of
    /// <paramref name="question"/>. If the file does not exist, nothing can be skipped, so that <see cref="ExistingFileAction.Skip"/> and
    /// <see cref="ExistingFileAction.Update"/> become <see cref="ExistingFileAction.Overwrite"/>. Other actions are returned unchanged.
    /// </summary>
    /// <exception cref="UserErrorException">
    /// The name cannot be a local file name, or is the name of a folder, or the file exists and the user cannot be asked.
    /// </exception>
    public static async Task<(string Name, ExistingFileAction ExistingFile)> ResolveDownloadTargetAsync(
        ClientShell shell,
        RemoteFile remoteFile,
        ExistingFileAction existingFile,
        ExistingFileQuestion question,
        CancellationToken cancellationToken)
    {
        string serverName = remoteFile.ServerName, name = remoteFile.LocalName;
        // A name from the server may refer to a file outside the local folder. A listed name with a slash would be stored under its last
        // component, which the pattern may not match.
        bool isRenamed = remoteFile.LocalTarget is { } target && Path.GetFileName(target) != serverName;
        if (!isRenamed && (remoteFile.ListedEntry is { IsSafeName: false }
            || !new FtpEntry { Path = remoteFile.Path, Name = serverName, Kind = FtpEntryKind.File }.IsSafeName))
        {
            throw new UserErrorException(
                ExitCode.UsageError, $"get {remoteFile}: '{remoteFile.ListedEntry?.Name ?? serverName}' cannot be a local file name");
        }

        if (Directory.Exists(name))
        {
            throw new UserErrorException(
                ExitCode.LocalFileError,
                $"get {remoteFile}: {Path.GetDirectoryName(Path.GetFullPath(name))} contains a folder with that name",
                "lcd to another folder");
        }

        if (!File.Exists(name))
        {
            bool isSkipping = existingFile is ExistingFileAction.Skip or ExistingFileAction.Update;
            return (name, isSkipping ? ExistingFileAction.Overwrite : existingFile);
        }

        return (name, await question.DecideAsync(remoteFile, name, cancellationToken));
    }

    /// <summary>Returns the options of a transfer for the client library.</summary>
    /// <exception cref="UserErrorException">The settings cannot be combined.</exception>
    public static FtpTransferOptions CreateOptions(ClientShell shell, ExistingFileAction existingFile)
    {
        (shell.TransferSettings with { ExistingFile = existingFile }).Validate();
        return new()
        {
            Overwrite = existingFile != ExistingFileAction.Skip,
            Verification = shell.TransferSettings.Verification,
            Segments = shell.TransferSettings.Segments,
            Resume = existingFile == ExistingFileAction.Resume ? FtpResume.PartialOrTarget : FtpResume.Partial,
            Type = shell.TransferSettings.Type,
        };
    }

    private static ExistingFileAction ParseExistingFileAction(ClientShell shell, CommandArguments arguments) =>
        TransferSettings.ParseExistingFileAction(arguments.HasOption, shell.TransferSettings.ExistingFile);
}
