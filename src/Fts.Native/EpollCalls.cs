using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fts.Native;

/// <summary>epoll(7). The functions return -1 on failure and set <see cref="Marshal.GetLastPInvokeError"/>.</summary>
public static unsafe partial class EpollCalls
{
    public const int EPOLL_CLOEXEC = 0x80000, EPOLL_CTL_ADD = 1, EPOLL_CTL_MOD = 3;
    public const uint EPOLLIN = 0x1, EPOLLRDHUP = 0x2000, EPOLLONESHOT = 1u << 30;

    // struct epoll_event is packed on x64 only.
    private static readonly bool s_isPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int s_dataOffset = s_isPacked ? 4 : 8;

    /// <summary>The size in bytes of struct epoll_event.</summary>
    public static readonly int EventSize = s_isPacked ? 12 : 16;

    /// <summary>epoll_ctl(2) with EPOLL_CTL_ADD or EPOLL_CTL_MOD.</summary>
    public static int EpollCtl(SafeFileHandle epoll, int operation, SafeHandle target, uint events, nint data)
    {
        byte* description = stackalloc byte[EventSize];
        *(uint*)description = events;
        *(long*)(description + s_dataOffset) = data;
        return EpollCtl(epoll, operation, target, description);
    }

    /// <summary>Returns the data of an event in the buffer that <see cref="EpollWait"/> filled.</summary>
    public static nint GetData(byte* events, int index) => (nint)(*(long*)(events + (index * EventSize) + s_dataOffset));

    /// <summary>epoll_create1(2).</summary>
    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate1(int flags);

    /// <summary>epoll_wait(2). The buffer has <paramref name="maxEvents"/> times <see cref="EventSize"/> bytes.</summary>
    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(SafeFileHandle epoll, byte* events, int maxEvents, int timeout);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollCtl(SafeFileHandle epoll, int operation, SafeHandle target, byte* description);
}
