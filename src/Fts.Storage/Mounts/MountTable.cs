using System.Collections.Frozen;

namespace Fts.Storage.Mounts;

/// <summary>Finds the store of a path. Immutable.</summary>
internal sealed class MountTable
{
    private readonly Node _home;

    /// <summary>All mounts and the home store.</summary>
    private readonly StoreMount[] _mounts;

    /// <summary>The mount points and the directories above them, in the form for comparisons.</summary>
    private readonly FrozenSet<StorePath> _aboveMounts;

    /// <summary>The names of the mount points and of the directories above them, by parent directory in the form for comparisons.</summary>
    private readonly FrozenDictionary<StorePath, string[]> _children;

    public MountTable(IFileStore home, IReadOnlyList<StoreMount> mounts)
    {
        _home = new Node(new StoreMount(StorePath.Root, home, IsReadOnly: false), StorePath.Root, 0);
        _mounts = [.. mounts, _home.Mount];
        HashSet<StorePath> points = [];
        Dictionary<StorePath, StorePath> above = [];
        foreach (StoreMount mount in mounts.OrderBy(mount => mount.Path.Depth))
        {
            // The store that contains the mount point compares the names of its path.
            (Node parent, StorePath inner, StorePath form) = Locate(mount.Path);
            if (mount.Path.IsRoot || !points.Add(form))
            {
                throw new ArgumentException("A mount point is the root, or two mount points are equal.", nameof(mounts));
            }

            parent.Mounts.Add(new Node(mount, parent.Mount.Store.GetComparisonPath(inner), inner.Depth));
            for ((StorePath at, StorePath key) = (mount.Path, form); !at.IsRoot; (at, key) = (at.Parent, key.Parent))
            {
                above.TryAdd(key, at);
            }
        }

        _aboveMounts = above.Keys.ToFrozenSet();
        _children = above.GroupBy(entry => entry.Key.Parent)
            .ToFrozenDictionary(group => group.Key, group => group.Select(entry => entry.Value.Name).ToArray());
    }

    /// <summary>All stores. A store that is mounted several times occurs once. A mount that can be changed has priority.</summary>
    public IEnumerable<StoreMount> DistinctMounts =>
        _mounts.OrderBy(mount => mount.IsReadOnly).DistinctBy(mount => mount.Store, ReferenceEqualityComparer.Instance);

    /// <summary>
    /// Returns the mount that contains a path, or the home store with the root as its mount point, and the path in its store.
    /// </summary>
    public (StoreMount Mount, StorePath Inner) Find(StorePath path)
    {
        (Node node, StorePath inner, _) = Locate(path);
        return (node.Mount, inner);
    }

    /// <summary>Returns the form of a path for comparisons. The store of each part of the path decides.</summary>
    public StorePath GetComparisonPath(StorePath path) => Locate(path).Form;

    /// <summary>
    /// Returns whether a path is a mount point, or a directory above one. Such an entry always exists, and cannot be renamed or deleted.
    /// The root is not included.
    /// </summary>
    public bool IsFixed(StorePath path) => _aboveMounts.Contains(GetComparisonPath(path));

    /// <summary>Returns the names of the fixed entries in a directory.</summary>
    public IReadOnlyList<string> GetFixedNames(StorePath directory) => _children.GetValueOrDefault(GetComparisonPath(directory), []);

    /// <summary>Descends from the home store through the mounts on a path.</summary>
    private (Node Node, StorePath Inner, StorePath Form) Locate(StorePath path)
    {
        (Node node, StorePath inner, StorePath mountForm) = (_home, path, StorePath.Root);
        while (true)
        {
            StorePath form = node.Mount.Store.GetComparisonPath(inner);
            if (node.Mounts.Find(mount => form.IsWithin(mount.Form)) is not { } next)
            {
                return (node, inner, form.Prepend(mountForm));
            }

            (node, inner, mountForm) = (next, inner.SkipComponents(next.Depth), next.Form.Prepend(mountForm));
        }
    }

    /// <summary>A mount.</summary>
    /// <param name="Mount">The mount.</param>
    /// <param name="Form">The path of the mount point in the store that contains it, in the form for comparisons.</param>
    /// <param name="Depth">The number of components of that path.</param>
    private sealed record Node(StoreMount Mount, StorePath Form, int Depth)
    {
        /// <summary>The mounts whose mount points are located in this mount, but in no other mount below it.</summary>
        public List<Node> Mounts { get; } = [];
    }
}
