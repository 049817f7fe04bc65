using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>The commands that move files.</summary>
internal static class TransferCommands
{
    /// <summary><c>put FILE…</c>: each under its base name, into the current folder there.</summary>
    public static Task<ExitCode> PutAsync(ClientShell shell, CommandArguments arguments, CancellationToken cancellationToken) =>
        PutAsync(shell, arguments, TransferSettings.ParseExistingFileAction(arguments.HasOption, shell.TransferSettings.ExistingFile), cancellationToken);

    /// <summary>The same, with the choice made.</summary>
    public static Task<ExitCode> PutAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, ExistingFileAction existingFile, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> files = LocalFileFinder.Expand(arguments);
        return files.Count == 1
            ? shell.ForEachAsync("put", files, (localPath, cancel) => UploadFileAsync(shell, localPath, Path.GetFileName(Path.TrimEndingDirectorySeparator(localPath)), existingFile, cancel), cancellationToken)
            // --skip would skip a file of which the server has only a part.
            : new UploadBatch(shell, existingFile).RunAsync(files, () => shell.FormatBatchRetryCommand("put", existingFile == ExistingFileAction.Skip ? "--skip" : ResumeAdvice.GetUploadOption(shell), arguments), cancellationToken);
    }

    /// <summary><c>get FILE…</c>: each under its base name, into the current folder here.</summary>
    public static Task<ExitCode> GetAsync(ClientShell shell, CommandArguments arguments, CancellationToken cancellationToken) =>
        GetAsync(shell, arguments, TransferSettings.ParseExistingFileAction(arguments.HasOption, shell.TransferSettings.ExistingFile), cancellationToken);

    /// <summary>The same, with the choice made.</summary>
    public static async Task<ExitCode> GetAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, ExistingFileAction existingFile, CancellationToken cancellationToken)
    {
        (IReadOnlyList<RemoteFile> remoteFiles, ExitCode listed) = await RemoteFileFinder.ExpandAsync(shell, "get", arguments, cancellationToken);
        return ClientShell.CombineExitCodes(listed, remoteFiles.Count == 1
            ? await shell.ForEachAsync("get", remoteFiles, (remoteFile, cancel) => DownloadFileAsync(shell, remoteFile, existingFile, cancel), cancellationToken)
            : await new DownloadBatch(shell, existingFile).RunAsync(remoteFiles, option => shell.FormatBatchRetryCommand("get", option, arguments), cancellationToken));
    }

    /// <summary><c>cat FILE…</c>: their bytes to stdout, nothing added.</summary>
    public static async Task<ExitCode> CatAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        (IReadOnlyList<RemoteFile> remoteFiles, ExitCode listed) = await RemoteFileFinder.ExpandAsync(shell, "cat", arguments, cancellationToken);
        return ClientShell.CombineExitCodes(listed, await shell.ForEachAsync("cat", remoteFiles, async (remoteFile, cancel) =>
        {
            FtpTransferResult result =
                await shell.Client.DownloadAsync(shell.Terminal.OpenDataStream(), remoteFile.Path, new FtpTransferOptions { SourceEntry = remoteFile.ListedEntry, Type = shell.TransferSettings.Type }, null, cancel);
            if (TransferReport.FormatWarning(remoteFile.TypedName, result) is { } warning)
            {
                shell.Terminal.WriteMessage(warning);
            }
        }, cancellationToken));
    }

    /// <summary>Sends one file.</summary>
    public static async Task UploadFileAsync(ClientShell shell, string localPath, string name, ExistingFileAction existingFile, CancellationToken cancellationToken)
    {
        ValidateUpload(shell, localPath, name);
        FtpTransferResult result;
        await using (var meter = new TransferMeter(shell.Terminal, TransferDirection.Upload.ActiveVerb, name))
        {
            try
            {
                result = await shell.Client.UploadFileAsync(localPath, shell.CurrentDirectory.Join(name), CreateOptions(shell, existingFile), meter, cancellationToken);
            }
            catch (FtpTargetExistsException e) when (existingFile == ExistingFileAction.Skip)
            {
                if (await EntryKindErrors.IsDirectoryAsync(shell, e, shell.CurrentDirectory.Join(name), cancellationToken))
                {
                    throw new TargetIsDirectoryException(localPath, name);
                }

                shell.Terminal.WriteMessage($"{name.ToPrintable()} is on the server already: skipped");
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                if (await EntryKindErrors.IsDirectoryAsync(shell, e, shell.CurrentDirectory.Join(name), cancellationToken))
                {
                    throw new TargetIsDirectoryException(localPath, name);
                }

                throw ResumeAdvice.ForUpload(shell, e, localPath, meter.Latest);
            }
        }

        shell.Terminal.WriteMessage(TransferReport.FormatTransfer(TransferDirection.Upload.PastVerb, name, result));
    }

    /// <summary>Fetches one file.</summary>
    public static async Task DownloadFileAsync(ClientShell shell, RemoteFile remoteFile, ExistingFileAction existingFile, CancellationToken cancellationToken)
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
                result = await shell.Client.DownloadFileAsync(name, remoteFile.Path, CreateOptions(shell, existingFile) with { SourceEntry = remoteFile.ListedEntry }, meter, cancellationToken);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                if (await EntryKindErrors.IsDirectoryAsync(shell, e, remoteFile.Path, cancellationToken))
                {
                    throw new UserErrorException(ExitCode.OtherError, $"get {remoteFile}: it is a folder; get fetches files", MirrorOperation.FormatCommand(shell, isUpload: false, name, remoteFile.Path, remoteFile.TypedName));
                }

                throw ResumeAdvice.ForDownload(shell, e, remoteFile, name, existingFile);
            }
        }

        shell.Terminal.WriteMessage(TransferReport.FormatTransfer(TransferDirection.Download.PastVerb, name, result));
    }

    /// <summary>Refuses what <c>put</c> does not send.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="localPath">The local file.</param>
    /// <param name="name">The name of the file on the server.</param>
    public static void ValidateUpload(ClientShell shell, string localPath, string name)
    {
        if (localPath.Contains('\uFFFD', StringComparison.Ordinal) && !File.Exists(localPath))
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"put {localPath}: the file cannot be opened, because its name is not UTF-8", "rename the file first");
        }

        if (Directory.Exists(localPath))
        {
            throw new UserErrorException(
                ExitCode.UsageError, $"put {localPath}: it is a folder; put sends files", MirrorOperation.FormatCommand(shell, isUpload: true, localPath, shell.CurrentDirectory.Join(name), FtpName.Escape(name)));
        }
    }

    /// <summary>The name here that an item gets, and what is to be done where that is taken, for which somebody may be asked; <see cref="ExistingFileAction.Skip"/> was said already.</summary>
    /// <exception cref="UserErrorException">It cannot have that name, or what stands there must not be touched.</exception>
    public static (string Name, ExistingFileAction ExistingFile) ResolveDownloadTarget(ClientShell shell, RemoteFile remoteFile, ExistingFileAction existingFile)
    {
        string name = remoteFile.LocalName;
        // The name comes from a listing or was typed for a path there; either may spell a place here that was never meant.
        // A listed name with a slash would come under its last part, which the pattern may never have fitted.
        if (remoteFile.ListedEntry is { IsSafeName: false } || !new FtpEntry { Path = remoteFile.Path, Name = name, Kind = FtpEntryKind.File }.IsSafeName)
        {
            throw new UserErrorException(ExitCode.UsageError, $"get {remoteFile}: '{remoteFile.ListedEntry?.Name ?? name}' is no name for a file here");
        }

        if (Directory.Exists(name))
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"get {remoteFile}: a folder of that name is here already, in {Environment.CurrentDirectory}", "lcd to another folder");
        }

        if (!File.Exists(name))
        {
            return (name, existingFile == ExistingFileAction.Skip ? ExistingFileAction.Overwrite : existingFile);
        }

        existingFile = existingFile == ExistingFileAction.Default ? AskExistingFileAction(shell, remoteFile, name) : existingFile;
        if (existingFile == ExistingFileAction.Skip)
        {
            shell.Terminal.WriteMessage($"{name.ToPrintable()} is here already: kept as it is");
        }

        return (name, existingFile);
    }

    /// <summary>What the library is told.</summary>
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

    private static ExistingFileAction AskExistingFileAction(ClientShell shell, RemoteFile remoteFile, string name) => !shell.Terminal.IsInteractive
        ? throw new UserErrorException(ExitCode.OtherError, $"get {remoteFile}: {name} is here already, and is left as it is", "get with --overwrite, --skip or --resume")
        : shell.AskUser($"{name.ToPrintable()} exists here. Replace it? [y/N/resume] ") switch
        {
            null => throw new UserErrorException(ExitCode.Interrupted, $"get {remoteFile}: stopped; {name} was not changed"),
            "y" or "yes" => ExistingFileAction.Overwrite,
            "r" or "resume" => ExistingFileAction.Resume,
            _ => ExistingFileAction.Skip,
        };
}

/// <summary>A file cannot be uploaded, because its name on the server is a folder's.</summary>
internal sealed class TargetIsDirectoryException(string local, string name) : Exception($"put {local}: {name} is a folder on the server")
{
    /// <summary>The folder.</summary>
    public string Name => name;
}
