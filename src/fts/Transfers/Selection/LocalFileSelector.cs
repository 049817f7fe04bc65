using Fts.Cli;
using Fts.Client;
using Fts.Shell;

namespace Fts.Transfers.Selection;

/// <summary>A local file to upload.</summary>
/// <param name="LocalPath">The path of the file.</param>
/// <param name="RelativePath">The path below the remote target folder, with slashes.</param>
internal sealed record SelectedLocalFile(string LocalPath, string RelativePath);

/// <summary>Finds the files and folders that the arguments of <c>fts put</c> select. Does not follow links in folders.</summary>
/// <param name="shell">The session.</param>
/// <param name="selection">Decides which files are transferred.</param>
/// <param name="isRecursive">Whether folders are transferred with their content.</param>
/// <param name="targetName">The remote name of the only file or folder; null for the local name.</param>
internal sealed class LocalFileSelector(ClientShell shell, FileSelection selection, bool isRecursive, string? targetName)
{
    private static readonly EnumerationOptions AllEntries =
        new() { AttributesToSkip = 0, IgnoreInaccessible = false, MatchType = MatchType.Simple };

    private readonly List<SelectedLocalFile> _files = [];
    private readonly List<string> _folders = [];
    private readonly HashSet<string> _knownFolders = new(StringComparer.Ordinal);
    private int _omittedLinks;

    /// <summary>The selected files.</summary>
    public IReadOnlyList<SelectedLocalFile> Files => _files;

    /// <summary>The folders to create below the remote target folder, parents first.</summary>
    public IReadOnlyList<string> Folders => _folders;

    /// <summary>
    /// Adds everything that the paths select. Returns <see cref="ExitCode.SomeFailed"/> if something could not be selected. The error of a
    /// single path is thrown.
    /// </summary>
    public async Task<ExitCode> AddAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        ExitCode result = ExitCode.Success;
        ExitCode eachResult = await shell.ForEachAsync(
            "put",
            paths,
            (path, cancel) =>
            {
                result = ClientShell.CombineExitCodes(result, Add(path, cancel));
                return Task.CompletedTask;
            },
            cancellationToken);
        if (_omittedLinks > 0)
        {
            shell.Terminal.WriteMessage($"skipped {_omittedLinks} link{(_omittedLinks == 1 ? "" : "s")}");
        }

        return ClientShell.CombineExitCodes(result, eachResult);
    }

    private ExitCode Add(string path, CancellationToken cancellationToken)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        if (isRecursive && Directory.Exists(path))
        {
            return AddFolder(new DirectoryInfo(path), "", targetName ?? name, cancellationToken);
        }

        var file = new FileInfo(path);
        if (!file.Exists || selection.IsSelected(name, file.Length, file.LastWriteTimeUtc))
        {
            // A missing file is reported by the transfer.
            _files.Add(new SelectedLocalFile(path, targetName ?? name));
        }

        return ExitCode.Success;
    }

    /// <summary>Adds the entries of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="filterPath">The path of the folder below the folder of the command, for the filter.</param>
    /// <param name="remotePath">The path below the remote target folder.</param>
    /// <param name="cancellationToken">Cancels the enumeration.</param>
    private ExitCode AddFolder(DirectoryInfo folder, string filterPath, string remotePath, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        FileSystemInfo[] entries;
        try
        {
            entries = [.. folder.EnumerateFileSystemInfos("*", AllEntries).OrderBy(entry => entry.Name, StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            shell.Terminal.ShowError(shell.DescribeError(e, $"put {folder.FullName}"));
            return ExitCode.SomeFailed;
        }

        if (selection.IsEverything)
        {
            AddRemoteFolder(remotePath);
        }

        ExitCode result = ExitCode.Success;
        foreach (FileSystemInfo entry in entries)
        {
            string path = filterPath.Length == 0 ? entry.Name : $"{filterPath}/{entry.Name}", remote = $"{remotePath}/{entry.Name}";
            if (FtpPartialDownload.IsPartialFileName(entry.Name))
            {
                continue;
            }

            if (entry.Name.AsSpan().IndexOfAny('\uFFFD', '\n', '\r') >= 0)
            {
                shell.Terminal.ShowError(new UserError(
                    ExitCode.SomeFailed, $"put {entry.FullName}: the name is not UTF-8 or contains a line end", null, "rename the file"));
                result = ExitCode.SomeFailed;
            }
            else if (entry.Attributes.HasFlag(FileAttributes.ReparsePoint))
            {
                _omittedLinks++;
            }
            else if (entry is DirectoryInfo child)
            {
                result = selection.CanContainFiles(path)
                    ? ClientShell.CombineExitCodes(result, AddFolder(child, path, remote, cancellationToken))
                    : result;
            }
            else if (entry is FileInfo file && selection.IsSelected(path, file.Length, file.LastWriteTimeUtc))
            {
                AddRemoteFolder(remotePath);
                _files.Add(new SelectedLocalFile(Path.Combine(folder.ToString(), file.Name), remote));
            }
        }

        return result;
    }

    private void AddRemoteFolder(string path)
    {
        if (_knownFolders.Add(path))
        {
            _folders.Add(path);
        }
    }
}
