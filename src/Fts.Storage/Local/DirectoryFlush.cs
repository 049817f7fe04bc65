using System.Runtime.InteropServices;
using Fts.Native;
using Fts.Storage.Local.Linux;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.FileCalls;

namespace Fts.Storage.Local;

/// <summary>Flushes the entries of a directory to stable storage.</summary>
internal static class DirectoryFlush
{
    /// <summary>On Linux, flushes a directory whose handle may be open only as a path (O_PATH).</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The beginning of the error message, for example the path of the directory.</param>
    public static void Flush(SafeFileHandle directory, string name)
    {
        // EINVAL: the file system does not support flushing directories, and does not need it.
        using var handle = new SafeFileHandle(Openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), ownsHandle: true);
        if (handle.IsInvalid || (Fsync(handle) < 0 && Marshal.GetLastPInvokeError() != Errno.EINVAL))
        {
            throw LinuxRootDirectory.CreateLastError(name);
        }
    }

    /// <summary>Flushes a directory by its real path. Does nothing on Windows, which flushes directories itself.</summary>
    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using SafeFileHandle handle = Open(directory, O_RDONLY);
        if (handle.IsInvalid || Fsync(handle) < 0)
        {
            throw SystemErrors.CreateException(Marshal.GetLastPInvokeError(), directory);
        }
    }
}
