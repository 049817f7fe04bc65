using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Tests.Local.Linux;

/// <summary>Detects whether a process opened a file. The watcher of .NET does not report this.</summary>
internal sealed partial class FileOpenWatcher : IDisposable
{
    private const int IN_NONBLOCK = 0x800, EAGAIN = 11;
    private const uint IN_OPEN = 0x20;

    private readonly SafeFileHandle _events = new(InotifyInit(IN_NONBLOCK), ownsHandle: true);

    public FileOpenWatcher(string path) => Assert.True(InotifyAddWatch(_events, path, IN_OPEN) > 0);

    /// <summary>The kernel also sends other events, for example that the file was deleted.</summary>
    public unsafe bool WasOpened()
    {
        // struct inotify_event of a file: watch (4), mask (4), cookie (4), length of the name (4), which is 0.
        uint* events = stackalloc uint[1024];
        nint size = Read(_events, (byte*)events, 4096);
        Assert.True(size > 0 || Marshal.GetLastPInvokeError() == EAGAIN);
        for (nint index = 0; index < size / 16; index++)
        {
            if ((events[(index * 4) + 1] & IN_OPEN) != 0)
            {
                return true;
            }
        }

        return false;
    }

    public void Dispose() => _events.Dispose();

    [LibraryImport("libc", EntryPoint = "inotify_init1")]
    private static partial int InotifyInit(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int InotifyAddWatch(SafeFileHandle events, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint Read(SafeFileHandle events, byte* buffer, nint size);
}
