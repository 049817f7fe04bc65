using Fts.Storage.Local.Linux;

namespace Fts.Storage.Local;

/// <summary>The protected entries as found at one moment, with the data that is needed to detect a change.</summary>
internal sealed class ProtectedSnapshot
{
    /// <summary>
    /// If a directory changed less than this time before it was read, it may change again with the same timestamp, because file system
    /// clocks are coarse.
    /// </summary>
    private static readonly TimeSpan s_coarseClock = TimeSpan.FromSeconds(2);

    private readonly HashSet<ulong> _hidden = [], _holding = [];
    private readonly List<(ulong Folder, string Name, bool IsLast)> _missing = [];
    private readonly List<(string Path, LinuxFacts? Facts)> _watched = [];
    private readonly List<string> _paths = [];
    private readonly string _root;
    private bool _isUnsettled;

    private ProtectedSnapshot(string root) => _root = root;

    /// <summary>Whether an entry is protected, is located in a protected directory, or is a link in the place of a protected entry.</summary>
    public bool IsHidden(ulong id) => _hidden.Contains(id);

    /// <summary>Whether a directory, or a link to one, leads to a protected entry: it cannot be removed or renamed, and keeps its mode.</summary>
    public bool HoldsProtected(ulong id) => _holding.Contains(id);

    /// <summary>
    /// Whether a name that does not exist is that of a protected path, or of a directory on the way to one. An empty directory or a file
    /// with the name of such a directory is harmless. A link or a renamed directory could already contain the protected path.
    /// </summary>
    /// <param name="folder">The id of the directory.</param>
    /// <param name="name">The name in it.</param>
    /// <param name="canBringEntries">Whether a link or a renamed entry gets that name.</param>
    public bool IsReserved(ulong folder, string name, bool canBringEntries) => _missing.Exists(missing =>
        missing.Folder == folder && (missing.IsLast || canBringEntries) && missing.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The same as <see cref="IsHidden(ulong)"/>, for a real path without links.</summary>
    public bool IsHidden(string real) =>
        (LinuxCalls.TryStat(real, out LinuxFacts facts) && IsHidden(facts.Id)) || _paths.Exists(path => IsSameOrBelow(real, path));

    /// <summary>The same as <see cref="HoldsProtected(ulong)"/>, for a real path without links, whether or not it exists.</summary>
    public bool HoldsProtected(string real) =>
        (LinuxCalls.TryStat(real, out LinuxFacts facts) && HoldsProtected(facts.Id)) || _paths.Exists(path => IsSameOrBelow(path, real));

    public static ProtectedSnapshot Take(string root, IReadOnlyList<string> paths)
    {
        var snapshot = new ProtectedSnapshot(root);
        foreach (string path in paths)
        {
            snapshot.Add(RealPath.Of(path));
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

        foreach ((string path, LinuxFacts? seen) in _watched)
        {
            bool exists = LinuxCalls.TryStat(path, out LinuxFacts now);
            if (exists != seen.HasValue || (seen is { } before && !IsSame(now, before)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsSame(in LinuxFacts now, in LinuxFacts before) => now.IsSameAs(before)
        && (!now.IsFolder || (now.ModifiedSeconds, now.ModifiedNanoseconds) == (before.ModifiedSeconds, before.ModifiedNanoseconds));

    private static bool IsSameOrBelow(string path, string folder) => path.StartsWith(folder, ProtectedEntries.NameComparison)
        && (path.Length == folder.Length || path[folder.Length] == Path.DirectorySeparatorChar);

    private void Add(RealPath real)
    {
        _paths.Add(real.Path);
        _paths.AddRange(real.FileLinks);
        foreach (string link in real.FileLinks)
        {
            AddHidden(link);
            AddFoldersAbove(link);
        }

        foreach (string link in real.FolderLinks)
        {
            AddTo(_holding, link);
            AddFoldersAbove(link);
        }

        AddHidden(real.Path);
        AddFoldersAbove(real.Path);
        AddMissing(real.Path);
    }

    private void AddHidden(string path, int depth = 0)
    {
        if (AddTo(_hidden, path) is not { IsFolder: true } folder || depth == ProtectedContents.MaxDepth)
        {
            return;
        }

        _isUnsettled |= folder.Modified > DateTime.UtcNow - s_coarseClock;
        foreach (string entry in ProtectedContents.EntriesOf(path))
        {
            AddHidden(entry, depth + 1);
            if (ProtectedContents.FileBehind(entry) is { } real)
            {
                Add(real);
            }
        }
    }

    private LinuxFacts? AddTo(HashSet<ulong> ids, string path)
    {
        LinuxFacts? facts = LinuxCalls.TryStat(path, out LinuxFacts found) ? found : null;
        _watched.Add((path, facts));
        if (facts is { } there)
        {
            ids.Add(there.Id);
        }

        return facts;
    }

    /// <summary>Adds the directories between the root and an entry below it; none for an entry elsewhere.</summary>
    private void AddFoldersAbove(string path)
    {
        for (string? folder = Path.GetDirectoryName(path); folder is not null && folder != _root && ProtectedEntries.IsWithin(folder, _root); folder = Path.GetDirectoryName(folder))
        {
            if (LinuxCalls.TryStat(folder, out LinuxFacts facts))
            {
                // Its last-modified time is not watched, because every new entry changes it. The watched entry below it detects a
                // replacement.
                _holding.Add(facts.Id);
            }
        }
    }

    private void AddMissing(string path)
    {
        string name = path;
        for (string? folder = Path.GetDirectoryName(path); folder is not null && !LinuxCalls.TryStat(path, out _); folder = Path.GetDirectoryName(folder))
        {
            if (LinuxCalls.TryStat(folder, out LinuxFacts facts))
            {
                _watched.Add((name, null));
                _missing.Add((facts.Id, Path.GetFileName(name), name == path));
                return;
            }

            name = folder;
        }
    }
}
