using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;

namespace Fts.Transfers.Remote;

/// <summary>An entry to remove.</summary>
/// <param name="Path">The path on the server.</param>
/// <param name="IsFolder">Whether the entry is a folder.</param>
internal sealed record RemovedEntry(string Path, bool IsFolder)
{
    public override string ToString() => Path;
}

/// <summary>The files and folders that <c>rm</c> removes.</summary>
internal sealed class RemovalPlan
{
    private readonly List<RemovedEntry> _entries = [];

    /// <summary>The entries in the order of their removal. The content of a folder precedes the folder.</summary>
    public IReadOnlyList<RemovedEntry> Entries => _entries;

    /// <summary>The paths for display. The path of a folder ends with a slash.</summary>
    public IEnumerable<string> Paths => _entries.Select(entry => entry.IsFolder ? $"{entry.Path}/" : entry.Path);

    /// <summary>Whether a pattern or a folder selects the entries, so that the user must confirm the removal.</summary>
    public bool NeedsConfirmation { get; private set; }

    /// <summary>The numbers of files and folders: <c>12 files and 3 folders</c>.</summary>
    public string Counts
    {
        get
        {
            int folders = _entries.Count(entry => entry.IsFolder), files = _entries.Count - folders;
            string folderText = string.Create(CultureInfo.InvariantCulture, $"{folders} folder{(folders == 1 ? "" : "s")}");
            return (files, folders) switch
            {
                (_, 0) => DisplayFormat.FormatFiles(files),
                (0, _) => folderText,
                _ => $"{DisplayFormat.FormatFiles(files)} and {folderText}",
            };
        }
    }

    /// <summary>Adds the entries that a path selects.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="path">The path or pattern.</param>
    /// <param name="isRecursive">Whether folders are removed with their content.</param>
    /// <param name="cancellationToken">Cancels the listings.</param>
    /// <exception cref="UserErrorException">A pattern matches nothing, or a folder cannot be listed completely.</exception>
    public async Task AddAsync(ClientShell shell, ShellWord path, bool isRecursive, CancellationToken cancellationToken)
    {
        if (path.IsPattern)
        {
            await AddMatchesAsync(shell, path, isRecursive, cancellationToken);
            return;
        }

        string resolved = shell.CurrentDirectory.Resolve(path).TrimEnd('/');
        FtpEntry? entry = isRecursive ? await shell.Client.GetEntryAsync(resolved, cancellationToken) : null;
        if (entry is { Kind: FtpEntryKind.Directory })
        {
            await AddFolderAsync(shell, resolved, cancellationToken);
        }
        else
        {
            _entries.Add(new RemovedEntry(resolved, IsFolder: false));
        }
    }

    private async Task AddMatchesAsync(ClientShell shell, ShellWord pattern, bool isRecursive, CancellationToken cancellationToken)
    {
        NeedsConfirmation = true;
        List<FtpEntry> matches = await RemoteFileFinder.MatchAsync(shell, pattern, cancellationToken);
        RequireReadable(pattern.Text, matches);
        List<FtpEntry> files = matches.FindAll(match => match.Kind != FtpEntryKind.Directory);
        List<FtpEntry> folders = matches.FindAll(match => match.Kind == FtpEntryKind.Directory);
        if (files.Count == 0 && (folders.Count == 0 || !isRecursive))
        {
            throw new UserErrorException(
                ExitCode.NotFound,
                $"no remote file matches {pattern}{(folders.Count > 0 ? ", only folders" : "")}",
                folders.Count > 0 ? "-r, to remove folders too" : "ls, to list the folder");
        }

        _entries.AddRange(files.Select(file => new RemovedEntry(file.Path, IsFolder: false)));
        foreach (FtpEntry folder in isRecursive ? folders : [])
        {
            await AddFolderAsync(shell, folder.Path, cancellationToken);
        }
    }

    private async Task AddFolderAsync(ClientShell shell, string path, CancellationToken cancellationToken)
    {
        NeedsConfirmation = true;
        var tree = new RemoteTree(shell);
        var found = new List<FtpEntry>();
        await foreach (TreeEntry item in tree.WalkAsync(path, cancellationToken))
        {
            found.Add(item.Entry);
        }

        RequireReadable(path, found);
        if (tree.UnlistedFolders is [var unlisted, ..])
        {
            UserError error = shell.DescribeError(unlisted.Exception, $"rm {path}: {unlisted.Path} cannot be listed, nothing was removed");
            throw new UserErrorException(error);
        }

        // A folder precedes its entries in the tree, so the reverse order removes the entries first.
        found.Reverse();
        _entries.AddRange(found.Select(entry => new RemovedEntry(entry.Path, entry.Kind == FtpEntryKind.Directory)));
        _entries.Add(new RemovedEntry(path, IsFolder: true));
    }

    private static void RequireReadable(string path, List<FtpEntry> entries)
    {
        if (entries.Exists(RemoteFileFinder.IsUnreadable))
        {
            throw new UserErrorException(
                ExitCode.OtherError,
                $"rm {path}: the server's listing has lines in an unknown format; nothing was removed",
                "rm with the exact names");
        }
    }
}
