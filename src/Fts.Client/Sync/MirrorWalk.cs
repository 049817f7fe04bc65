using System.Collections.Concurrent;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>A folder of a tree that is walked, on both sides.</summary>
/// <param name="Local">Its path here.</param>
/// <param name="Remote">Its path on the server.</param>
/// <param name="IsInTarget">Whether the target has it already.</param>
/// <param name="UniqueId">What tells it from any other on the server, where that is told.</param>
/// <param name="Parent">What it is in; null for the top.</param>
internal sealed record MirrorFolder(string Local, string Remote, bool IsInTarget, string? UniqueId, MirrorFolder? Parent)
{
    public int Depth { get; } = Parent is null ? 0 : Parent.Depth + 1;

    /// <summary>The names of a listing by NLST; empty before it, and for other listings.</summary>
    public IReadOnlyList<string> Names { get; set; } = [];

    /// <summary>Returns whether a folder above has the same name and the same names in it. Without PWD, only that shows a link to a folder above.</summary>
    public bool RepeatsFolderAbove()
    {
        for (MirrorFolder? above = Parent; above is not null && Names.Count > 0 && UniqueId is null; above = above.Parent)
        {
            if (RemotePath.NameOf(above.Remote) == RemotePath.NameOf(Remote) && above.Names.SequenceEqual(Names))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether this folder, or one that it is in, is of that identity: some servers list links as what they lead to, and would do so without end.</summary>
    public bool IsBelow(string? uniqueId)
    {
        for (MirrorFolder? above = this; above is not null && uniqueId is not null; above = above.Parent)
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
internal sealed class MirrorWalk(FtpClient client, ConnectionPool pool, FtpMirrorPlan plan)
{
    /// <summary>No file system has paths for more; a link into itself may seem to.</summary>
    private const int Deepest = 128;

    /// <summary>Folders for which another connection is worth its sign-in.</summary>
    private const int WorthConnection = 4;

    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false, MatchType = MatchType.Simple };

    private static readonly StringComparer LocalNames =
        OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    private readonly Lock _lock = new();
    private readonly List<string> _folders = [];
    private readonly List<FtpBatchFile> _files = [];
    private readonly List<FtpMirrorFailure> _failures = [];
    private readonly List<FtpEntry> _unreadable = [];
    private long _bytes;
    private int _unchanged, _skipped, _entries;
    private volatile bool _isTooLarge;

    private bool IsDownload => plan.Direction == FtpMirrorDirection.Download;

    /// <summary>The plan for the tree below <paramref name="top"/>.</summary>
    /// <param name="top">Where to start.</param>
    /// <param name="missing">Folders of the target that lead there and are not there yet.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<FtpMirrorPlan> RunAsync(MirrorFolder top, IEnumerable<string> missing, CancellationToken cancellationToken)
    {
        _folders.AddRange(missing);
        // What the top is listed by is the caller's, and so is what goes wrong with it.
        var level = new ConcurrentQueue<MirrorFolder>(await VisitAsync(top, cancellationToken).ConfigureAwait(false));
        while (!level.IsEmpty)
        {
            var next = new ConcurrentQueue<MirrorFolder>();
            int connections = Math.Min(client.Options.MaxConnections, 1 + (level.Count / WorthConnection));
            _folders.AddRange(level.Where(directory => !directory.IsInTarget).Select(directory => IsDownload ? directory.Local : directory.Remote).Order(StringComparer.Ordinal));
            await Workers.RunAsync(pool, connections, token => VisitAllAsync(level, next, token), cancellationToken).ConfigureAwait(false);
            level = next;
        }

        _files.Sort((a, b) => string.CompareOrdinal(a.RemotePath, b.RemotePath));
        return plan with { Folders = _folders, Files = _files, Bytes = _bytes, Unchanged = _unchanged, Skipped = _skipped, Failures = _failures, UnreadableEntries = _unreadable };
    }

    private async Task VisitAllAsync(ConcurrentQueue<MirrorFolder> directories, ConcurrentQueue<MirrorFolder> below, CancellationToken cancellationToken)
    {
        while (directories.TryDequeue(out MirrorFolder? directory))
        {
            try
            {
                (await VisitAsync(directory, cancellationToken).ConfigureAwait(false)).ForEach(below.Enqueue);
            }
            catch (Exception e) when (!_isTooLarge && e is (FtpException and not FtpConnectionException) or IOException or UnauthorizedAccessException or ArgumentException)
            {
                Fail(IsDownload ? directory.Remote : directory.Local, e);
            }
        }
    }

    /// <summary>Compares one folder; the folders in it.</summary>
    private async Task<List<MirrorFolder>> VisitAsync(MirrorFolder directory, CancellationToken cancellationToken)
    {
        if (directory.Depth > Deepest)
        {
            throw new FtpException($"it is more than {Deepest} folders deep");
        }

        Dictionary<string, FileSystemInfo> here = IsDownload && !directory.IsInTarget ? [] :
            new DirectoryInfo(directory.Local).EnumerateFileSystemInfos("*", Everything).ToDictionary(entry => entry.Name, IsDownload ? LocalNames : StringComparer.Ordinal);
        List<FtpEntry> there = IsDownload || directory.IsInTarget ? await ListAsync(directory.Remote, cancellationToken).ConfigureAwait(false) : [];
        directory.Names = there.Exists(entry => entry.Source != FtpEntrySource.Names) ? [] : [.. there.Select(entry => entry.Name)];
        var below = new List<MirrorFolder>();
        lock (_lock)
        {
            _unreadable.AddRange(there.Where(entry => entry.Kind == FtpEntryKind.Unknown));
            there.RemoveAll(entry => entry.Kind == FtpEntryKind.Unknown);
            if (IsDownload && directory.RepeatsFolderAbove())
            {
                _skipped++;
            }
            else if (IsDownload)
            {
                Download(directory, here, there, below);
            }
            else
            {
                Upload(directory, here, there, below);
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
            if (Interlocked.Increment(ref _entries) > client.Options.Limits.MirrorEntries)
            {
                _isTooLarge = true;
                throw new FtpProtocolException($"the tree has more than {client.Options.Limits.MirrorEntries} entries, and may never end");
            }
        }

        for (int i = 0; i < entries.Count && entries[i].Source == FtpEntrySource.Names; i++)
        {
            FtpEntry named = entries[i];
            entries[i] = await pool.RunAsync((connection, token) => RemoteFacts.ResolveAsync(connection, named, token), cancellationToken).ConfigureAwait(false);
        }

        return entries;
    }

    private void Download(MirrorFolder directory, Dictionary<string, FileSystemInfo> here, List<FtpEntry> there, List<MirrorFolder> below)
    {
        var seen = new HashSet<string>(LocalNames);
        foreach (FtpEntry entry in there)
        {
            string name = entry.LocalName;
            if (!entry.IsSafeName || PartialNames.IsOne(name))
            {
                Fail(entry.Path, new FtpException($"'{entry.Name}' is no name for a file here"));
                continue;
            }

            string local = Path.Combine(directory.Local, name);
            FileSystemInfo? present = here.GetValueOrDefault(name);
            if (entry.Kind is not (FtpEntryKind.File or FtpEntryKind.Directory) || (entry.Kind == FtpEntryKind.Directory && directory.IsBelow(entry.UniqueId)))
            {
                _skipped++;
            }
            else if (!seen.Add(name))
            {
                Fail(entry.Path, new FtpException(name == entry.Name ? "another entry of the folder has the same name" : $"another entry of the folder has the same local name, {name}"));
            }
            else if (present is not null && (IsLink(present) || present is DirectoryInfo != (entry.Kind == FtpEntryKind.Directory)))
            {
                Fail(entry.Path, new IOException($"{local} is {KindOf(present)}, and is left as it is"));
            }
            else if (entry.Kind == FtpEntryKind.Directory)
            {
                below.Add(new MirrorFolder(local, entry.Path, present is not null, entry.UniqueId, directory));
            }
            else
            {
                Take(new FtpBatchFile(local, entry.Path) { Known = entry }, entry.Length ?? 0, present is FileInfo file && IsSame(entry, file));
            }
        }
    }

    private void Upload(MirrorFolder directory, Dictionary<string, FileSystemInfo> here, List<FtpEntry> there, List<MirrorFolder> below)
    {
        var present = new Dictionary<string, FtpEntry>(StringComparer.Ordinal);
        there.ForEach(entry => present.TryAdd(entry.Name, entry));
        // A file that was downloaded under a local name is uploaded to its original name.
        there.ForEach(entry => present.TryAdd(entry.LocalName, entry));
        foreach (FileSystemInfo entry in here.Values)
        {
            FtpEntry? taken = present.GetValueOrDefault(entry.Name);
            string remote = taken?.Path ?? RemotePath.Join(directory.Remote, entry.Name);
            if (PartialNames.IsOne(entry.Name))
            {
                continue;
            }

            if (entry.Name.Contains('\uFFFD', StringComparison.Ordinal) && !Path.Exists(entry.FullName))
            {
                // The runtime replaces bytes that are not UTF-8, and then no call finds the file.
                Fail(entry.FullName, new IOException("the file cannot be opened, because its name is not UTF-8; rename it"));
            }
            else if (IsLink(entry) || (entry is FileInfo { Exists: true, Length: 0 } && !OwnFile.IsRegular(entry.FullName)))
            {
                _skipped++;
            }
            else if (!entry.Exists)
            {
                Fail(entry.FullName, new FileNotFoundException("it is not there any more, or has a name that cannot be read"));
            }
            else if (taken is not null && taken.Kind != (entry is DirectoryInfo ? FtpEntryKind.Directory : FtpEntryKind.File))
            {
                Fail(entry.FullName, new FtpException($"{remote} is {(taken.Kind == FtpEntryKind.Directory ? "a folder" : taken.Kind == FtpEntryKind.File ? "a file" : "a link or device")} on the server, and is left as it is"));
            }
            else if (entry is FileInfo file)
            {
                Take(new FtpBatchFile(Path.Combine(directory.Local, file.Name), remote), file.Length, taken is not null && IsSame(taken, file));
            }
            else
            {
                below.Add(new MirrorFolder(Path.Combine(directory.Local, entry.Name), remote, taken is not null, null, directory));
            }
        }
    }

    private void Take(FtpBatchFile file, long length, bool isSame)
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
    private bool IsSame(FtpEntry remote, FileInfo local)
    {
        if (remote.Length is { } length && length != local.Length)
        {
            return false;
        }

        if (remote.Modified is not { } there || !DownloadStart.AreExact(remote))
        {
            return remote.Length is not null;
        }

        DateTime here = local.LastWriteTimeUtc;
        return here.Ticks / TimeSpan.TicksPerSecond == there.Ticks / TimeSpan.TicksPerSecond || (!IsDownload && !client.Features.CanSetModified && here < there);
    }

    private void Fail(string path, Exception reason)
    {
        lock (_lock)
        {
            _failures.Add(new FtpMirrorFailure(path, reason));
        }
    }

    private static bool IsLink(FileSystemInfo entry) => entry.Attributes.HasFlag(FileAttributes.ReparsePoint);

    private static string KindOf(FileSystemInfo entry) => IsLink(entry) ? "a link" : entry is DirectoryInfo ? "a folder" : "a file";
}
