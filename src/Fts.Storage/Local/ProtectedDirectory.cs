using Fts.Native;
using Fts.Storage.Local.Linux;

namespace Fts.Storage.Local;

/// <summary>The entries of protected directories.</summary>
internal static class ProtectedDirectory
{
    /// <summary>The greatest depth. More than any directory of keys or settings has.</summary>
    public const int MaxDepth = 16;

    /// <summary>The paths of the entries of a directory; none if it is not a directory or cannot be read.</summary>
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
            return []; // It cannot be read, then neither by a client.
        }
    }

    /// <summary>
    /// Where a link leads; null if the entry is not a link. Also null for a link to a directory: it may lead to the served directory itself, and then no
    /// entry could be served.
    /// </summary>
    public static RealPath? ResolveFileLink(string entry)
    {
        var real = RealPath.Resolve(entry);
        return real.FileLinks.Count > 0 && !LinuxFileStatus.IsDirectory(real.Path) ? real : null;
    }

    /// <summary>The files in a directory and below it, and the files to which links there lead. Links to directories are not followed.</summary>
    public static IEnumerable<RealPath> GetFiles(string directory, int depth = 0)
    {
        foreach (string entry in depth == MaxDepth ? [] : GetEntries(directory))
        {
            var real = RealPath.Resolve(entry);
            if (!LinuxFileStatus.IsDirectory(real.Path))
            {
                yield return real;
            }
            else if (real.FileLinks.Count == 0)
            {
                foreach (RealPath below in GetFiles(entry, depth + 1))
                {
                    yield return below;
                }
            }
        }
    }
}
