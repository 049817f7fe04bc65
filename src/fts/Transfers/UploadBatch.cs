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
        ExitCode checkResult = await shell.ForEachAsync("put", files, (local, _) => AddFile(local), cancellationToken);
        var batch = new TransferBatch(
            shell, TransferDirection.Upload, file => Path.GetFileName(file.LocalPath), (file, e, last) => shell.DescribeError(ResumeAdvice.ForUpload(shell, e, file.LocalPath, last), $"put {file.LocalPath}"));
        ExitCode batchResult = _files.Count == 0 ? ExitCode.Success : await batch.RunAsync(_files, _bytes, TransferCommands.CreateOptions(shell, existingFile), formatRetryCommand, cancellationToken);
        // In their order: the last one stays.
        ExitCode duplicateResult = batchResult == ExitCode.CannotConnect ? batchResult : await shell.ForEachAsync(
            "put", _duplicates, (local, cancel) => TransferCommands.UploadFileAsync(shell, local, Path.GetFileName(local), existingFile, cancel), cancellationToken, isPartOfBatch: true);
        return ClientShell.CombineExitCodes(checkResult, batchResult, duplicateResult);
    }

    private Task AddFile(string local)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(local));
        TransferCommands.ValidateUpload(shell, local, name);
        if (!_names.Add(name))
        {
            _duplicates.Add(local);
            return Task.CompletedTask;
        }

        var file = new FileInfo(local);
        _bytes += file.Exists ? file.Length : 0;
        _files.Add(new FtpBatchFile(local, shell.CurrentDirectory.Join(name)));
        return Task.CompletedTask;
    }
}
