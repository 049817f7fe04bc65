using Fts.Cli;
using Fts.Client;
using Fts.Shell;
using Fts.Shell.Commands;

namespace Fts.Transfers;

/// <summary>Runs <c>put</c> for several files, as a batch.</summary>
/// <param name="shell">The session.</param>
/// <param name="existingFile">The action for existing remote files.</param>
/// <param name="target">The remote folder; null for the current folder.</param>
internal sealed class UploadBatch(ClientShell shell, ExistingFileAction existingFile, UploadTarget? target = null)
{
    private readonly List<FtpBatchFile> _files = [];
    private readonly List<string> _duplicates = []; // later files with the same name
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private long _bytes;

    /// <summary>Uploads files to the remote folder.</summary>
    /// <param name="files">The local files.</param>
    /// <param name="formatRetryCommand">Returns the command that uploads the remaining files after an interruption.</param>
    /// <param name="cancellationToken">Cancels the uploads.</param>
    public async Task<ExitCode> RunAsync(IReadOnlyList<string> files, Func<string> formatRetryCommand, CancellationToken cancellationToken)
    {
        ExitCode checkResult = await shell.ForEachAsync("put", files, AddFileAsync, cancellationToken);
        var batch = new TransferBatch(shell, TransferDirection.Upload, file => Path.GetFileName(file.LocalPath), DescribeError);
        ExitCode batchResult = ExitCode.Success;
        if (_files.Count > 0)
        {
            FtpTransferOptions options = TransferCommands.CreateOptions(shell, existingFile);
            batchResult = await batch.RunAsync(_files, _bytes, options, formatRetryCommand, cancellationToken);
        }

        if (batchResult == ExitCode.CannotConnect)
        {
            return batchResult;
        }

        // Later files with the same name are uploaded one after the other. By default, each replaces the file before it.
        ExitCode duplicateResult = await shell.ForEachAsync(
            "put",
            _duplicates,
            (localPath, cancel) => TransferCommands.UploadFileAsync(
                shell, localPath, GetRemoteName(Path.GetFileName(localPath)), existingFile, cancel, target?.TypedText),
            cancellationToken,
            isPartOfBatch: true);
        return ClientShell.CombineExitCodes(checkResult, batchResult, duplicateResult);

        UserError DescribeError(FtpBatchFile file, Exception e, FtpProgress last) =>
            shell.DescribeError(ResumeAdvice.AddToUploadError(shell, e, file.LocalPath, last, target?.TypedText), $"put {file.LocalPath}");
    }

    /// <summary>Adds a file to the batch or to the duplicates.</summary>
    private async Task AddFileAsync(string localPath, CancellationToken cancellationToken)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(localPath));
        TransferCommands.ValidateUpload(shell, localPath, name);
        if (!_names.Add(name))
        {
            _duplicates.Add(localPath);
            return;
        }

        string remotePath = shell.CurrentDirectory.Join(GetRemoteName(name));
        if (existingFile == ExistingFileAction.Update
            && !await TransferCommands.IsNewerAsync(shell, localPath, remotePath, cancellationToken))
        {
            return;
        }

        var file = new FileInfo(localPath);
        _bytes += file.Exists ? file.Length : 0;
        _files.Add(new FtpBatchFile(localPath, remotePath));
    }

    /// <summary>Returns the path of a file, relative to the current remote folder.</summary>
    private string GetRemoteName(string name) => target?.GetFilePath(name) ?? name;
}
