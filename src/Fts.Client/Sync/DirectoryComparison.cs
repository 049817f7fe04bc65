using Fts.Client.Downloads;
using Fts.Protocol;

namespace Fts.Client.Sync;

/// <summary>Compares the entries of one directory on both sides, and records the differences.</summary>
/// <param name="directory">The directory.</param>
/// <param name="isDownload">Whether the local directory is the target.</param>
/// <param name="canSetLastModified">Whether the server can set last-modified times.</param>
/// <param name="differences">Receives the differences of a sync; null for a mirror.</param>
internal sealed class DirectoryComparison(
    MirrorDirectory directory, bool isDownload, bool canSetLastModified, SyncDifferences? differences = null)
{
    /// <summary>Compares local names. On Windows and macOS, names that differ only in case are the same file.</summary>
    public static readonly StringComparer LocalNameComparer =
        OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    /// <summary>The subdirectories of the source.</summary>
    public List<MirrorDirectory> Children { get; } = [];

    /// <summary>The files to transfer.</summary>
    public List<FtpBatchFile> Files { get; } = [];

    /// <summary>The entries that cannot be mirrored.</summary>
    public List<FtpMirrorFailure> Failures { get; } = [];

    /// <summary>The total length of <see cref="Files"/> in bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>The number of files that the target already has unchanged.</summary>
    public int UnchangedCount { get; private set; }

    /// <summary>The number of links, devices and other special files, which are not mirrored.</summary>
    public int SkippedCount { get; private set; }

    /// <summary>Compares a remote source directory with the local target directory, and records the differences.</summary>
    public void AddDownloads(Dictionary<string, FileSystemInfo> local, List<FtpEntry> remote)
    {
        var seen = new HashSet<string>(LocalNameComparer);
        AddLocalExtras(local, remote);
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
            if ((!isDirectory && entry.Kind != FtpEntryKind.File) || (isDirectory && directory.IsSelfOrAncestor(entry.UniqueId)))
            {
                SkippedCount++;
            }
            else if (!seen.Add(name))
            {
                AddFailure(entry.Path, new FtpException($"another entry in the folder has the same local name, {name}"));
            }
            else if (existing is not null && (IsLink(existing) || existing is DirectoryInfo != isDirectory))
            {
                AddFailure(entry.Path, new IOException($"{path} is {DescribeKind(existing)} and is not replaced"));
            }
            else if (isDirectory)
            {
                Children.Add(new MirrorDirectory(path, entry.Path, existing is not null, entry.UniqueId, directory));
            }
            else
            {
                FileInfo? existingFile = existing as FileInfo;
                // Only directories need the unique identifier. Without it, the plan of a large tree takes less memory.
                FtpEntry source = entry with { UniqueId = null };
                AddFile(new FtpBatchFile(path, entry.Path) { SourceEntry = source }, source, existingFile, entry.Length ?? 0);
            }
        }
    }

    /// <summary>Compares a local source directory with the remote target directory, and records the differences.</summary>
    public void AddUploads(Dictionary<string, FileSystemInfo> local, List<FtpEntry> remote)
    {
        var remoteByName = new Dictionary<string, FtpEntry>(StringComparer.Ordinal);
        remote.ForEach(entry => remoteByName.TryAdd(entry.Name, entry));
        // A file that was downloaded under a local name is uploaded under its original name.
        remote.ForEach(entry => remoteByName.TryAdd(entry.LocalName, entry));
        differences?.RemoteExtras.AddRange(
            remote.Where(entry => !local.ContainsKey(entry.Name) && !local.ContainsKey(entry.LocalName))
                .Select(entry => new RemoteExtra(Path.Combine(directory.Local, entry.LocalName), entry)));
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
                SkippedCount++;
            }
            else if (!entry.Exists)
            {
                AddFailure(entry.FullName, new FileNotFoundException("the file no longer exists, or cannot be opened by its name"));
            }
            else if (existing is not null && existing.Kind != (entry is DirectoryInfo ? FtpEntryKind.Directory : FtpEntryKind.File))
            {
                AddFailure(entry.FullName, new FtpException($"{path} is {DescribeKind(existing)} on the server and is not replaced"));
            }
            else if (entry is FileInfo file)
            {
                AddFile(new FtpBatchFile(Path.Combine(directory.Local, file.Name), path), existing, file, file.Length);
            }
            else
            {
                Children.Add(new MirrorDirectory(Path.Combine(directory.Local, entry.Name), path, existing is not null, null, directory));
            }
        }
    }

    /// <summary>Records a file of the source.</summary>
    /// <param name="file">The paths.</param>
    /// <param name="remote">The file on the server; null if it is missing there.</param>
    /// <param name="local">The local file; null if it is missing.</param>
    /// <param name="length">The length in bytes to transfer.</param>
    private void AddFile(FtpBatchFile file, FtpEntry? remote, FileInfo? local, long length)
    {
        bool isInBoth = remote is not null && local is not null;
        if (isInBoth && differences is { IsByChecksum: true } && (remote!.Length is null || remote.Length == local!.Length))
        {
            differences.Candidates.Add(CreateFile());
            return;
        }

        if (isInBoth && IsUnchanged(remote!, local!))
        {
            UnchangedCount++;
            return;
        }

        Bytes += length;
        if (differences is not null)
        {
            differences.Files.Add(CreateFile());
            return;
        }

        Files.Add(file);

        SyncFile CreateFile() => new(file, remote, local is null ? null : SyncStates.FromLocal(local));
    }

    /// <summary>Records the local entries that the listing on the server does not contain under any name.</summary>
    private void AddLocalExtras(Dictionary<string, FileSystemInfo> local, List<FtpEntry> remote)
    {
        if (differences is null)
        {
            return;
        }

        var names = new HashSet<string>(remote.Select(entry => entry.LocalName), LocalNameComparer);
        differences.LocalExtras.AddRange(
            local.Values.Where(entry => !names.Contains(entry.Name) && !PartialDownloadNames.IsPartialName(entry.Name))
                .Select(entry => new LocalExtra(
                    Path.Combine(directory.Local, entry.Name), RemotePath.Join(directory.Remote, entry.Name), entry)));
    }

    /// <summary>
    /// Returns whether a local and a remote file have the same length, and the same last-modified time to the second. A length that the
    /// server does not report, and a time that it does not report exactly, are ignored. If both are ignored, returns false.
    /// </summary>
    /// <remarks>
    /// If the server cannot set times, an uploaded file has the time of its upload. In an upload, a newer remote file then counts as
    /// unchanged.
    /// </remarks>
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
            || (!isDownload && !canSetLastModified && localTime < remoteTime);
    }

    private void AddFailure(string path, Exception exception) => Failures.Add(new FtpMirrorFailure(path, exception));

    private static bool IsLink(FileSystemInfo entry) => entry.Attributes.HasFlag(FileAttributes.ReparsePoint);

    private static string DescribeKind(FileSystemInfo entry) => IsLink(entry) ? "a link" : entry is DirectoryInfo ? "a folder" : "a file";

    private static string DescribeKind(FtpEntry entry) => entry.Kind switch
    {
        FtpEntryKind.Directory => "a folder",
        FtpEntryKind.File => "a file",
        _ => "a link or device",
    };
}
