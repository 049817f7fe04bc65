using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Portable;

/// <summary>Makes a folder's entries outlast a power cut, where .NET has no call for it. Windows writes them through by itself.</summary>
internal static partial class DirectoryFlush
{
    private const int ReadOnly = 0;

    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using SafeFileHandle handle = Open(directory, ReadOnly);
        if (handle.IsInvalid || Fsync(handle) < 0)
        {
            throw SystemErrors.CreateException(Marshal.GetLastPInvokeError(), directory);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);
}
