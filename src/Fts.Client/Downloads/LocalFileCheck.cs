using Fts.Native;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Downloads;

/// <summary>
/// Whether a file that was found under a known name may be gone on with. In a folder that others may write to, somebody can have put a link there, or a file
/// of their own, which they could go on changing under its final name.
/// </summary>
internal static class LocalFileCheck
{
    /// <summary>Whether the open file is the one that stands at the path now, a regular one without other names, and this user's.</summary>
    public static bool IsOwnFileAt(string path, SafeFileHandle handle)
    {
        if (!SystemCallNumbers.IsSupported)
        {
            return new FileInfo(path) is { LinkTarget: null, Exists: true } file
                && file.CreationTimeUtc == File.GetCreationTimeUtc(handle) && file.LastWriteTimeUtc == File.GetLastWriteTimeUtc(handle);
        }

        return FileStatus.Statx(handle, "", DirectoryCalls.AT_EMPTY_PATH, out FileStatus opened) == 0 && FileStatus.TryGet(path, out FileStatus named)
            && opened.IsSameFileAs(named) && opened is { Links: 1, IsFile: true } && opened.Owner == ProcessCalls.Geteuid();
    }

    /// <summary>Whether a path is no FIFO, socket or device, as far as this system can be asked: to open one may wait for ever.</summary>
    public static bool IsRegularFile(string path)
    {
        if (!SystemCallNumbers.IsSupported)
        {
            return true;
        }

        return !FileStatus.TryGet(path, out FileStatus named) || named.IsFile;
    }
}
