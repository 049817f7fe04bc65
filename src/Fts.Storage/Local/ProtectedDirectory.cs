using Fts.Storage.Local.Linux;

namespace Fts.Storage.Local;

/// <summary>The entries of protected directories.</summary>
internal static class ProtectedContents
{
    /// <summary>The greatest depth. More than any directory of keys or settings has.</summary>
    public const int MaxDepth = 16;

    /// <summary>The paths of the entries of a directory; none if it is not a directory or cannot be read.</summary>
    public static string[] EntriesOf(string path)
    {
        if (LinuxCalls.IsSupported)
        {
            return [.. LinuxFolderNames.In(path).Select(name => Path.Combine(path, name))];
        }

        try
        {
            return Directory.Exists(path) ? Directory.GetFileSystemEntries(path) : [];
        }
        catch (Exception exception) when (SystemErrors.IsRefusal(exception))
        {
            return []; // It cannot be read, then neither by a client.
        }
    }

    /// <summary>
    /// Where a link leads; null if the entry is not a link. Also null for a link to a directory: it may lead to the served directory itself, and then no
    /// entry could be served.
    /// </summary>
    public static RealPath? FileBehind(string entry)
    {
        var real = RealPath.Of(entry);
        return real.FileLinks.Count > 0 && !LinuxCalls.IsFolder(real.Path) ? real : null;
    }

    /// <summary>The files in a directory and below it, and the files to which links there lead. Links to directories are not followed.</summary>
    public static IEnumerable<RealPath> Of(string folder, int depth = 0)
    {
        foreach (string entry in depth == MaxDepth ? [] : EntriesOf(folder))
        {
            var real = RealPath.Of(entry);
            if (!LinuxCalls.IsFolder(real.Path))
            {
                yield return real;
            }
            else if (real.FileLinks.Count == 0)
            {
                foreach (RealPath below in Of(entry, depth + 1))
                {
                    yield return below;
                }
            }
        }
    }
}
