using Fts.Native;

namespace Fts.Storage.Local;

/// <summary>
/// The entries of <see cref="LocalStoreOptions.ProtectedPaths"/>. Created only if one of them can be reached from the served directory.
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
    /// Creates the check, or returns null if no protected entry can be reached from the served directory: none is located in it or has a
    /// second hard link.
    /// </summary>
    /// <remarks>The files in a protected directory, and the files that are targets of links in it, are protected too.</remarks>
    /// <param name="directory">The served directory.</param>
    /// <param name="paths">The protected files and directories.</param>
    /// <exception cref="ArgumentException">The directory is located in a protected one.</exception>
    public static ProtectedEntries? TryCreate(string directory, IReadOnlyList<string> paths)
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
                throw new ArgumentException($"{directory} is located in the protected directory {path}.", nameof(directory));
            }

            isReachable |= IsReachable(real, root) || ProtectedDirectory.GetFiles(real.Path).Any(file => IsReachable(file, root));
        }

        return isReachable ? new ProtectedEntries(root, paths) : null;
    }

    /// <summary>
    /// The current protected entries. If a watched entry has changed, all paths are resolved again.
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
    /// Returns whether a path is a directory or is located below it. Directories are compared by id if the system has ids.
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
        || real.FileLinks.Concat(real.DirectoryLinks).Any(link => IsWithin(link, root))
        || HasSecondHardLink(real.Path);

    private static bool HasSecondHardLink(string path) =>
        FileStatus.TryGet(path, out FileStatus status) && status.IsFile && status.Links > 1;
}
