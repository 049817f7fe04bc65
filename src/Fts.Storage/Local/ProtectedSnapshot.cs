using Fts.Native;

namespace Fts.Storage.Local;

/// <summary>The protected entries as found at one moment, with the data that is needed to detect a change.</summary>
internal sealed class ProtectedSnapshot
{
    /// <summary>
    /// If a directory changed less than this time before it was read, it may change again with the same timestamp, because file system
    /// clocks are coarse.
    /// </summary>
    private static readonly TimeSpan s_coarseClock = TimeSpan.FromSeconds(2);

    private readonly HashSet<ulong> _hidden = [], _leadingToProtected = [];
    private readonly List<(ulong Folder, string Name, bool IsLast)> _missing = [];
    private readonly List<(string Path, FileStatus? Facts)> _watched = [];
    private readonly List<string> _paths = [];
    private readonly string _root;
    private bool _isUnsettled;

    private ProtectedSnapshot(string root) => _root = root;

    /// <summary>Whether an entry is protected, is located in a protected directory, or is a link in the place of a protected entry.</summary>
    public bool IsHidden(ulong id) => _hidden.Contains(id);

    /// <summary>Whether a directory, or a link to one, leads to a protected entry: it cannot be removed or renamed, and keeps its mode.</summary>
    public bool LeadsToProtected(ulong id) => _leadingToProtected.Contains(id);

    /// <summary>
    /// Whether a name that does not exist is that of a protected path, or of a directory on the way to one. An empty directory or a file
    /// with the name of such a directory is harmless. A link or a renamed directory could already contain the protected path.
    /// </summary>
    /// <param name="directory">The id of the directory.</param>
    /// <param name="name">The name in it.</param>
    /// <param name="canBringEntries">Whether a link or a renamed entry gets that name.</param>
    public bool IsProtectedName(ulong directory, string name, bool canBringEntries) => _missing.Exists(missing =>
        missing.Folder == directory && (missing.IsLast || canBringEntries) && missing.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The same as <see cref="IsHidden(ulong)"/>, for a real path without links.</summary>
    public bool IsHidden(string real) =>
        (FileStatus.TryGet(real, out FileStatus metadata) && IsHidden(metadata.Id)) || _paths.Exists(path => IsSameOrBelow(real, path));

    /// <summary>The same as <see cref="LeadsToProtected(ulong)"/>, for a real path without links, whether or not it exists.</summary>
    public bool LeadsToProtected(string real) =>
        (FileStatus.TryGet(real, out FileStatus metadata) && LeadsToProtected(metadata.Id)) || _paths.Exists(path => IsSameOrBelow(path, real));

    public static ProtectedSnapshot Create(string root, IReadOnlyList<string> paths)
    {
        var snapshot = new ProtectedSnapshot(root);
        foreach (string path in paths)
        {
            snapshot.Add(RealPath.Resolve(path));
        }

        return snapshot;
    }

    /// <summary>Whether none of the watched entries has changed.</summary>
    public bool IsCurrent()
    {
        if (_isUnsettled)
        {
            return false;
        }

        foreach ((string path, FileStatus? seen) in _watched)
        {
            bool exists = FileStatus.TryGet(path, out FileStatus now);
            if (exists != seen.HasValue || (seen is { } before && !IsUnchanged(now, before)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsUnchanged(in FileStatus now, in FileStatus before) => now.IsSameFileAs(before)
        && (!now.IsDirectory || (now.LastModifiedSeconds, now.LastModifiedNanoseconds) == (before.LastModifiedSeconds, before.LastModifiedNanoseconds));

    private static bool IsSameOrBelow(string path, string directory) => path.StartsWith(directory, ProtectedEntries.NameComparison)
        && (path.Length == directory.Length || path[directory.Length] == Path.DirectorySeparatorChar);

    private void Add(RealPath real)
    {
        _paths.Add(real.Path);
        _paths.AddRange(real.FileLinks);
        foreach (string link in real.FileLinks)
        {
            AddHidden(link);
            AddParentDirectories(link);
        }

        foreach (string link in real.DirectoryLinks)
        {
            AddWatched(_leadingToProtected, link);
            AddParentDirectories(link);
        }

        AddHidden(real.Path);
        AddParentDirectories(real.Path);
        AddMissing(real.Path);
    }

    private void AddHidden(string path, int depth = 0)
    {
        if (AddWatched(_hidden, path) is not { IsDirectory: true } directory || depth == ProtectedDirectory.MaxDepth)
        {
            return;
        }

        _isUnsettled |= directory.LastModified > DateTime.UtcNow - s_coarseClock;
        foreach (string entry in ProtectedDirectory.GetEntries(path))
        {
            AddHidden(entry, depth + 1);
            if (ProtectedDirectory.ResolveFileLink(entry) is { } real)
            {
                Add(real);
            }
        }
    }

    private FileStatus? AddWatched(HashSet<ulong> ids, string path)
    {
        FileStatus? metadata = FileStatus.TryGet(path, out FileStatus found) ? found : null;
        _watched.Add((path, metadata));
        if (metadata is { } there)
        {
            ids.Add(there.Id);
        }

        return metadata;
    }

    /// <summary>Adds the directories between the root and an entry below it; none for an entry elsewhere.</summary>
    private void AddParentDirectories(string path)
    {
        for (string? directory = Path.GetDirectoryName(path); directory is not null && directory != _root && ProtectedEntries.IsWithin(directory, _root); directory = Path.GetDirectoryName(directory))
        {
            if (FileStatus.TryGet(directory, out FileStatus metadata))
            {
                // Its last-modified time is not watched, because every new entry changes it. The watched entry below it detects a
                // replacement.
                _leadingToProtected.Add(metadata.Id);
            }
        }
    }

    private void AddMissing(string path)
    {
        string name = path;
        for (string? directory = Path.GetDirectoryName(path); directory is not null && !FileStatus.TryGet(path, out _); directory = Path.GetDirectoryName(directory))
        {
            if (FileStatus.TryGet(directory, out FileStatus metadata))
            {
                _watched.Add((name, null));
                _missing.Add((metadata.Id, Path.GetFileName(name), name == path));
                return;
            }

            name = directory;
        }
    }
}
