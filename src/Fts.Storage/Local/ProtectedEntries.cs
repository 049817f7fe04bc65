using Fts.Native;

namespace Fts.Storage.Local;

/// <summary>
/// The entries of <see cref="LocalStoreOptions.ProtectedPaths"/>, which no client reaches. On Linux they are recognised by device and inode, so that no link and
/// no spelling leads to them; on other systems by their real path, ignoring case. Used only if one of them can be reached from the served
/// directory.
/// </summary>
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
    /// Creates the check. Returns null if it is not needed: no protected path is located in the directory or has a hard link, which could
    /// be located there.
    /// The files in a protected directory, and the files to which links in it lead, are protected paths as well.
    /// </summary>
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

            isReachable |= CanReach(real, root) || ProtectedDirectory.GetFiles(real.Path).Any(file => CanReach(file, root));
        }

        return isReachable ? new ProtectedEntries(root, paths) : null;
    }

    /// <summary>
    /// The protected entries of this moment. Paths are looked up again after a change, because files are replaced and directories created
    /// later.
    /// </summary>
    public ProtectedSnapshot Current
    {
        get
        {
            ProtectedSnapshot snapshot = _snapshot;
            return snapshot.IsCurrent() ? snapshot : _snapshot = ProtectedSnapshot.Create(_root, _paths);
        }
    }

    /// <summary>Whether a path is a directory or below it. Directories are compared by id if the system has ids.</summary>
    internal static bool IsWithin(string path, string directory)
    {
        ulong id = FileStatus.TryGet(directory, out FileStatus metadata) ? metadata.Id : 0;
        for (string? at = path; at is not null; at = Path.GetDirectoryName(at))
        {
            if (at.Equals(directory, NameComparison) || (id != 0 && FileStatus.TryGet(at, out metadata) && metadata.Id == id))
            {
                return true;
            }
        }

        return false;
    }

    internal static StringComparison NameComparison => OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    private static bool CanReach(RealPath real, string root) =>
        IsWithin(real.Path, root) || real.FileLinks.Concat(real.DirectoryLinks).Any(link => IsWithin(link, root)) || HasSecondName(real.Path);

    private static bool HasSecondName(string path) => FileStatus.TryGet(path, out FileStatus metadata) && metadata.IsFile && metadata.Links > 1;
}
