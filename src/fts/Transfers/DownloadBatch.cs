using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;
using Fts.Shell.Commands;

namespace Fts.Transfers;

/// <summary>Runs <c>get</c> for several files, as a batch.</summary>
/// <param name="shell">The session.</param>
/// <param name="existingFile">The action for existing local files.</param>
internal sealed class DownloadBatch(ClientShell shell, ExistingFileAction existingFile)
{
    private readonly List<(FtpBatchFile File, ExistingFileAction ExistingFile)> _files = [];
    private readonly ExistingFileQuestion _question = new(shell, existingFile);
    private readonly List<RemoteFile> _duplicates = []; // later files with the same local name
    private readonly Dictionary<string, RemoteFile> _filesByLocalName = new(
        OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);

    /// <summary>Downloads files to the current local folder.</summary>
    /// <param name="remoteFiles">The remote files.</param>
    /// <param name="formatRetryCommand">
    /// Returns the command that downloads the remaining files after an interruption, given an option for existing files.
    /// </param>
    /// <param name="cancellationToken">Cancels the downloads.</param>
    public async Task<ExitCode> RunAsync(
        IReadOnlyList<RemoteFile> remoteFiles, Func<string, string> formatRetryCommand, CancellationToken cancellationToken)
    {
        ExitCode result = await shell.ForEachAsync("get", remoteFiles, AddFileAsync, cancellationToken);
        foreach (bool isResuming in (bool[])[false, true])
        {
            FtpBatchFile[] files =
                [.. _files.Where(file => (file.ExistingFile == ExistingFileAction.Resume) == isResuming).Select(file => file.File)];
            if (files.Length == 0 || result == ExitCode.CannotConnect)
            {
                continue;
            }

            var batch = new TransferBatch(
                shell,
                TransferDirection.Download,
                file => file.LocalPath,
                (file, e, _) => DescribeError(e, file.LocalPath, isResuming ? ExistingFileAction.Resume : existingFile));
            FtpTransferOptions options =
                TransferCommands.CreateOptions(shell, isResuming ? ExistingFileAction.Resume : ExistingFileAction.Overwrite);
            bool areLengthsKnown = files.All(file => file.SourceEntry?.Length is not null);
            long? total = areLengthsKnown ? files.Sum(file => file.SourceEntry!.Length!.Value) : null;
            ExitCode code = await batch.RunAsync(files, total, options, () => formatRetryCommand(GetRetryOption()), cancellationToken);
            result = ClientShell.CombineExitCodes(result, code);
        }

        if (result == ExitCode.CannotConnect)
        {
            return result;
        }

        // The first file of each name was downloaded above. The action for existing files applies to the later files with the same name.
        ExitCode duplicateResult = await shell.ForEachAsync(
            "get",
            _duplicates,
            (remoteFile, cancel) => TransferCommands.DownloadFileAsync(shell, remoteFile, existingFile, cancel),
            cancellationToken,
            isPartOfBatch: true);
        return ClientShell.CombineExitCodes(result, duplicateResult);
    }

    /// <summary>
    /// Returns the option for existing files in the command that downloads the remaining files. Returns <c>--skip</c> only if no existing
    /// file is to be resumed or replaced, because <c>--skip</c> would skip that file.
    /// </summary>
    private string GetRetryOption()
    {
        if (_files.Exists(file => file.ExistingFile == ExistingFileAction.Resume))
        {
            return "--resume";
        }

        if (existingFile == ExistingFileAction.Update)
        {
            return "--update";
        }

        bool isReplacing = existingFile != ExistingFileAction.Skip
            && _files.Exists(file => file.ExistingFile == ExistingFileAction.Overwrite);
        return isReplacing ? "--overwrite" : "--skip";
    }

    private UserError DescribeError(Exception e, string localPath, ExistingFileAction action)
    {
        RemoteFile remoteFile = _filesByLocalName[localPath];
        return shell.DescribeError(ResumeAdvice.AddToDownloadError(shell, e, remoteFile, localPath, action), $"get {remoteFile}");
    }

    /// <summary>Adds a file to the batch or to the duplicates. Skips an existing file if the user requests that.</summary>
    private async Task AddFileAsync(RemoteFile remoteFile, CancellationToken cancellationToken)
    {
        if (_filesByLocalName.TryGetValue(remoteFile.LocalName, out RemoteFile? first))
        {
            if (remoteFile.ListedEntry is { } entry && first.ListedEntry is { } other && entry.Name != other.Name
                && entry.LocalName == other.LocalName)
            {
                throw new UserErrorException(
                    ExitCode.LocalFileError,
                    $"get {remoteFile}: not downloaded, because {first} has the same local name, {remoteFile.LocalName}; the encoding of " +
                    "one of the names is unknown",
                    "--encoding NAME, with the encoding of the names on the server");
            }

            _duplicates.Add(remoteFile);
            return;
        }

        (string name, ExistingFileAction action) =
            await TransferCommands.ResolveDownloadTargetAsync(shell, remoteFile, existingFile, _question, cancellationToken);
        if (action == ExistingFileAction.Skip)
        {
            return;
        }

        // The batch needs the size. A server with MLST reports the size without a listing of the whole folder.
        if (remoteFile.ListedEntry is null && shell.Client.Features.HasMachineListing)
        {
            remoteFile = remoteFile with { ListedEntry = await shell.Client.GetEntryAsync(remoteFile.Path, cancellationToken) };
        }

        if (remoteFile.ListedEntry?.Kind == FtpEntryKind.Directory)
        {
            throw new UserErrorException(
                ExitCode.OtherError,
                $"get {remoteFile}: it is a folder; get downloads files only",
                MirrorOperation.FormatCommand(shell, isUpload: false, name, remoteFile.Path, remoteFile.TypedName));
        }

        _filesByLocalName.Add(name, remoteFile);
        _files.Add((new FtpBatchFile(name, remoteFile.Path) { SourceEntry = remoteFile.ListedEntry }, action));
    }
}
