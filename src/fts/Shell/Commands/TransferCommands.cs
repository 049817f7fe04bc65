using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>The commands that transfer files.</summary>
internal static class TransferCommands
{
    /// <summary><c>put FILE…</c> uploads files to the current remote folder, under the last component of their paths.</summary>
    public static Task<ExitCode> PutAsync(ClientShell shell, CommandArguments arguments, CancellationToken cancellationToken) =>
        PutAsync(shell, arguments, ParseExistingFileAction(shell, arguments), cancellationToken);

    /// <inheritdoc cref="PutAsync(ClientShell, CommandArguments, CancellationToken)"/>
    public static Task<ExitCode> PutAsync(
        ClientShell shell, IReadOnlyList<ShellWord> arguments, ExistingFileAction existingFile, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> files = LocalFileFinder.Expand(arguments);
        return files.Count == 1
            ? shell.ForEachAsync("put", files, UploadOneAsync, cancellationToken)
            : new UploadBatch(shell, existingFile).RunAsync(files, FormatRetryCommand, cancellationToken);

        Task UploadOneAsync(string localPath, CancellationToken cancel) =>
            UploadFileAsync(shell, localPath, Path.GetFileName(Path.TrimEndingDirectorySeparator(localPath)), existingFile, cancel);

        // --skip is not the default option, because it would also skip an incomplete remote file.
        string FormatRetryCommand() => shell.FormatBatchRetryCommand(
            "put", existingFile == ExistingFileAction.Skip ? "--skip" : ResumeAdvice.GetUploadOption(shell), arguments);
    }

    /// <summary><c>get FILE…</c> downloads files to the current local folder, under the last component of their paths.</summary>
    public static Task<ExitCode> GetAsync(ClientShell shell, CommandArguments arguments, CancellationToken cancellationToken) =>
        GetAsync(shell, arguments, ParseExistingFileAction(shell, arguments), cancellationToken);

    /// <inheritdoc cref="GetAsync(ClientShell, CommandArguments, CancellationToken)"/>
    public static async Task<ExitCode> GetAsync(
        ClientShell shell, IReadOnlyList<ShellWord> arguments, ExistingFileAction existingFile, CancellationToken cancellationToken)
    {
        (IReadOnlyList<RemoteFile> files, ExitCode listingResult) =
            await RemoteFileFinder.ExpandAsync(shell, "get", arguments, cancellationToken);
        return ClientShell.CombineExitCodes(
            listingResult, await DownloadFilesAsync(shell, files, arguments, existingFile, cancellationToken));
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
        CancellationToken cancellationToken) => files.Count == 1
            ? shell.ForEachAsync(
                "get", files, (file, cancel) => DownloadFileAsync(shell, file, existingFile, cancel), cancellationToken)
            : new DownloadBatch(shell, existingFile).RunAsync(
                files, option => shell.FormatBatchRetryCommand("get", option, arguments), cancellationToken);

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
    /// <exception cref="TargetIsDirectoryException">The remote name is a folder.</exception>
    public static async Task UploadFileAsync(
        ClientShell shell, string localPath, string name, ExistingFileAction existingFile, CancellationToken cancellationToken)
    {
        string remotePath = shell.CurrentDirectory.Join(name);
        ValidateUpload(shell, localPath, name);
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

                throw ResumeAdvice.AddToUploadError(shell, e, localPath, meter.Latest);
            }
        }

        JsonOutput.Current?.WriteTransfer(isUpload: true, localPath, remotePath, "complete", result);
        shell.Terminal.WriteMessage(TransferReport.FormatTransfer(TransferDirection.Upload.PastVerb, name, result));
    }

    /// <summary>Downloads one file and reports the result. May ask the user about an existing local file.</summary>
    public static async Task DownloadFileAsync(
        ClientShell shell, RemoteFile remoteFile, ExistingFileAction existingFile, CancellationToken cancellationToken)
    {
        (string name, existingFile) = ResolveDownloadTarget(shell, remoteFile, existingFile);
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
    /// Returns the local name of a download and the action for an existing file. If the file exists and the action is
    /// <see cref="ExistingFileAction.Default"/>, asks the user. If the file exists and is skipped, prints a message. If the file does not
    /// exist, nothing can be skipped, so that <see cref="ExistingFileAction.Skip"/> becomes <see cref="ExistingFileAction.Overwrite"/>.
    /// Other actions are returned unchanged.
    /// </summary>
    /// <exception cref="UserErrorException">
    /// The name cannot be a local file name, or is the name of a folder, or the file exists and the user cannot be asked.
    /// </exception>
    public static (string Name, ExistingFileAction ExistingFile) ResolveDownloadTarget(
        ClientShell shell, RemoteFile remoteFile, ExistingFileAction existingFile)
    {
        string name = remoteFile.LocalName;
        // A name from the server may refer to a file outside the local folder. A listed name with a slash would be stored under its last
        // component, which the pattern may not match.
        if (remoteFile.ListedEntry is { IsSafeName: false }
            || (remoteFile.LocalTarget is null
                && !new FtpEntry { Path = remoteFile.Path, Name = name, Kind = FtpEntryKind.File }.IsSafeName))
        {
            throw new UserErrorException(
                ExitCode.UsageError, $"get {remoteFile}: '{remoteFile.ListedEntry?.Name ?? name}' cannot be a local file name");
        }

        if (Directory.Exists(name))
        {
            throw new UserErrorException(
                ExitCode.LocalFileError,
                $"get {remoteFile}: {Environment.CurrentDirectory} contains a folder with that name",
                "lcd to another folder");
        }

        if (!File.Exists(name))
        {
            return (name, existingFile == ExistingFileAction.Skip ? ExistingFileAction.Overwrite : existingFile);
        }

        existingFile = existingFile == ExistingFileAction.Default ? AskExistingFileAction(shell, remoteFile, name) : existingFile;
        if (existingFile == ExistingFileAction.Skip)
        {
            JsonOutput.Current?.WriteTransfer(isUpload: false, name, remoteFile.Path, "skipped");
            shell.Terminal.WriteMessage($"skipped {name.ToPrintable()}: already exists in the local folder");
        }

        return (name, existingFile);
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

    private static ExistingFileAction AskExistingFileAction(ClientShell shell, RemoteFile remoteFile, string name)
    {
        if (!shell.Terminal.IsInteractive)
        {
            throw new UserErrorException(
                ExitCode.OtherError,
                $"get {remoteFile}: {name} already exists and was not changed",
                "get with --overwrite, --skip or --resume");
        }

        return shell.AskUser($"{name.ToPrintable()} already exists. Replace it? [y/N/resume] ") switch
        {
            null => throw new UserErrorException(ExitCode.Interrupted, $"get {remoteFile}: stopped; {name} was not changed"),
            "y" or "yes" => ExistingFileAction.Overwrite,
            "r" or "resume" => ExistingFileAction.Resume,
            _ => ExistingFileAction.Skip,
        };
    }
}
