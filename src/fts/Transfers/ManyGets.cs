using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;
using Fts.Shell.Commands;

namespace Fts.Transfers;

/// <summary><c>get</c> with several files, which come as a batch.</summary>
internal sealed class ManyGets(ClientShell shell, IfThere ifThere)
{
    private readonly List<(FtpBatchFile File, IfThere IfThere)> _files = [];
    private readonly List<RemoteName> _namesakes = [];
    private readonly Dictionary<string, RemoteName> _items = new(OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);

    /// <summary>Fetches them.</summary>
    /// <param name="items">The files there.</param>
    /// <param name="again">Returns the command that fetches the rest after an interruption, for a given option.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<ExitCode> RunAsync(IReadOnlyList<RemoteName> items, Func<string, string> again, CancellationToken cancellationToken)
    {
        ExitCode result = await shell.EachAsync("get", items, TakeAsync, cancellationToken);
        foreach (bool resumes in (bool[])[false, true])
        {
            FtpBatchFile[] files = [.. _files.Where(file => file.IfThere == IfThere.Resume == resumes).Select(file => file.File)];
            if (files.Length == 0 || result == ExitCode.CannotConnect)
            {
                continue;
            }

            var many = new ManyTransfers(shell, TransferWay.Down, file => file.LocalPath, (file, e, _) => Explain(e, _items[file.LocalPath], file.LocalPath, resumes ? IfThere.Resume : ifThere));
            long? total = files.All(file => file.SourceEntry?.Length is not null) ? files.Sum(file => file.SourceEntry!.Length!.Value) : null;
            result = ClientShell.Worst(result, await many.RunAsync(files, total, TransferCommands.Options(shell, resumes ? IfThere.Resume : IfThere.Overwrite), () => again(GetResumeOption()), cancellationToken));
        }

        // What the first of a name has left decides what becomes of the others.
        return ClientShell.Worst(result, result == ExitCode.CannotConnect ? result
            : await shell.EachAsync("get", _namesakes, (item, cancel) => TransferCommands.GetOneAsync(shell, item, ifThere, cancel), cancellationToken, areSeveral: true));
    }

    /// <summary>
    /// Returns the option for existing files of the command that fetches the rest. Files that are to be replaced must not be skipped.
    /// </summary>
    private string GetResumeOption() =>
        _files.Exists(file => file.IfThere == IfThere.Resume) ? "--resume"
        : ifThere != IfThere.Skip && _files.Exists(file => file.IfThere == IfThere.Overwrite) ? "--overwrite"
        : "--skip";

    private Failure Explain(Exception e, RemoteName item, string name, IfThere choice) => shell.Explain(Resumption.OfGet(shell, e, item, name, choice), $"get {item}");

    private async Task TakeAsync(RemoteName item, CancellationToken cancellationToken)
    {
        if (_items.TryGetValue(item.LocalName, out RemoteName? first))
        {
            if (item.Known is not null && first.Known is not null && item.Known.Name != first.Known.Name && item.Known.LocalName == first.Known.LocalName)
            {
                throw new FailureException(ExitCode.LocalFiles, $"get {item}: not downloaded, because {first} has the same local name, {item.LocalName}", "--encoding NAME, with the encoding of the server's names");
            }

            _namesakes.Add(item);
            return;
        }

        (string name, IfThere choice) = TransferCommands.CheckGet(shell, item, ifThere);
        if (choice == IfThere.Skip)
        {
            return;
        }

        // How large it is decides how it is fetched; a server that lists for machines tells without a listing of the whole folder.
        item = item.Known is null && shell.Client.Features.HasMachineListing ? item with { Known = await shell.Client.GetEntryAsync(item.Path, cancellationToken) } : item;
        if (item.Known?.Kind == FtpEntryKind.Directory)
        {
            throw new FailureException(ExitCode.Other, $"get {item}: it is a folder", $"mirror {Words.Escape(item.Typed)} {Words.Escape(name)}");
        }

        _items.Add(name, item);
        _files.Add((new FtpBatchFile(name, item.Path) { SourceEntry = item.Known }, choice));
    }
}
