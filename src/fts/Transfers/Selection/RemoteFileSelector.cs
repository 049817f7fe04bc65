using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;
using Fts.Transfers.Remote;

namespace Fts.Transfers.Selection;

/// <summary>Finds the files and folders that the paths of <c>fts get</c> select, with their local targets.</summary>
/// <param name="shell">The session.</param>
/// <param name="selection">Decides which files are transferred.</param>
/// <param name="isRecursive">Whether folders are transferred with their content.</param>
/// <param name="targetName">The local name of the only file or folder; null for the name on the server.</param>
internal sealed class RemoteFileSelector(ClientShell shell, FileSelection selection, bool isRecursive, string? targetName)
{
    private readonly List<RemoteFile> _files = [];
    private readonly List<string> _folders = [];
    private readonly HashSet<string> _knownFolders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ShellWord> _origins = new(StringComparer.Ordinal);
    private int _omittedLinks;

    /// <summary>The selected files.</summary>
    public IReadOnlyList<RemoteFile> Files => _files;

    /// <summary>The local folders to create, parents first.</summary>
    public IReadOnlyList<string> Folders => _folders;

    /// <summary>Returns the path of the command line that selected a file, given its <see cref="RemoteFile.TypedName"/>.</summary>
    public ShellWord GetOrigin(ShellWord file) => _origins.GetValueOrDefault(file.Text, file);

    /// <summary>
    /// Adds everything that the paths select. Reports each path that selects nothing. Returns <see cref="ExitCode.SomeFailed"/> if
    /// something could not be selected, otherwise <see cref="ExitCode.Success"/>. The error of a single path is thrown.
    /// </summary>
    public async Task<ExitCode> AddAsync(IReadOnlyList<ShellWord> paths, CancellationToken cancellationToken)
    {
        ExitCode result = ExitCode.Success;
        ExitCode eachResult = await shell.ForEachAsync("get", paths, AddPathAsync, cancellationToken);
        if (_omittedLinks > 0)
        {
            shell.Terminal.WriteMessage($"skipped {_omittedLinks} link{(_omittedLinks == 1 ? "" : "s")}");
        }

        return ClientShell.CombineExitCodes(result, eachResult);

        async Task AddPathAsync(ShellWord path, CancellationToken cancel) =>
            result = ClientShell.CombineExitCodes(result, path.IsPattern ? await AddMatchesAsync(path, cancel)
                : await AddOneAsync(path, cancel));
    }

    private async Task<ExitCode> AddOneAsync(ShellWord path, CancellationToken cancellationToken)
    {
        string resolved = shell.CurrentDirectory.Resolve(path);
        if (!isRecursive && selection.IsEverything)
        {
            AddFile(new RemoteFile(path.Text, resolved), path, targetName);
            return ExitCode.Success;
        }

        string name = resolved.TrimEnd('/');
        FtpEntry? entry = name.Length == 0
            ? new FtpEntry { Path = resolved, Name = "", Kind = FtpEntryKind.Directory }
            : await shell.Client.GetEntryAsync(name, cancellationToken);
        if (entry is { Kind: FtpEntryKind.Directory } && isRecursive)
        {
            string local = targetName ?? FtpName.ToLocalName(RemoteDirectory.GetName(name));
            return await AddFolderAsync(path, entry.Path, local, cancellationToken);
        }

        string fileName = RemoteDirectory.GetName(resolved);
        if (selection.IsSelected(fileName, entry?.Length, entry?.LastModified))
        {
            AddFile(new RemoteFile(path.Text, resolved, entry?.Kind == FtpEntryKind.Directory ? null : entry), path, targetName);
        }

        return ExitCode.Success;
    }

    private async Task<ExitCode> AddMatchesAsync(ShellWord pattern, CancellationToken cancellationToken)
    {
        List<FtpEntry> matches = await RemoteFileFinder.MatchAsync(shell, pattern, cancellationToken);
        ExitCode result = UnreadableLineWarnings.WriteWarnings(shell, "get", matches.FindAll(RemoteFileFinder.IsUnreadable));
        matches.RemoveAll(RemoteFileFinder.IsUnreadable);
        List<FtpEntry> folders = matches.FindAll(match => match.Kind == FtpEntryKind.Directory);
        List<FtpEntry> files = matches.FindAll(match => match.Kind != FtpEntryKind.Directory);
        if (files.Count == 0 && (folders.Count == 0 || !isRecursive))
        {
            throw new UserErrorException(
                ExitCode.NotFound,
                $"no remote file matches {pattern}{(folders.Count > 0 ? ", only folders" : "")}",
                folders.Count > 0 ? "-r, to download folders too" : "ls, to list the folder");
        }

        (string folder, _) = RemoteDirectory.SplitPath(pattern.Text);
        foreach (FtpEntry file in files.Where(file => selection.IsSelected(file.Name, file.Length, file.LastModified)))
        {
            FtpEntry? listed = file.Source == FtpEntrySource.Names ? null : file;
            AddFile(new RemoteFile(folder + file.Name, file.Path, listed), pattern, null);
        }

        foreach (FtpEntry entry in isRecursive ? folders : [])
        {
            result = ClientShell.CombineExitCodes(
                result, await AddFolderAsync(pattern, entry.Path, entry.LocalName, cancellationToken));
        }

        return result;
    }

    private async Task<ExitCode> AddFolderAsync(ShellWord origin, string path, string local, CancellationToken cancellationToken)
    {
        if (local.Length > 0 && local != targetName
            && !new FtpEntry { Path = path, Name = local, Kind = FtpEntryKind.Directory }.IsSafeName)
        {
            throw new UserErrorException(ExitCode.UsageError, $"get {path}: '{local}' cannot be a local folder name");
        }

        AddFolder(local);
        ExitCode result = ExitCode.Success;
        var localPaths = new Dictionary<string, string>(StringComparer.Ordinal) { [""] = local };
        var tree = new RemoteTree(shell, selection.CanContainFiles);
        await foreach (TreeEntry item in tree.WalkAsync(path, cancellationToken))
        {
            result = ClientShell.CombineExitCodes(result, AddTreeEntry(origin, item, localPaths));
        }

        foreach (UnlistedFolder folder in tree.UnlistedFolders)
        {
            shell.Terminal.ShowError(shell.DescribeError(folder.Exception, $"get {folder.Path}"));
            result = ExitCode.SomeFailed;
        }

        return result;
    }

    /// <summary>Adds an entry below a folder. An entry without a usable name is reported, and so is everything below it.</summary>
    private ExitCode AddTreeEntry(ShellWord origin, TreeEntry item, Dictionary<string, string> localPaths)
    {
        FtpEntry entry = item.Entry;
        int slash = item.RelativePath.LastIndexOf('/');
        if (RemoteFileFinder.IsUnreadable(entry))
        {
            return UnreadableLineWarnings.WriteWarnings(shell, "get", [entry]);
        }

        if (!localPaths.TryGetValue(slash < 0 ? "" : item.RelativePath[..slash], out string? parent))
        {
            return ExitCode.SomeFailed; // the folder was reported
        }

        if (!entry.IsSafeName)
        {
            shell.Terminal.ShowError(new UserError(
                ExitCode.SomeFailed, $"get {entry.Path}: '{entry.Name}' cannot be a local file name"));
            return ExitCode.SomeFailed;
        }

        string local = parent.Length == 0 ? entry.LocalName : Path.Combine(parent, entry.LocalName);
        if (entry.Kind == FtpEntryKind.Directory)
        {
            localPaths[item.RelativePath] = local;
            if (selection.IsEverything)
            {
                AddFolder(local);
            }
        }
        else if (entry.Kind == FtpEntryKind.Link)
        {
            _omittedLinks++;
        }
        else if (selection.IsSelected(item.RelativePath, entry.Length, entry.LastModified))
        {
            AddFolder(parent);
            AddFile(new RemoteFile(entry.Path, entry.Path, entry.Source == FtpEntrySource.Names ? null : entry), origin, local);
        }

        return ExitCode.Success;
    }

    private void AddFolder(string path)
    {
        if (path.Length > 0 && _knownFolders.Add(path))
        {
            _folders.Add(path);
        }
    }

    private void AddFile(RemoteFile file, ShellWord origin, string? target)
    {
        _files.Add(target is null ? file : file with { LocalTarget = target });
        _origins[file.TypedName] = origin;
    }
}
