using Fts.Native;

namespace Fts.Storage.Local;

/// <summary>
/// The entries of <see cref="LocalStoreOptions.ProtectedPaths"/>. Created only if clients can reach a protected entry from the served
/// directory.
/// </summary>
/// <remarks>
/// On Linux, entries are recognised by device and inode, so that no link and no other spelling of a name reaches them. On other systems
/// they are recognised by their real path, ignoring case.
/// </remarks>
internal sealed class ProtectedEntries
{
    private readonly string _root;
    private readonly IReadOnlyList<string> _paths;
    private volatile ProtectedSnapshot _snapshot;

    private ProtectedEntries(string root, IReadOnlyList<string> paths)
    {
        (_root, _paths) = (root, paths);
        _snapshot = ProtectedSnapshot.Create(root, paths);
    }

    /// <summary>
    /// Creates the protected entries, or returns null if none can be reached from the served directory. An entry can be reached if the
    /// entry, or a link on its path, is located in the served directory, or if the entry has a second hard link.
    /// </summary>
    /// <remarks>The files in a protected directory, and the files that are targets of links in it, are protected too.</remarks>
    /// <param name="directory">The served directory.</param>
    /// <param name="paths">The protected files and directories.</param>
    /// <exception cref="ArgumentException">The served directory is a protected directory or is located in one.</exception>
    public static ProtectedEntries? CreateIfReachable(string directory, IReadOnlyList<string> paths)
    {
        if (paths.Count == 0)
        {
            return null;
        }

        string root = RealPath.Resolve(directory).Path;
        bool isReachable = false;
        foreach (string path in paths)
        {
            var real = RealPath.Resolve(path);
            if (IsWithin(root, real.Path))
            {
                throw new ArgumentException(
                    $"{directory} cannot be served, because the protected path {path} contains it.", nameof(directory));
            }

            isReachable |= IsReachable(real, root) || ProtectedDirectory.GetFiles(real.Path).Any(file => IsReachable(file, root));
        }

        return isReachable ? new ProtectedEntries(root, paths) : null;
    }

    /// <summary>
    /// The current protected entries. If the last snapshot is no longer current, the property first resolves all paths again.
    /// </summary>
    public ProtectedSnapshot Current
    {
        get
        {
            ProtectedSnapshot snapshot = _snapshot;
            return snapshot.IsCurrent() ? snapshot : _snapshot = ProtectedSnapshot.Create(_root, _paths);
        }
    }

    /// <summary>
    /// Returns whether <paramref name="path"/> is <paramref name="directory"/> or is located below it. Directories are compared by id if
    /// the system has ids.
    /// </summary>
    internal static bool IsWithin(string path, string directory)
    {
        ulong id = FileStatus.TryGet(directory, out FileStatus status) ? status.Id : 0;
        for (string? at = path; at is not null; at = Path.GetDirectoryName(at))
        {
            if (at.Equals(directory, NameComparison) || (id != 0 && FileStatus.TryGet(at, out status) && status.Id == id))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The comparison of real paths: case-sensitive on Linux only.</summary>
    internal static StringComparison NameComparison =>
        OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    private static bool IsReachable(RealPath real, string root) =>
        IsWithin(real.Path, root)
        || real.LastComponentLinks.Concat(real.DirectoryLinks).Any(link => IsWithin(link, root))
        || HasSecondHardLink(real.Path);

    private static bool HasSecondHardLink(string path) =>
        FileStatus.TryGet(path, out FileStatus status) && status.IsFile && status.Links > 1;
}
