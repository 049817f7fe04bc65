using Fts.Cli;
using Fts.Client;
using Fts.Shell;
using Fts.Shell.Commands;

namespace Fts.Transfers;

/// <summary><c>put</c> with several files, which go as a batch.</summary>
internal sealed class ManyPuts(ClientShell shell, IfThere ifThere)
{
    private readonly List<FtpBatchFile> _files = [];
    private readonly List<string> _namesakes = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private long _bytes;

    /// <summary>Sends them.</summary>
    /// <param name="files">The files here.</param>
    /// <param name="again">The command that does the rest, should this be stopped.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<ExitCode> RunAsync(IReadOnlyList<string> files, Func<string> again, CancellationToken cancellationToken)
    {
        ExitCode checks = await shell.EachAsync("put", files, (local, _) => Take(local), cancellationToken);
        var many = new ManyTransfers(
            shell, TransferWay.Up, file => Path.GetFileName(file.LocalPath), (file, e, last) => shell.Explain(Resumption.OfPut(shell, e, file.LocalPath, last), $"put {file.LocalPath}"));
        ExitCode sent = _files.Count == 0 ? ExitCode.Done : await many.RunAsync(_files, _bytes, TransferCommands.Options(shell, ifThere), again, cancellationToken);
        // In their order: the last one stays.
        ExitCode others = sent == ExitCode.CannotConnect ? sent : await shell.EachAsync(
            "put", _namesakes, (local, cancel) => TransferCommands.PutOneAsync(shell, local, Path.GetFileName(local), ifThere, cancel), cancellationToken, areSeveral: true);
        return ClientShell.Worst(checks, sent, others);
    }

    private Task Take(string local)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(local));
        TransferCommands.CheckPut(shell, local, name);
        if (!_names.Add(name))
        {
            _namesakes.Add(local);
            return Task.CompletedTask;
        }

        var file = new FileInfo(local);
        _bytes += file.Exists ? file.Length : 0;
        _files.Add(new FtpBatchFile(local, shell.Folder.Join(name)));
        return Task.CompletedTask;
    }
}
