using System.Runtime.InteropServices;
using Fts.Native;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Portable;

/// <summary>Flushes the entries of a directory to stable storage on Unix. Windows does this itself.</summary>
internal static class DirectoryFlush
{
    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using SafeFileHandle handle = FileCalls.Open(directory, FileCalls.O_RDONLY);
        if (handle.IsInvalid || FileCalls.Fsync(handle) < 0)
        {
            throw SystemErrors.CreateException(Marshal.GetLastPInvokeError(), directory);
        }
    }
}
