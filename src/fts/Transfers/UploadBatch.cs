using Fts.Cli;
using Fts.Client;
using Fts.Shell;
using Fts.Shell.Commands;

namespace Fts.Transfers;

/// <summary><c>put</c> with several files, which go as a batch.</summary>
internal sealed class UploadBatch(ClientShell shell, ExistingFileAction existingFile)
{
    private readonly List<FtpBatchFile> _files = [];
    private readonly List<string> _duplicates = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private long _bytes;

    /// <summary>Sends them.</summary>
    /// <param name="files">The files here.</param>
    /// <param name="formatRetryCommand">The command that does the rest, should this be stopped.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<ExitCode> RunAsync(IReadOnlyList<string> files, Func<string> formatRetryCommand, CancellationToken cancellationToken)
    {
        ExitCode checkResult = await shell.ForEachAsync("put", files, (localPath, _) => AddFile(localPath), cancellationToken);
        var batch = new TransferBatch(
            shell, TransferDirection.Upload, file => Path.GetFileName(file.LocalPath), (file, e, last) => shell.DescribeError(ResumeAdvice.ForUpload(shell, e, file.LocalPath, last), $"put {file.LocalPath}"));
        ExitCode batchResult = _files.Count == 0 ? ExitCode.Success : await batch.RunAsync(_files, _bytes, TransferCommands.CreateOptions(shell, existingFile), formatRetryCommand, cancellationToken);
        // In their order: the last one stays.
        ExitCode duplicateResult = batchResult == ExitCode.CannotConnect ? batchResult : await shell.ForEachAsync(
            "put", _duplicates, (localPath, cancel) => TransferCommands.UploadFileAsync(shell, localPath, Path.GetFileName(localPath), existingFile, cancel), cancellationToken, isPartOfBatch: true);
        return ClientShell.CombineExitCodes(checkResult, batchResult, duplicateResult);
    }

    private Task AddFile(string localPath)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(localPath));
        TransferCommands.ValidateUpload(shell, localPath, name);
        if (!_names.Add(name))
        {
            _duplicates.Add(localPath);
            return Task.CompletedTask;
        }

        var file = new FileInfo(localPath);
        _bytes += file.Exists ? file.Length : 0;
        _files.Add(new FtpBatchFile(localPath, shell.CurrentDirectory.Join(name)));
        return Task.CompletedTask;
    }
}
