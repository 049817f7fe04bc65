using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>The commands that move files.</summary>
internal static class TransferCommands
{
    /// <summary><c>put FILE…</c>: each under its base name, into the current folder there.</summary>
    public static Task<ExitCode> PutAsync(ClientShell shell, CommandArguments words, CancellationToken cancellationToken) =>
        PutAsync(shell, words, TransferSettings.ParseExistingFileAction(words.HasOption, shell.TransferSettings.ExistingFile), cancellationToken);

    /// <summary>The same, with the choice made.</summary>
    public static Task<ExitCode> PutAsync(ClientShell shell, IReadOnlyList<ShellWord> words, ExistingFileAction existingFile, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> files = LocalFileFinder.Expand(words);
        return files.Count == 1
            ? shell.ForEachAsync("put", files, (local, cancel) => UploadFileAsync(shell, local, Path.GetFileName(Path.TrimEndingDirectorySeparator(local)), existingFile, cancel), cancellationToken)
            // --skip would skip a file of which the server has only a part.
            : new UploadBatch(shell, existingFile).RunAsync(files, () => shell.FormatBatchRetryCommand("put", existingFile == ExistingFileAction.Skip ? "--skip" : ResumeAdvice.GetUploadOption(shell), words), cancellationToken);
    }

    /// <summary><c>get FILE…</c>: each under its base name, into the current folder here.</summary>
    public static Task<ExitCode> GetAsync(ClientShell shell, CommandArguments words, CancellationToken cancellationToken) =>
        GetAsync(shell, words, TransferSettings.ParseExistingFileAction(words.HasOption, shell.TransferSettings.ExistingFile), cancellationToken);

    /// <summary>The same, with the choice made.</summary>
    public static async Task<ExitCode> GetAsync(ClientShell shell, IReadOnlyList<ShellWord> words, ExistingFileAction existingFile, CancellationToken cancellationToken)
    {
        (IReadOnlyList<RemoteFile> items, ExitCode listed) = await RemoteFileFinder.ExpandAsync(shell, "get", words, cancellationToken);
        return ClientShell.CombineExitCodes(listed, items.Count == 1
            ? await shell.ForEachAsync("get", items, (item, cancel) => DownloadFileAsync(shell, item, existingFile, cancel), cancellationToken)
            : await new DownloadBatch(shell, existingFile).RunAsync(items, option => shell.FormatBatchRetryCommand("get", option, words), cancellationToken));
    }

    /// <summary><c>cat FILE…</c>: their bytes to stdout, nothing added.</summary>
    public static async Task<ExitCode> CatAsync(ClientShell shell, IReadOnlyList<ShellWord> words, CancellationToken cancellationToken)
    {
        (IReadOnlyList<RemoteFile> items, ExitCode listed) = await RemoteFileFinder.ExpandAsync(shell, "cat", words, cancellationToken);
        return ClientShell.CombineExitCodes(listed, await shell.ForEachAsync("cat", items, async (item, cancel) =>
        {
            FtpTransferResult result =
                await shell.Client.DownloadAsync(item.Path, shell.Terminal.OpenDataStream(), new FtpTransferOptions { SourceEntry = item.ListedEntry, Type = shell.TransferSettings.Type }, null, cancel);
            if (TransferReport.FormatWarning(item.TypedName, result) is { } warning)
            {
                shell.Terminal.WriteMessage(warning);
            }
        }, cancellationToken));
    }

    /// <summary>Sends one file.</summary>
    public static async Task UploadFileAsync(ClientShell shell, string local, string name, ExistingFileAction existingFile, CancellationToken cancellationToken)
    {
        ValidateUpload(shell, local, name);
        FtpTransferResult result;
        await using (var meter = new TransferMeter(shell.Terminal, TransferDirection.Upload.ActiveVerb, name))
        {
            try
            {
                result = await shell.Client.UploadFileAsync(local, shell.CurrentDirectory.Join(name), CreateOptions(shell, existingFile), meter, cancellationToken);
            }
            catch (FtpTargetExistsException e) when (existingFile == ExistingFileAction.Skip)
            {
                if (await EntryKindErrors.IsDirectoryAsync(shell, e, shell.CurrentDirectory.Join(name), cancellationToken))
                {
                    throw new TargetIsDirectoryException(local, name);
                }

                shell.Terminal.WriteMessage($"{name.ToPrintable()} is on the server already: skipped");
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                if (await EntryKindErrors.IsDirectoryAsync(shell, e, shell.CurrentDirectory.Join(name), cancellationToken))
                {
                    throw new TargetIsDirectoryException(local, name);
                }

                throw ResumeAdvice.ForUpload(shell, e, local, meter.Latest);
            }
        }

        shell.Terminal.WriteMessage(TransferReport.FormatTransfer(TransferDirection.Upload.PastVerb, name, result));
    }

    /// <summary>Fetches one file.</summary>
    public static async Task DownloadFileAsync(ClientShell shell, RemoteFile item, ExistingFileAction existingFile, CancellationToken cancellationToken)
    {
        (string name, existingFile) = ResolveDownloadTarget(shell, item, existingFile);
        if (existingFile == ExistingFileAction.Skip)
        {
            return;
        }

        FtpTransferResult result;
        await using (var meter = new TransferMeter(shell.Terminal, TransferDirection.Download.ActiveVerb, name))
        {
            try
            {
                result = await shell.Client.DownloadFileAsync(item.Path, name, CreateOptions(shell, existingFile) with { SourceEntry = item.ListedEntry }, meter, cancellationToken);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                if (await EntryKindErrors.IsDirectoryAsync(shell, e, item.Path, cancellationToken))
                {
                    throw new UserErrorException(ExitCode.OtherError, $"get {item}: it is a folder; get fetches files", MirrorOperation.FormatCommand(shell, isUpload: false, name, item.Path, item.TypedName));
                }

                throw ResumeAdvice.ForDownload(shell, e, item, name, existingFile);
            }
        }

        shell.Terminal.WriteMessage(TransferReport.FormatTransfer(TransferDirection.Download.PastVerb, name, result));
    }

    /// <summary>Refuses what <c>put</c> does not send.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="local">The local file.</param>
    /// <param name="name">The name of the file on the server.</param>
    public static void ValidateUpload(ClientShell shell, string local, string name)
    {
        if (local.Contains('\uFFFD', StringComparison.Ordinal) && !File.Exists(local))
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"put {local}: the file cannot be opened, because its name is not UTF-8", "rename the file first");
        }

        if (Directory.Exists(local))
        {
            throw new UserErrorException(
                ExitCode.UsageError, $"put {local}: it is a folder; put sends files", MirrorOperation.FormatCommand(shell, isUpload: true, local, shell.CurrentDirectory.Join(name), FtpName.Escape(name)));
        }
    }

    /// <summary>The name here that an item gets, and what is to be done where that is taken, for which somebody may be asked; <see cref="ExistingFileAction.Skip"/> was said already.</summary>
    /// <exception cref="UserErrorException">It cannot have that name, or what stands there must not be touched.</exception>
    public static (string Name, ExistingFileAction IfThere) ResolveDownloadTarget(ClientShell shell, RemoteFile item, ExistingFileAction existingFile)
    {
        string name = item.LocalName;
        // The name comes from a listing or was typed for a path there; either may spell a place here that was never meant.
        // A listed name with a slash would come under its last part, which the pattern may never have fitted.
        if (item.ListedEntry is { IsSafeName: false } || !new FtpEntry { Path = item.Path, Name = name, Kind = FtpEntryKind.File }.IsSafeName)
        {
            throw new UserErrorException(ExitCode.UsageError, $"get {item}: '{item.ListedEntry?.Name ?? name}' is no name for a file here");
        }

        if (Directory.Exists(name))
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"get {item}: a folder of that name is here already, in {Environment.CurrentDirectory}", "lcd to another folder");
        }

        if (!File.Exists(name))
        {
            return (name, existingFile == ExistingFileAction.Skip ? ExistingFileAction.Overwrite : existingFile);
        }

        existingFile = existingFile == ExistingFileAction.Default ? AskExistingFileAction(shell, item, name) : existingFile;
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

    private static ExistingFileAction AskExistingFileAction(ClientShell shell, RemoteFile item, string name) => !shell.Terminal.IsInteractive
        ? throw new UserErrorException(ExitCode.OtherError, $"get {item}: {name} is here already, and is left as it is", "get with --overwrite, --skip or --resume")
        : shell.AskUser($"{name.ToPrintable()} exists here. Replace it? [y/N/resume] ") switch
        {
            null => throw new UserErrorException(ExitCode.Interrupted, $"get {item}: stopped; {name} was not changed"),
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
