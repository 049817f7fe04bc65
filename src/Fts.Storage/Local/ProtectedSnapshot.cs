using Fts.Native;

namespace Fts.Storage.Local;

/// <summary>The protected entries at one moment, and the data to detect that they have changed.</summary>
internal sealed class ProtectedSnapshot
{
    /// <summary>
    /// The clocks of file systems are coarse: a directory that changed less than this time ago can change again without a new timestamp.
    /// </summary>
    private static readonly TimeSpan s_clockResolution = TimeSpan.FromSeconds(2);

    // The ids for which IsHidden and IsOnProtectedPath return true.
    private readonly HashSet<ulong> _hidden = [], _onProtectedPath = [];

    // The first missing component of each protected path that does not exist. IsLast: this component is the protected entry itself.
    private readonly List<(ulong DirectoryId, string Name, bool IsLast)> _missing = [];

    // The paths whose status must not change while this snapshot is used. The status is null for a missing entry.
    private readonly List<(string Path, FileStatus? Status)> _watched = [];

    // The real paths of the protected entries, and the protected paths that are links.
    private readonly List<string> _paths = [];
    private readonly string _root;

    // Whether a protected directory changed so recently that a further change might not be detected.
    private bool _hasRecentChange;

    private ProtectedSnapshot(string root) => _root = root;

    /// <summary>
    /// Returns whether an entry is protected, is located in a protected directory, or is a link whose own path is a protected path.
    /// </summary>
    public bool IsHidden(ulong id) => _hidden.Contains(id);

    /// <summary>
    /// Returns whether an entry is a directory above a protected entry, or a link to such a directory on a protected path. Such an entry
    /// cannot be deleted or renamed, and its mode cannot be set.
    /// </summary>
    public bool IsOnProtectedPath(ulong id) => _onProtectedPath.Contains(id);

    /// <summary>Returns whether a missing entry cannot be created, because its name is part of a protected path.</summary>
    /// <param name="directoryId">The id of the directory.</param>
    /// <param name="name">The name of the missing entry in the directory.</param>
    /// <param name="isLinkOrRenamed">
    /// Whether the name would be given to a link or a renamed entry. Such an entry can contain the protected path, so the names of
    /// directories above that path are refused too. A new file or an empty directory cannot contain the path.
    /// </param>
    public bool IsProtectedName(ulong directoryId, string name, bool isLinkOrRenamed) => _missing.Exists(missing =>
        missing.DirectoryId == directoryId
        && (missing.IsLast || isLinkOrRenamed)
        && missing.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <inheritdoc cref="IsHidden(ulong)"/>
    /// <param name="real">A real path without links.</param>
    public bool IsHidden(string real) =>
        (FileStatus.TryGet(real, out FileStatus status) && IsHidden(status.Id)) || _paths.Exists(path => IsSameOrBelow(real, path));

    /// <inheritdoc cref="IsOnProtectedPath(ulong)"/>
    /// <param name="real">A real path without links. It need not exist.</param>
    public bool IsOnProtectedPath(string real) =>
        (FileStatus.TryGet(real, out FileStatus status) && IsOnProtectedPath(status.Id))
        || _paths.Exists(path => IsSameOrBelow(path, real));

    /// <summary>Resolves the protected paths and returns a snapshot of their current entries.</summary>
    public static ProtectedSnapshot Create(string root, IReadOnlyList<string> paths)
    {
        var snapshot = new ProtectedSnapshot(root);
        foreach (string path in paths)
        {
            snapshot.Add(RealPath.Resolve(path));
        }

        return snapshot;
    }

    /// <summary>
    /// Returns whether this snapshot is still valid: no watched entry has changed, and no change can have remained undetected.
    /// </summary>
    public bool IsCurrent()
    {
        if (_hasRecentChange)
        {
            return false;
        }

        foreach ((string path, FileStatus? old) in _watched)
        {
            bool exists = FileStatus.TryGet(path, out FileStatus now);
            if (exists != old.HasValue || (old is { } before && !IsUnchanged(now, before)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsUnchanged(in FileStatus now, in FileStatus before) => now.IsSameFileAs(before)
        && (!now.IsDirectory
            || (now.LastModifiedSeconds, now.LastModifiedNanoseconds) == (before.LastModifiedSeconds, before.LastModifiedNanoseconds));

    private static bool IsSameOrBelow(string path, string directory) => path.StartsWith(directory, ProtectedEntries.NameComparison)
        && (path.Length == directory.Length || path[directory.Length] == Path.DirectorySeparatorChar);

    /// <summary>Adds a protected entry, the links that lead to it, and the directories above them.</summary>
    private void Add(RealPath real)
    {
        _paths.Add(real.Path);
        _paths.AddRange(real.LastComponentLinks);
        foreach (string link in real.LastComponentLinks)
        {
            AddHidden(link);
            AddParentDirectories(link);
        }

        foreach (string link in real.DirectoryLinks)
        {
            AddWatched(_onProtectedPath, link);
            AddParentDirectories(link);
        }

        AddHidden(real.Path);
        AddParentDirectories(real.Path);
        AddMissing(real.Path);
    }

    /// <summary>Adds an entry that clients must not reach. For a directory, adds its contents too.</summary>
    private void AddHidden(string path, int depth = 0)
    {
        if (AddWatched(_hidden, path) is not { IsDirectory: true } directory || depth == ProtectedDirectory.MaxDepth)
        {
            return;
        }

        _hasRecentChange |= directory.LastModified > DateTime.UtcNow - s_clockResolution;
        foreach (string entry in ProtectedDirectory.GetEntries(path))
        {
            AddHidden(entry, depth + 1);
            if (ProtectedDirectory.ResolveFileLink(entry) is { } real)
            {
                Add(real);
            }
        }
    }

    /// <summary>Adds an entry to a set of ids and to the watched entries. Returns its status, or null if it does not exist.</summary>
    private FileStatus? AddWatched(HashSet<ulong> ids, string path)
    {
        FileStatus? status = FileStatus.TryGet(path, out FileStatus found) ? found : null;
        _watched.Add((path, status));
        if (status is { } existing)
        {
            ids.Add(existing.Id);
        }

        return status;
    }

    /// <summary>Adds the directories between the root and an entry below it. Adds no directory for an entry outside the root.</summary>
    private void AddParentDirectories(string path)
    {
        string? directory = Path.GetDirectoryName(path);
        while (directory is not null && directory != _root && ProtectedEntries.IsWithin(directory, _root))
        {
            if (FileStatus.TryGet(directory, out FileStatus status))
            {
                // The last-modified time of the directory is not watched, because every new entry changes it. If the directory is
                // replaced, the watched entry below it changes.
                _onProtectedPath.Add(status.Id);
            }

            directory = Path.GetDirectoryName(directory);
        }
    }

    /// <summary>Adds the first missing component of a path. Does nothing if the path exists.</summary>
    private void AddMissing(string path)
    {
        string name = path;
        string? directory = Path.GetDirectoryName(path);
        while (directory is not null && !FileStatus.TryGet(path, out _))
        {
            if (FileStatus.TryGet(directory, out FileStatus status))
            {
                _watched.Add((name, null));
                _missing.Add((status.Id, Path.GetFileName(name), name == path));
                return;
            }

            name = directory;
            directory = Path.GetDirectoryName(directory);
        }
    }
}
