using Fts.Native;
using Fts.Storage.Local.Linux;

namespace Fts.Storage.Local;

/// <summary>Reads the entries of protected directories.</summary>
internal static class ProtectedDirectory
{
    /// <summary>The maximum number of directory levels that are searched. Directories of keys and settings have fewer levels.</summary>
    public const int MaxDepth = 16;

    /// <summary>
    /// Returns the paths of the entries of a directory. Returns no path if <paramref name="path"/> is not a directory or cannot be read.
    /// </summary>
    public static string[] GetEntries(string path)
    {
        if (SystemCallNumbers.IsSupported)
        {
            return [.. LinuxDirectoryNames.GetNames(path).Select(name => Path.Combine(path, name))];
        }

        try
        {
            return Directory.Exists(path) ? Directory.GetFileSystemEntries(path) : [];
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            return []; // Clients cannot read this directory either.
        }
    }

    /// <summary>
    /// Returns the target of a link, or null if the entry is not a link or the target is a directory. Directories that are targets of links
    /// are not protected, because such a directory may be the served directory itself.
    /// </summary>
    public static RealPath? ResolveFileLink(string entry)
    {
        var real = RealPath.Resolve(entry);
        return real.LastComponentLinks.Count > 0 && !LinuxFileStatus.IsDirectory(real.Path) ? real : null;
    }

    /// <summary>
    /// Returns the files in a directory and below it, and the files to which links in these directories point. Does not follow links to
    /// directories.
    /// </summary>
    public static IEnumerable<RealPath> GetFiles(string directory, int depth = 0)
    {
        foreach (string entry in depth == MaxDepth ? [] : GetEntries(directory))
        {
            var real = RealPath.Resolve(entry);
            if (!LinuxFileStatus.IsDirectory(real.Path))
            {
                yield return real;
            }
            else if (real.LastComponentLinks.Count == 0)
            {
                foreach (RealPath below in GetFiles(entry, depth + 1))
                {
                    yield return below;
                }
            }
        }
    }
}
