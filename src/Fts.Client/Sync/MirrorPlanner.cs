using System.Collections.Concurrent;
using Fts.Client.Downloads;
using Fts.Client.Listings;
using Fts.Client.Pool;
using Fts.Protocol;

namespace Fts.Client.Sync;

/// <summary>A folder of a tree that is walked, on both sides.</summary>
/// <param name="Local">Its path here.</param>
/// <param name="Remote">Its path on the server.</param>
/// <param name="IsInTarget">Whether the target has it already.</param>
/// <param name="UniqueId">What tells it from any other on the server, where that is told.</param>
/// <param name="Parent">What it is in; null for the top.</param>
internal sealed record MirrorDirectory(string Local, string Remote, bool IsInTarget, string? UniqueId, MirrorDirectory? Parent)
{
    public int Depth { get; } = Parent is null ? 0 : Parent.Depth + 1;

    /// <summary>The names of a listing by NLST; empty before it, and for other listings.</summary>
    public IReadOnlyList<string> Names { get; set; } = [];

    /// <summary>Returns whether a folder above has the same name and the same names in it. Without PWD, only that shows a link to a folder above.</summary>
    public bool IsRepeatOfAncestor()
    {
        for (MirrorDirectory? above = Parent; above is not null && Names.Count > 0 && UniqueId is null; above = above.Parent)
        {
            if (RemotePath.GetName(above.Remote) == RemotePath.GetName(Remote) && above.Names.SequenceEqual(Names))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether this folder, or one that it is in, is of that identity: some servers list links as what they lead to, and would do so without end.</summary>
    public bool IsWithin(string? uniqueId)
    {
        for (MirrorDirectory? above = this; above is not null && uniqueId is not null; above = above.Parent)
        {
            if (above.UniqueId == uniqueId)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Walks a tree, level by level, a folder at a time on each connection, and finds out what the target lacks.</summary>
internal sealed class MirrorPlanner(FtpClient client, ConnectionPool pool, FtpMirrorPlan plan)
{
    /// <summary>No file system has paths for more; a link into itself may seem to.</summary>
    private const int MaxDepth = 128;

    /// <summary>Folders for which another connection is worth its sign-in.</summary>
    private const int DirectoriesPerConnection = 4;

    private static readonly EnumerationOptions AllEntries = new() { AttributesToSkip = 0, IgnoreInaccessible = false, MatchType = MatchType.Simple };

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

    /// <summary>The plan for the tree below <paramref name="top"/>.</summary>
    /// <param name="top">Where to start.</param>
    /// <param name="missing">Folders of the target that lead there and are not there yet.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<FtpMirrorPlan> RunAsync(MirrorDirectory top, IEnumerable<string> missing, CancellationToken cancellationToken)
    {
        _directories.AddRange(missing);
        // What the top is listed by is the caller's, and so is what goes wrong with it.
        var level = new ConcurrentQueue<MirrorDirectory>(await CompareDirectoryAsync(top, cancellationToken).ConfigureAwait(false));
        while (!level.IsEmpty)
        {
            var next = new ConcurrentQueue<MirrorDirectory>();
            int connections = Math.Min(client.Options.MaxConnections, 1 + (level.Count / DirectoriesPerConnection));
            _directories.AddRange(level.Where(directory => !directory.IsInTarget).Select(directory => IsDownload ? directory.Local : directory.Remote).Order(StringComparer.Ordinal));
            await ConnectionWorkers.RunAsync(pool, connections, token => CompareDirectoriesAsync(level, next, token), cancellationToken).ConfigureAwait(false);
            level = next;
        }

        _files.Sort((a, b) => string.CompareOrdinal(a.RemotePath, b.RemotePath));
        return plan with { Directories = _directories, Files = _files, Bytes = _bytes, Unchanged = _unchanged, Skipped = _skipped, Failures = _failures, UnreadableEntries = _unreadableEntries };
    }

    private async Task CompareDirectoriesAsync(ConcurrentQueue<MirrorDirectory> directories, ConcurrentQueue<MirrorDirectory> below, CancellationToken cancellationToken)
    {
        while (directories.TryDequeue(out MirrorDirectory? directory))
        {
            try
            {
                (await CompareDirectoryAsync(directory, cancellationToken).ConfigureAwait(false)).ForEach(below.Enqueue);
            }
            catch (Exception e) when (!_isTooLarge && e is (FtpException and not FtpConnectionException) or IOException or UnauthorizedAccessException or ArgumentException)
            {
                AddFailure(IsDownload ? directory.Remote : directory.Local, e);
            }
        }
    }

    /// <summary>Compares one folder; the folders in it.</summary>
    private async Task<List<MirrorDirectory>> CompareDirectoryAsync(MirrorDirectory directory, CancellationToken cancellationToken)
    {
        if (directory.Depth > MaxDepth)
        {
            throw new FtpException($"it is more than {MaxDepth} folders deep");
        }

        Dictionary<string, FileSystemInfo> here = IsDownload && !directory.IsInTarget ? [] :
            new DirectoryInfo(directory.Local).EnumerateFileSystemInfos("*", AllEntries).ToDictionary(entry => entry.Name, IsDownload ? LocalNameComparer : StringComparer.Ordinal);
        List<FtpEntry> there = IsDownload || directory.IsInTarget ? await ListAsync(directory.Remote, cancellationToken).ConfigureAwait(false) : [];
        directory.Names = there.Exists(entry => entry.Source != FtpEntrySource.Names) ? [] : [.. there.Select(entry => entry.Name)];
        var below = new List<MirrorDirectory>();
        lock (_lock)
        {
            _unreadableEntries.AddRange(there.Where(entry => entry.Kind == FtpEntryKind.Unknown));
            there.RemoveAll(entry => entry.Kind == FtpEntryKind.Unknown);
            if (IsDownload && directory.IsRepeatOfAncestor())
            {
                _skipped++;
            }
            else if (IsDownload)
            {
                AddDownloads(directory, here, there, below);
            }
            else
            {
                AddUploads(directory, here, there, below);
            }
        }

        return below;
    }

    private async Task<List<FtpEntry>> ListAsync(string path, CancellationToken cancellationToken)
    {
        var entries = new List<FtpEntry>();
        await foreach (FtpEntry entry in client.ListAsync(path, cancellationToken).ConfigureAwait(false))
        {
            entries.Add(entry);
            if (Interlocked.Increment(ref _entryCount) > client.Options.Limits.MirrorEntries)
            {
                _isTooLarge = true;
                throw new FtpProtocolException($"the tree has more than {client.Options.Limits.MirrorEntries} entries, and may never end");
            }
        }

        for (int i = 0; i < entries.Count && entries[i].Source == FtpEntrySource.Names; i++)
        {
            FtpEntry named = entries[i];
            entries[i] = await pool.RunAsync((connection, token) => RemoteMetadata.ResolveNameAsync(connection, named, token), cancellationToken).ConfigureAwait(false);
        }

        return entries;
    }

    private void AddDownloads(MirrorDirectory directory, Dictionary<string, FileSystemInfo> here, List<FtpEntry> there, List<MirrorDirectory> below)
    {
        var seen = new HashSet<string>(LocalNameComparer);
        foreach (FtpEntry entry in there)
        {
            string name = entry.LocalName;
            if (!entry.IsSafeName || PartialDownloadNames.IsPartialName(name))
            {
                AddFailure(entry.Path, new FtpException($"'{entry.Name}' is no name for a file here"));
                continue;
            }

            string local = Path.Combine(directory.Local, name);
            FileSystemInfo? present = here.GetValueOrDefault(name);
            if (entry.Kind is not (FtpEntryKind.File or FtpEntryKind.Directory) || (entry.Kind == FtpEntryKind.Directory && directory.IsWithin(entry.UniqueId)))
            {
                _skipped++;
            }
            else if (!seen.Add(name))
            {
                AddFailure(entry.Path, new FtpException(name == entry.Name ? "another entry of the folder has the same name" : $"another entry of the folder has the same local name, {name}"));
            }
            else if (present is not null && (IsLink(present) || present is DirectoryInfo != (entry.Kind == FtpEntryKind.Directory)))
            {
                AddFailure(entry.Path, new IOException($"{local} is {DescribeKind(present)}, and is left as it is"));
            }
            else if (entry.Kind == FtpEntryKind.Directory)
            {
                below.Add(new MirrorDirectory(local, entry.Path, present is not null, entry.UniqueId, directory));
            }
            else
            {
                AddFile(new FtpBatchFile(local, entry.Path) { SourceEntry = entry }, entry.Length ?? 0, present is FileInfo file && IsUnchanged(entry, file));
            }
        }
    }

    private void AddUploads(MirrorDirectory directory, Dictionary<string, FileSystemInfo> here, List<FtpEntry> there, List<MirrorDirectory> below)
    {
        var present = new Dictionary<string, FtpEntry>(StringComparer.Ordinal);
        there.ForEach(entry => present.TryAdd(entry.Name, entry));
        // A file that was downloaded under a local name is uploaded to its original name.
        there.ForEach(entry => present.TryAdd(entry.LocalName, entry));
        foreach (FileSystemInfo entry in here.Values)
        {
            FtpEntry? taken = present.GetValueOrDefault(entry.Name);
            string remote = taken?.Path ?? RemotePath.Join(directory.Remote, entry.Name);
            if (PartialDownloadNames.IsPartialName(entry.Name))
            {
                continue;
            }

            if (entry.Name.Contains('\uFFFD', StringComparison.Ordinal) && !Path.Exists(entry.FullName))
            {
                // The runtime replaces bytes that are not UTF-8, and then no call finds the file.
                AddFailure(entry.FullName, new IOException("the file cannot be opened, because its name is not UTF-8; rename it"));
            }
            else if (IsLink(entry) || (entry is FileInfo { Exists: true, Length: 0 } && !LocalFileCheck.IsRegularFile(entry.FullName)))
            {
                _skipped++;
            }
            else if (!entry.Exists)
            {
                AddFailure(entry.FullName, new FileNotFoundException("it is not there any more, or has a name that cannot be read"));
            }
            else if (taken is not null && taken.Kind != (entry is DirectoryInfo ? FtpEntryKind.Directory : FtpEntryKind.File))
            {
                AddFailure(entry.FullName, new FtpException($"{remote} is {(taken.Kind == FtpEntryKind.Directory ? "a folder" : taken.Kind == FtpEntryKind.File ? "a file" : "a link or device")} on the server, and is left as it is"));
            }
            else if (entry is FileInfo file)
            {
                AddFile(new FtpBatchFile(Path.Combine(directory.Local, file.Name), remote), file.Length, taken is not null && IsUnchanged(taken, file));
            }
            else
            {
                below.Add(new MirrorDirectory(Path.Combine(directory.Local, entry.Name), remote, taken is not null, null, directory));
            }
        }
    }

    private void AddFile(FtpBatchFile file, long length, bool isSame)
    {
        if (isSame)
        {
            _unchanged++;
            return;
        }

        _bytes += length;
        _files.Add(file);
    }

    /// <summary>
    /// Whether size and time are the same, to the second. Times of listings for people say nothing that exact; and where uploads keep the time they were made at,
    /// one that was made after the last change is of that.
    /// </summary>
    private bool IsUnchanged(FtpEntry remote, FileInfo local)
    {
        if (remote.Length is { } length && length != local.Length)
        {
            return false;
        }

        if (remote.LastModified is not { } there || !DownloadResumption.HasExactMetadata(remote))
        {
            return remote.Length is not null;
        }

        DateTime here = local.LastWriteTimeUtc;
        return here.Ticks / TimeSpan.TicksPerSecond == there.UtcTicks / TimeSpan.TicksPerSecond || (!IsDownload && !client.Features.CanSetLastModified && here < there);
    }

    private void AddFailure(string path, Exception reason)
    {
        lock (_lock)
        {
            _failures.Add(new FtpMirrorFailure(path, reason));
        }
    }

    private static bool IsLink(FileSystemInfo entry) => entry.Attributes.HasFlag(FileAttributes.ReparsePoint);

    private static string DescribeKind(FileSystemInfo entry) => IsLink(entry) ? "a link" : entry is DirectoryInfo ? "a folder" : "a file";
}
