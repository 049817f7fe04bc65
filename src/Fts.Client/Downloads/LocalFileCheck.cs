using Fts.Native;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Downloads;

/// <summary>Checks existing local files before they are used.</summary>
internal static class LocalFileCheck
{
    /// <summary>
    /// Returns whether the open file is the file at the path, is a regular file without other hard links, and belongs to this user.
    /// </summary>
    /// <remarks>
    /// In a shared directory, another user may have created a link or a file under the expected name, and could change it later. On systems
    /// without the native calls, only symbolic links and the file times are checked.
    /// </remarks>
    public static bool IsOwnFileAt(string path, SafeFileHandle handle)
    {
        if (!SystemCallNumbers.IsSupported)
        {
            return new FileInfo(path) is { LinkTarget: null, Exists: true } file
                && file.CreationTimeUtc == File.GetCreationTimeUtc(handle) && file.LastWriteTimeUtc == File.GetLastWriteTimeUtc(handle);
        }

        return FileStatus.Statx(handle, "", DirectoryCalls.AT_EMPTY_PATH, out FileStatus opened) == 0
            && FileStatus.TryGet(path, out FileStatus named)
            && opened.IsSameFileAs(named) && opened is { Links: 1, IsFile: true } && opened.Owner == ProcessCalls.Geteuid();
    }

    /// <summary>
    /// Returns false if the path is not a regular file, because opening a FIFO, socket or device may block. Returns true if the type cannot
    /// be determined, for example because the path does not exist.
    /// </summary>
    public static bool IsRegularFile(string path)
    {
        if (!SystemCallNumbers.IsSupported)
        {
            return true;
        }

        return !FileStatus.TryGet(path, out FileStatus named) || named.IsFile;
    }
}
