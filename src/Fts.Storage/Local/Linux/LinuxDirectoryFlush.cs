using System.Runtime.InteropServices;
using Fts.Native;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.FileCalls;

namespace Fts.Storage.Local.Linux;

/// <summary>Brings the entries of a folder that is open by name only (O_PATH) to stable storage.</summary>
internal static class LinuxDirectoryFlush
{
    /// <summary>A file system that has no flush for folders (EINVAL) has no need of one.</summary>
    public static void Flush(SafeFileHandle directory, string what)
    {
        using var handle = new SafeFileHandle(Openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), ownsHandle: true);
        if (handle.IsInvalid || (Fsync(handle) < 0 && Marshal.GetLastPInvokeError() != Errno.EINVAL))
        {
            throw LinuxRootDirectory.CreateLastError(what);
        }
    }
}
