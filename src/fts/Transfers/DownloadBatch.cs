using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;
using Fts.Shell.Commands;

namespace Fts.Transfers;

/// <summary><c>get</c> with several files, which come as a batch.</summary>
internal sealed class DownloadBatch(ClientShell shell, ExistingFileAction existingFile)
{
    private readonly List<(FtpBatchFile File, ExistingFileAction ExistingFile)> _files = [];
    private readonly List<RemoteFile> _duplicates = [];
    private readonly Dictionary<string, RemoteFile> _filesByLocalName = new(OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);

    /// <summary>Fetches them.</summary>
    /// <param name="remoteFiles">The files there.</param>
    /// <param name="formatRetryCommand">Returns the command that fetches the rest after an interruption, for a given option.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<ExitCode> RunAsync(IReadOnlyList<RemoteFile> remoteFiles, Func<string, string> formatRetryCommand, CancellationToken cancellationToken)
    {
        ExitCode result = await shell.ForEachAsync("get", remoteFiles, AddFileAsync, cancellationToken);
        foreach (bool isResuming in (bool[])[false, true])
        {
            FtpBatchFile[] files = [.. _files.Where(file => file.ExistingFile == ExistingFileAction.Resume == isResuming).Select(file => file.File)];
            if (files.Length == 0 || result == ExitCode.CannotConnect)
            {
                continue;
            }

            var batch = new TransferBatch(shell, TransferDirection.Download, file => file.LocalPath, (file, e, _) => DescribeError(e, _filesByLocalName[file.LocalPath], file.LocalPath, isResuming ? ExistingFileAction.Resume : existingFile));
            long? total = files.All(file => file.SourceEntry?.Length is not null) ? files.Sum(file => file.SourceEntry!.Length!.Value) : null;
            result = ClientShell.CombineExitCodes(result, await batch.RunAsync(files, total, TransferCommands.CreateOptions(shell, isResuming ? ExistingFileAction.Resume : ExistingFileAction.Overwrite), () => formatRetryCommand(GetResumeOption()), cancellationToken));
        }

        // What the first of a name has left decides what becomes of the others.
        return ClientShell.CombineExitCodes(result, result == ExitCode.CannotConnect ? result
            : await shell.ForEachAsync("get", _duplicates, (remoteFile, cancel) => TransferCommands.DownloadFileAsync(shell, remoteFile, existingFile, cancel), cancellationToken, isPartOfBatch: true));
    }

    /// <summary>
    /// Returns the option for existing files of the command that fetches the rest. Files that are to be replaced must not be skipped.
    /// </summary>
    private string GetResumeOption() =>
        _files.Exists(file => file.ExistingFile == ExistingFileAction.Resume) ? "--resume"
        : existingFile != ExistingFileAction.Skip && _files.Exists(file => file.ExistingFile == ExistingFileAction.Overwrite) ? "--overwrite"
        : "--skip";

    private UserError DescribeError(Exception e, RemoteFile remoteFile, string name, ExistingFileAction choice) => shell.DescribeError(ResumeAdvice.ForDownload(shell, e, remoteFile, name, choice), $"get {remoteFile}");

    private async Task AddFileAsync(RemoteFile remoteFile, CancellationToken cancellationToken)
    {
        if (_filesByLocalName.TryGetValue(remoteFile.LocalName, out RemoteFile? first))
        {
            if (remoteFile.ListedEntry is not null && first.ListedEntry is not null && remoteFile.ListedEntry.Name != first.ListedEntry.Name && remoteFile.ListedEntry.LocalName == first.ListedEntry.LocalName)
            {
                throw new UserErrorException(ExitCode.LocalFileError, $"get {remoteFile}: not downloaded, because {first} has the same local name, {remoteFile.LocalName}", "--encoding NAME, with the encoding of the server's names");
            }

            _duplicates.Add(remoteFile);
            return;
        }

        (string name, ExistingFileAction choice) = TransferCommands.ResolveDownloadTarget(shell, remoteFile, existingFile);
        if (choice == ExistingFileAction.Skip)
        {
            return;
        }

        // How large it is decides how it is fetched; a server that lists for machines tells without a listing of the whole folder.
        remoteFile = remoteFile.ListedEntry is null && shell.Client.Features.HasMachineListing ? remoteFile with { ListedEntry = await shell.Client.GetEntryAsync(remoteFile.Path, cancellationToken) } : remoteFile;
        if (remoteFile.ListedEntry?.Kind == FtpEntryKind.Directory)
        {
            throw new UserErrorException(ExitCode.OtherError, $"get {remoteFile}: it is a folder", $"mirror {ShellLineParser.Escape(remoteFile.TypedName)} {ShellLineParser.Escape(name)}");
        }

        _filesByLocalName.Add(name, remoteFile);
        _files.Add((new FtpBatchFile(name, remoteFile.Path) { SourceEntry = remoteFile.ListedEntry }, choice));
    }
}
