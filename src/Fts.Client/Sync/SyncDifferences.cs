namespace Fts.Client.Sync;

/// <summary>A file of the source that the target lacks, or that may differ there.</summary>
/// <param name="File">The paths.</param>
/// <param name="Remote">The file on the server; null if it is missing there.</param>
/// <param name="Local">The state of the local file; null if it is missing.</param>
internal sealed record SyncFile(FtpBatchFile File, FtpEntry? Remote, FtpSyncState? Local);

/// <summary>A local entry that the source on the server lacks.</summary>
/// <param name="LocalPath">The local path.</param>
/// <param name="RemotePath">The path that the entry would have on the server.</param>
/// <param name="Info">The local entry.</param>
internal sealed record LocalExtra(string LocalPath, string RemotePath, FileSystemInfo Info);

/// <summary>An entry on the server that the local source lacks.</summary>
/// <param name="LocalPath">The path that the entry would have locally.</param>
/// <param name="Entry">The entry.</param>
internal sealed record RemoteExtra(string LocalPath, FtpEntry Entry);

/// <summary>The differences between two trees that a sync needs in addition to those of a mirror. Not thread-safe.</summary>
/// <param name="isByChecksum">Whether files of the same size are compared by hash later.</param>
internal sealed class SyncDifferences(bool isByChecksum)
{
    /// <summary>Whether files of the same size are <see cref="Candidates"/>.</summary>
    public bool IsByChecksum => isByChecksum;

    /// <summary>The files that are missing or differ.</summary>
    public List<SyncFile> Files { get; } = [];

    /// <summary>The files whose hashes must be compared.</summary>
    public List<SyncFile> Candidates { get; } = [];

    /// <summary>The entries of a local target that the source lacks. A directory stands for everything in it.</summary>
    public List<LocalExtra> LocalExtras { get; } = [];

    /// <summary>The entries of a target on the server that the source lacks. A directory stands for everything in it.</summary>
    public List<RemoteExtra> RemoteExtras { get; } = [];

    /// <summary>The directories to create, as local and remote paths, in no particular order.</summary>
    public List<(string Local, string Remote)> Directories { get; } = [];

    /// <summary>Adds the differences of one directory.</summary>
    public void Add(SyncDifferences other, IEnumerable<MirrorDirectory> children)
    {
        Files.AddRange(other.Files);
        Candidates.AddRange(other.Candidates);
        LocalExtras.AddRange(other.LocalExtras);
        RemoteExtras.AddRange(other.RemoteExtras);
        Directories.AddRange(children.Where(child => !child.IsInTarget).Select(child => (child.Local, child.Remote)));
    }
}

/// <summary>Creates the states of files.</summary>
internal static class SyncStates
{
    /// <summary>Returns the state of a local file.</summary>
    public static FtpSyncState FromLocal(FileInfo file) => new(file.Length, new DateTimeOffset(file.LastWriteTimeUtc));

    /// <summary>Returns the state of a file on the server, or null if there is none.</summary>
    public static FtpSyncState? FromRemote(FtpEntry? entry) => entry is null ? null : new(entry.Length, entry.LastModified);

    /// <summary>
    /// Returns whether two states describe the same content: equal lengths, and times that are equal to the second. Null is a missing file.
    /// A length or time that one state lacks is ignored.
    /// </summary>
    public static bool AreEqual(FtpSyncState? a, FtpSyncState? b) =>
        a is null || b is null
            ? a is null && b is null
            : (a.Length is null || b.Length is null || a.Length == b.Length)
                && (a.LastModified is not { } first || b.LastModified is not { } second
                    || first.UtcTicks / TimeSpan.TicksPerSecond == second.UtcTicks / TimeSpan.TicksPerSecond);
}
