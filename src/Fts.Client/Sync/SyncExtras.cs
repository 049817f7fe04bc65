using Fts.Client.Downloads;
using Fts.Protocol;

namespace Fts.Client.Sync;

/// <summary>
/// The files and directories of a target that the source lacks, with the contents of these directories. Links, special files and the
/// trash directory stay, and also the directories that contain them.
/// </summary>
internal sealed class SyncExtras(
    FtpClient client, FtpMirrorPlan roots, string? trash, List<FtpMirrorFailure> failures, List<FtpEntry> unreadableEntries)
{
    private const int MaxDepth = 128; // as in MirrorPlanner: a link to an ancestor can make a tree appear endless

    private readonly string? _localTrash =
        trash is not null && roots.Direction == FtpMirrorDirection.Download ? Path.GetFullPath(trash) : null;

    private readonly string? _remoteTrash = roots.Direction == FtpMirrorDirection.Upload ? trash?.TrimEnd('/') : null;

    /// <summary>The deletions of files.</summary>
    public List<FtpSyncEntry> Files { get; } = [];

    /// <summary>The deletions of directories, children before their parents.</summary>
    public List<FtpSyncEntry> Directories { get; } = [];

    /// <summary>The number of links and special files.</summary>
    public int Skipped { get; private set; }

    /// <summary>Adds the extra entries of a comparison, and the contents of the directories among them.</summary>
    public async Task AddAsync(SyncDifferences differences, CancellationToken cancellationToken)
    {
        foreach (LocalExtra extra in differences.LocalExtras)
        {
            AddLocal(extra.LocalPath, extra.RemotePath, extra.Info, depth: 0);
        }

        foreach (RemoteExtra extra in differences.RemoteExtras)
        {
            await AddRemoteAsync(extra.LocalPath, extra.Entry, depth: 0, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Adds a local entry. Returns false if the entry stays.</summary>
    private bool AddLocal(string localPath, string remotePath, FileSystemInfo info, int depth)
    {
        if (_localTrash is not null && Path.GetFullPath(localPath) == _localTrash)
        {
            return false;
        }

        if (info.Attributes.HasFlag(FileAttributes.ReparsePoint)
            || (info is FileInfo { Length: 0 } && !LocalFileCheck.IsRegularFile(info.FullName)))
        {
            Skipped++;
            return false;
        }

        if (info is FileInfo file)
        {
            Files.Add(new FtpSyncEntry(FtpSyncAction.DeleteFile, localPath, remotePath) { Target = SyncStates.FromLocal(file) });
            return true;
        }

        bool isEmpty = depth <= MaxDepth;
        try
        {
            foreach (FileSystemInfo child in new DirectoryInfo(localPath).EnumerateFileSystemInfos("*", LocalEntries.All))
            {
                isEmpty &= AddLocal(
                    Path.Combine(localPath, child.Name), RemotePath.Join(remotePath, child.Name), child, depth + 1);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failures.Add(new FtpMirrorFailure(localPath, e));
            return false;
        }

        if (isEmpty)
        {
            Directories.Add(new FtpSyncEntry(FtpSyncAction.DeleteDirectory, localPath, remotePath));
        }

        return isEmpty;
    }

    /// <summary>Adds an entry on the server. Returns false if the entry stays.</summary>
    private async Task<bool> AddRemoteAsync(string localPath, FtpEntry entry, int depth, CancellationToken cancellationToken)
    {
        if (_remoteTrash is not null && entry.Path.TrimEnd('/') == _remoteTrash)
        {
            return false;
        }

        if (entry.Kind == FtpEntryKind.File)
        {
            Files.Add(new FtpSyncEntry(FtpSyncAction.DeleteFile, localPath, entry.Path) { Target = SyncStates.FromRemote(entry) });
            return true;
        }

        if (entry.Kind == FtpEntryKind.Unknown && entry.Source != FtpEntrySource.Names)
        {
            unreadableEntries.Add(entry);
            return false;
        }

        if (entry.Kind != FtpEntryKind.Directory || entry.Name.Contains('/', StringComparison.Ordinal) || entry.Name is "." or "..")
        {
            Skipped++;
            return false;
        }

        bool isEmpty = depth <= MaxDepth;
        var children = new List<FtpEntry>();
        try
        {
            if (isEmpty)
            {
                await foreach (FtpEntry child in client.ListAsync(entry.Path, cancellationToken).ConfigureAwait(false))
                {
                    children.Add(child);
                }
            }
        }
        catch (FtpException e) when (e is not FtpConnectionException)
        {
            failures.Add(new FtpMirrorFailure(entry.Path, e));
            return false;
        }

        foreach (FtpEntry child in children)
        {
            isEmpty &= await AddRemoteAsync(Path.Combine(localPath, child.LocalName), child, depth + 1, cancellationToken)
                .ConfigureAwait(false);
        }

        if (isEmpty)
        {
            Directories.Add(new FtpSyncEntry(FtpSyncAction.DeleteDirectory, localPath, entry.Path));
        }

        return isEmpty;
    }
}
