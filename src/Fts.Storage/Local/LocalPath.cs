using Fts.Native;
using Fts.Storage.Local.Linux;

namespace Fts.Storage.Local;

/// <summary>Paths of this machine, as opposed to virtual paths of clients.</summary>
public static class LocalPath
{
    /// <summary>
    /// Returns an absolute path without symbolic links. Components that do not exist, or that cannot be read, stay as they
    /// are. At most 40 links are followed, as in the Linux kernel (<c>path_resolution(7)</c>).
    /// </summary>
    /// <param name="path">An absolute path, or a path relative to the current directory.</param>
    /// <exception cref="ArgumentException">The path is empty or contains a NUL character.</exception>
    public static string ResolveLinks(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return RealPath.Resolve(path).Path;
    }

    /// <summary>
    /// Returns the path of the same entry in the mount that contains the largest part of its file system, without symbolic links. So all
    /// bind mounts of a directory have one path. Returns the path without links if the system is not Linux, or if no such mount is visible.
    /// </summary>
    /// <param name="path">An absolute path, or a path relative to the current directory. The entry need not exist.</param>
    /// <exception cref="ArgumentException">The path is empty or contains a NUL character.</exception>
    public static string ResolveMounts(string path)
    {
        string real = ResolveLinks(path);
        if (!SystemCallNumbers.IsSupported)
        {
            return real;
        }

        try
        {
            // Another file system can hide the other path, so both must be the same entry.
            return FindLargestMount(File.ReadLines("/proc/self/mountinfo"), real) is { } other
                && FileStatus.TryGet(real, out FileStatus status) && FileStatus.TryGet(other, out FileStatus otherStatus)
                && status.IsSameFileAs(otherStatus)
                ? other
                : real;
        }
        catch (Exception e) when (SystemErrors.IsSystemError(e))
        {
            return real;
        }
    }

    /// <summary>
    /// Returns the path of an entry in the mount of its file system whose root is the highest directory, or null if the path has this form
    /// already.
    /// </summary>
    /// <param name="lines">The lines of /proc/self/mountinfo (proc(5)).</param>
    /// <param name="path">A path without links.</param>
    internal static string? FindLargestMount(IEnumerable<string> lines, string path)
    {
        (string Device, string Root, string Point)[] mounts =
        [
            .. lines.Select(line => line.Split(' ')).Where(fields => fields.Length > 4)
                .Select(fields => (fields[2], LinuxFileSystem.Unescape(fields[3]), LinuxFileSystem.Unescape(fields[4]))),
        ];
        // The last of several mounts at the same place is visible.
        (string Device, string Root, string Point) own = mounts.LastOrDefault(
            mount => IsWithin(path, mount.Point)
                && mounts.All(other => !IsWithin(path, other.Point) || other.Point.Length <= mount.Point.Length));
        if (own.Device is null)
        {
            return null;
        }

        string inFileSystem = Join(own.Root, GetRest(path, own.Point));
        (string Device, string Root, string Point) largest = mounts
            .Where(mount => mount.Device == own.Device && IsWithin(inFileSystem, mount.Root))
            .OrderBy(mount => mount.Root.Length).ThenBy(mount => mount.Point.Length).ThenBy(mount => mount.Point, StringComparer.Ordinal)
            .First();
        string result = Join(largest.Point, GetRest(inFileSystem, largest.Root));
        return result == path ? null : result;

        static bool IsWithin(string path, string directory) =>
            directory == "/" || path == directory || path.StartsWith(directory + "/", StringComparison.Ordinal);

        static string GetRest(string path, string directory) => directory == "/" ? path : path[directory.Length..];

        static string Join(string directory, string rest) => directory == "/"
            ? (rest.Length == 0 ? "/" : rest)
            : directory + rest.TrimEnd('/');
    }
}
