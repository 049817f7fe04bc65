using Fts.Native;

namespace Fts.Storage.Local;

/// <summary>Finds out whether a directory ignores the case of names, with the names of its entries.</summary>
internal static class CaseSensitivity
{
    /// <summary>The maximum number of entries whose names are read. Large directories would otherwise delay the start.</summary>
    private const int MaxEntries = 64;

    /// <summary>
    /// Returns whether a directory ignores case, or null if none of its entries has a name with a letter. The directory is not changed.
    /// </summary>
    public static bool? IgnoresCase(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return true;
        }

        try
        {
            HashSet<string> paths = [.. Directory.EnumerateFileSystemEntries(directory).Take(MaxEntries)];
            foreach (string path in paths)
            {
                string other = Path.Combine(directory, SwapCase(Path.GetFileName(path)));
                if (other != path && Path.Exists(path))
                {
                    return !paths.Contains(other) && AreSame(path, other);
                }
            }
        }
        catch (Exception e) when (SystemErrors.IsSystemError(e))
        {
            // The directory cannot be listed. Its first use reports the error.
        }

        return null;
    }

    /// <summary>Returns a name in which upper-case ASCII letters are lower-case, and the other way round.</summary>
    internal static string SwapCase(string name) => string.Create(name.Length, name, static (swapped, text) =>
    {
        for (int at = 0; at < swapped.Length; at++)
        {
            swapped[at] = char.IsAsciiLetter(text[at]) ? (char)(text[at] ^ 0x20) : text[at];
        }
    });

    /// <summary>
    /// Returns whether two names lead to one entry.
    /// </summary>
    private static bool AreSame(string one, string other) => SystemCallNumbers.IsSupported
        ? FileStatus.TryGet(one, out FileStatus status) && FileStatus.TryGet(other, out FileStatus otherStatus)
            && status.IsSameFileAs(otherStatus)
        : Path.Exists(other);
}
