namespace Fts.Storage.Local;

/// <summary>Paths of this machine, as opposed to virtual paths of clients.</summary>
public static class LocalPath
{
    /// <summary>
    /// Returns an absolute path without symbolic links. The entry need not exist: components that do not exist, or that cannot be read, stay
    /// as they are. At most 40 links are followed, as in the Linux kernel (<c>path_resolution(7)</c>).
    /// </summary>
    /// <param name="path">An absolute path, or a path relative to the current directory.</param>
    /// <exception cref="ArgumentException">The path is empty or contains a NUL character.</exception>
    public static string ResolveLinks(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return RealPath.Resolve(path).Path;
    }
}
