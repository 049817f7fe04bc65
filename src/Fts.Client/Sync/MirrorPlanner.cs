using System.Collections.Concurrent;
using Fts.Client.Downloads;
using Fts.Client.Listings;
using Fts.Client.Pool;
using Fts.Protocol;

namespace Fts.Client.Sync;

/// <summary>A directory of the compared trees, on both sides.</summary>
/// <param name="Local">The local path.</param>
/// <param name="Remote">The path on the server.</param>
/// <param name="IsInTarget">Whether the target has the directory already.</param>
/// <param name="UniqueId">The unique identifier of the directory on the server; null if the server does not report one.</param>
/// <param name="Parent">The parent directory; null for the root of the tree.</param>
internal sealed record MirrorDirectory(string Local, string Remote, bool IsInTarget, string? UniqueId, MirrorDirectory? Parent)
{
    /// <summary>The number of levels below the root of the tree.</summary>
    public int Depth { get; } = Parent is null ? 0 : Parent.Depth + 1;

    /// <summary>The names in a listing from NLST; empty before the listing, and for other commands.</summary>
    public IReadOnlyList<string> Names { get; set; } = [];

    /// <summary>
    /// Returns whether an ancestor has the same name and the same listing. If a server supports NLST only and no PWD, nothing else detects
    /// a link to an ancestor.
    /// </summary>
    public bool IsRepeatOfAncestor()
    {
        for (MirrorDirectory? ancestor = Parent; ancestor is not null && Names.Count > 0 && UniqueId is null; ancestor = ancestor.Parent)
        {
            if (RemotePath.GetName(ancestor.Remote) == RemotePath.GetName(Remote) && ancestor.Names.SequenceEqual(Names))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Returns whether this directory or an ancestor has the given unique identifier. Some servers list a link as its target, so a link to
    /// an ancestor would cause endless recursion.
    /// </summary>
    public bool IsWithin(string? uniqueId)
    {
        for (MirrorDirectory? directory = this; directory is not null && uniqueId is not null; directory = directory.Parent)
        {
            if (directory.UniqueId == uniqueId)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>
/// Compares two trees level by level, one directory at a time on each connection, and records the directories and files to create or
/// replace in the target.
/// </summary>
internal sealed class MirrorPlanner(FtpClient client, ConnectionPool pool, FtpMirrorPlan plan)
{
    /// <summary>The maximum depth. Real trees are not deeper, but a link to an ancestor can make a tree appear endless.</summary>
    private const int MaxDepth = 128;

    /// <summary>
    /// The number of directories per connection. For fewer directories, the login on another connection takes longer than it saves.
    /// </summary>
    private const int DirectoriesPerConnection = 4;

    private static readonly EnumerationOptions AllEntries =
        new() { AttributesToSkip = 0, IgnoreInaccessible = false, MatchType = MatchType.Simple };

    private static readonly StringComparer LocalNameComparer =
        OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    private readonly Lock _lock = new();
    private readonly List<string> _directories = [];
    private readonly List<FtpBatchFile> _files = [];
    private readonly List<FtpMirrorFailure> _failures = [];
    private readonly List<FtpEntry> _unreadableEntries = [];
    private long _bytes;
    private int _unchanged, _skipped, _entryCount;
    private volatile bool _isTooLarge;

    private bool IsDownload => plan.Direction == FtpMirrorDirection.Download;

    /// <summary>Compares the trees and returns the plan.</summary>
    /// <param name="top">The root of the trees.</param>
    /// <param name="missing">The missing directories of the target: its root and the parents of the root.</param>
    /// <param name="cancellationToken">Cancels the comparison.</param>
    public async Task<FtpMirrorPlan> RunAsync(MirrorDirectory top, IEnumerable<string> missing, CancellationToken cancellationToken)
    {
        _directories.AddRange(missing);
        // An error in the root is thrown; an error in another directory is recorded.
        var level = new ConcurrentQueue<MirrorDirectory>(await CompareDirectoryAsync(top, cancellationToken).ConfigureAwait(false));
        while (!level.IsEmpty)
        {
            var next = new ConcurrentQueue<MirrorDirectory>();
            int connections = Math.Min(client.Options.MaxConnections, 1 + (level.Count / DirectoriesPerConnection));
            IEnumerable<MirrorDirectory> toCreate = level.Where(directory => !directory.IsInTarget);
            IEnumerable<string> paths = toCreate.Select(directory => IsDownload ? directory.Local : directory.Remote);
            _directories.AddRange(paths.Order(StringComparer.Ordinal));
            await ConnectionWorkers.RunAsync(pool, connections, token => CompareDirectoriesAsync(level, next, token), cancellationToken)
                .ConfigureAwait(false);
            level = next;
        }

        _files.Sort((a, b) => string.CompareOrdinal(a.RemotePath, b.RemotePath));
        return plan with
        {
            Directories = _directories,
            Files = _files,
            Bytes = _bytes,
            Unchanged = _unchanged,
            Skipped = _skipped,
            Failures = _failures,
            UnreadableEntries = _unreadableEntries,
        };
    }

    private async Task CompareDirectoriesAsync(
        ConcurrentQueue<MirrorDirectory> directories, ConcurrentQueue<MirrorDirectory> children, CancellationToken cancellationToken)
    {
        while (directories.TryDequeue(out MirrorDirectory? directory))
        {
            try
            {
                (await CompareDirectoryAsync(directory, cancellationToken).ConfigureAwait(false)).ForEach(children.Enqueue);
            }
            catch (Exception e) when (
                !_isTooLarge
                && e is (FtpException and not FtpConnectionException) or IOException or UnauthorizedAccessException or ArgumentException)
            {
                AddFailure(IsDownload ? directory.Remote : directory.Local, e);
            }
        }
    }

    /// <summary>Compares one directory. Returns its subdirectories, which are compared next.</summary>
    private async Task<List<MirrorDirectory>> CompareDirectoryAsync(MirrorDirectory directory, CancellationToken cancellationToken)
    {
        if (directory.Depth > MaxDepth)
        {
            throw new FtpException($"the folder is more than {MaxDepth} levels deep");
        }

        Dictionary<string, FileSystemInfo> local = IsDownload && !directory.IsInTarget ? [] : ListLocal(directory.Local);
        List<FtpEntry> remote = IsDownload || directory.IsInTarget
            ? await ListRemoteAsync(directory.Remote, cancellationToken).ConfigureAwait(false)
            : [];
        directory.Names = remote.Exists(entry => entry.Source != FtpEntrySource.Names) ? [] : [.. remote.Select(entry => entry.Name)];
        var children = new List<MirrorDirectory>();
        lock (_lock)
        {
            _unreadableEntries.AddRange(remote.Where(entry => entry.Kind == FtpEntryKind.Unknown));
            remote.RemoveAll(entry => entry.Kind == FtpEntryKind.Unknown);
            if (IsDownload && directory.IsRepeatOfAncestor())
            {
                _skipped++;
            }
            else if (IsDownload)
            {
                AddDownloads(directory, local, remote, children);
            }
            else
            {
                AddUploads(directory, local, remote, children);
            }
        }

        return children;
    }

    private Dictionary<string, FileSystemInfo> ListLocal(string path) => new DirectoryInfo(path)
        .EnumerateFileSystemInfos("*", AllEntries)
        .ToDictionary(entry => entry.Name, IsDownload ? LocalNameComparer : StringComparer.Ordinal);

    /// <summary>Lists a directory on the server, and requests the metadata of names that NLST lists without metadata.</summary>
    /// <exception cref="FtpProtocolException">The tree has more entries than <see cref="FtpLimits.MirrorEntries"/>.</exception>
    private async Task<List<FtpEntry>> ListRemoteAsync(string path, CancellationToken cancellationToken)
    {
        var entries = new List<FtpEntry>();
        await foreach (FtpEntry entry in client.ListAsync(path, cancellationToken).ConfigureAwait(false))
        {
            entries.Add(entry);
            if (Interlocked.Increment(ref _entryCount) > client.Options.Limits.MirrorEntries)
            {
                _isTooLarge = true;
                throw new FtpProtocolException($"the tree has more than {client.Options.Limits.MirrorEntries} entries");
            }
        }

        for (int i = 0; i < entries.Count && entries[i].Source == FtpEntrySource.Names; i++)
        {
            FtpEntry named = entries[i];
            entries[i] = await pool.RunAsync(
                (connection, token) => RemoteMetadata.ResolveNameAsync(connection, named, token), cancellationToken).ConfigureAwait(false);
        }

        return entries;
    }

    /// <summary>Compares the entries of a remote directory with those of a local one. Called under the lock.</summary>
    private void AddDownloads(
        MirrorDirectory directory, Dictionary<string, FileSystemInfo> local, List<FtpEntry> remote, List<MirrorDirectory> children)
    {
        var seen = new HashSet<string>(LocalNameComparer);
        foreach (FtpEntry entry in remote)
        {
            string name = entry.LocalName;
            if (!entry.IsSafeName || PartialDownloadNames.IsPartialName(name))
            {
                AddFailure(entry.Path, new FtpException($"'{entry.Name}' cannot be a local file name"));
                continue;
            }

            string path = Path.Combine(directory.Local, name);
            FileSystemInfo? existing = local.GetValueOrDefault(name);
            bool isDirectory = entry.Kind == FtpEntryKind.Directory;
            if ((!isDirectory && entry.Kind != FtpEntryKind.File) || (isDirectory && directory.IsWithin(entry.UniqueId)))
            {
                _skipped++;
            }
            else if (!seen.Add(name))
            {
                AddFailure(entry.Path, new FtpException(name == entry.Name
                    ? "another entry in the folder has the same name"
                    : $"another entry in the folder has the same local name, {name}"));
            }
            else if (existing is not null && (IsLink(existing) || existing is DirectoryInfo != isDirectory))
            {
                AddFailure(entry.Path, new IOException($"{path} is {DescribeKind(existing)} and is not replaced"));
            }
            else if (isDirectory)
            {
                children.Add(new MirrorDirectory(path, entry.Path, existing is not null, entry.UniqueId, directory));
            }
            else
            {
                bool isUnchanged = existing is FileInfo file && IsUnchanged(entry, file);
                AddFile(new FtpBatchFile(path, entry.Path) { SourceEntry = entry }, entry.Length ?? 0, isUnchanged);
            }
        }
    }

    /// <summary>Compares the entries of a local directory with those of a remote one. Called under the lock.</summary>
    private void AddUploads(
        MirrorDirectory directory, Dictionary<string, FileSystemInfo> local, List<FtpEntry> remote, List<MirrorDirectory> children)
    {
        var remoteByName = new Dictionary<string, FtpEntry>(StringComparer.Ordinal);
        remote.ForEach(entry => remoteByName.TryAdd(entry.Name, entry));
        // A file that was downloaded under a local name is uploaded under its original name.
        remote.ForEach(entry => remoteByName.TryAdd(entry.LocalName, entry));
        foreach (FileSystemInfo entry in local.Values)
        {
            FtpEntry? existing = remoteByName.GetValueOrDefault(entry.Name);
            string path = existing?.Path ?? RemotePath.Join(directory.Remote, entry.Name);
            if (PartialDownloadNames.IsPartialName(entry.Name))
            {
                continue;
            }

            if (entry.Name.Contains('\uFFFD', StringComparison.Ordinal) && !Path.Exists(entry.FullName))
            {
                // The .NET runtime replaces bytes that are not UTF-8, so the file cannot be opened by its name.
                AddFailure(entry.FullName, new IOException("the file cannot be opened, because its name is not UTF-8; rename it"));
            }
            else if (IsLink(entry) || (entry is FileInfo { Exists: true, Length: 0 } && !LocalFileCheck.IsRegularFile(entry.FullName)))
            {
                _skipped++;
            }
            else if (!entry.Exists)
            {
                AddFailure(entry.FullName, new FileNotFoundException("the file was deleted, or its name cannot be read"));
            }
            else if (existing is not null && existing.Kind != (entry is DirectoryInfo ? FtpEntryKind.Directory : FtpEntryKind.File))
            {
                AddFailure(entry.FullName, new FtpException($"{path} is {DescribeKind(existing)} on the server and is not replaced"));
            }
            else if (entry is FileInfo file)
            {
                bool isUnchanged = existing is not null && IsUnchanged(existing, file);
                AddFile(new FtpBatchFile(Path.Combine(directory.Local, file.Name), path), file.Length, isUnchanged);
            }
            else
            {
                children.Add(new MirrorDirectory(Path.Combine(directory.Local, entry.Name), path, existing is not null, null, directory));
            }
        }
    }

    private void AddFile(FtpBatchFile file, long length, bool isUnchanged)
    {
        if (isUnchanged)
        {
            _unchanged++;
            return;
        }

        _bytes += length;
        _files.Add(file);
    }

    /// <summary>
    /// Returns whether a local and a remote file have the same length and last-modified time, to the second. The time is ignored if the
    /// server does not report exact times.
    /// </summary>
    /// <remarks>If the server cannot set times, a file has the time of its upload, so a newer remote file counts as unchanged.</remarks>
    private bool IsUnchanged(FtpEntry remote, FileInfo local)
    {
        if (remote.Length is { } length && length != local.Length)
        {
            return false;
        }

        if (remote.LastModified is not { } remoteTime || !DownloadResumption.HasExactMetadata(remote))
        {
            return remote.Length is not null;
        }

        DateTime localTime = local.LastWriteTimeUtc;
        return localTime.Ticks / TimeSpan.TicksPerSecond == remoteTime.UtcTicks / TimeSpan.TicksPerSecond
            || (!IsDownload && !client.Features.CanSetLastModified && localTime < remoteTime);
    }

    private void AddFailure(string path, Exception exception)
    {
        lock (_lock)
        {
            _failures.Add(new FtpMirrorFailure(path, exception));
        }
    }

    private static bool IsLink(FileSystemInfo entry) => entry.Attributes.HasFlag(FileAttributes.ReparsePoint);

    private static string DescribeKind(FileSystemInfo entry) => IsLink(entry) ? "a link" : entry is DirectoryInfo ? "a folder" : "a file";

    private static string DescribeKind(FtpEntry entry) => entry.Kind switch
    {
        FtpEntryKind.Directory => "a folder",
        FtpEntryKind.File => "a file",
        _ => "a link or device",
    };
}
