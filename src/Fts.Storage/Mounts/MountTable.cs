using System.Collections.Frozen;

namespace Fts.Storage.Mounts;

/// <summary>Finds the store of a path. Immutable.</summary>
internal sealed class MountTable
{
    /// <summary>The mounts, those with the longest paths first. The first match decides. The last entry is the home store.</summary>
    private readonly StoreMount[] _mounts;

    /// <summary>The mount points and the directories above them.</summary>
    private readonly FrozenSet<StorePath> _aboveMounts;

    /// <summary>The names of the mount points and of the directories above them, by parent directory.</summary>
    private readonly FrozenDictionary<StorePath, string[]> _children;

    public MountTable(IFileStore home, IReadOnlyList<StoreMount> mounts)
    {
        if (mounts.Any(mount => mount.Path.IsRoot) || mounts.DistinctBy(mount => mount.Path).Count() < mounts.Count)
        {
            throw new ArgumentException("A mount point is the root, or two mount points are equal.", nameof(mounts));
        }

        _mounts =
        [
            .. mounts.OrderByDescending(mount => mount.Path.Value.Length), new StoreMount(StorePath.Root, home, IsReadOnly: false),
        ];
        HashSet<StorePath> above = [];
        foreach (StoreMount mount in mounts)
        {
            for (StorePath at = mount.Path; !at.IsRoot; at = at.Parent)
            {
                above.Add(at);
            }
        }

        _aboveMounts = above.ToFrozenSet();
        _children = above.GroupBy(path => path.Parent)
            .ToFrozenDictionary(group => group.Key, group => group.Select(path => path.Name).ToArray());
    }

    /// <summary>All stores. A store that is mounted several times occurs once. A mount that can be changed has priority.</summary>
    public IEnumerable<StoreMount> DistinctMounts =>
        _mounts.OrderBy(mount => mount.IsReadOnly).DistinctBy(mount => mount.Store, ReferenceEqualityComparer.Instance);

    /// <summary>Returns the mount that contains a path, or the home store with the root as its mount point.</summary>
    public StoreMount Find(StorePath path)
    {
        foreach (StoreMount mount in _mounts)
        {
            if (path.IsWithin(mount.Path))
            {
                return mount;
            }
        }

        throw new InvalidOperationException("The home store contains every path.");
    }

    /// <summary>
    /// Returns whether a path is a mount point, or a directory above one. Such an entry always exists, and cannot be renamed or deleted.
    /// The root is not included.
    /// </summary>
    public bool IsFixed(StorePath path) => _aboveMounts.Contains(path);

    /// <summary>Returns the names of the fixed entries in a directory.</summary>
    public IReadOnlyList<string> GetFixedNames(StorePath directory) => _children.GetValueOrDefault(directory, []);
}
