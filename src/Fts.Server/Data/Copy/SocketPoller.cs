using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Threading.Tasks.Sources;
using Fts.Native;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Data.Copy;

/// <summary>
/// Waits with one thread until bytes, the end or a failure of a connection arrive. For a small upload this costs less than an asynchronous
/// receive: .NET would also wait for space to send, which is available at once and wakes a thread.
/// </summary>
/// <remarks>
/// <see cref="WaitAsync"/> has no cancellation. <see cref="Transfer.Abort"/> shuts the socket down, which ends the wait. The socket must
/// not be closed during the wait.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class SocketPoller
{
    private const int MaxEvents = 64;

    private static readonly Lock CreationLock = new();
    private static SocketPoller? s_shared;

    private readonly SafeFileHandle _epoll; // never closed: the thread runs until the process ends

    private SocketPoller(SafeFileHandle epoll) => _epoll = epoll;

    /// <summary>
    /// Returns the poller of all servers in the process, and starts its thread on the first call. Returns null if no descriptor is free.
    /// </summary>
    public static SocketPoller? TryGet()
    {
        if (Volatile.Read(ref s_shared) is { } shared)
        {
            return shared;
        }

        lock (CreationLock)
        {
            if (s_shared is null && EpollCalls.EpollCreate1(EpollCalls.EPOLL_CLOEXEC) is >= 0 and var descriptor)
            {
                var created = new SocketPoller(new SafeFileHandle(descriptor, ownsHandle: true));
                new Thread(created.Run) { IsBackground = true, Name = "fts data sockets" }.Start();
                Volatile.Write(ref s_shared, created);
            }

            return s_shared;
        }
    }

    /// <summary>Waits until a receive call on the socket would not block. The continuation runs on the poller's thread.</summary>
    /// <exception cref="IOException">The system cannot watch the socket.</exception>
    public ValueTask WaitAsync(Socket socket)
    {
        const uint Events = EpollCalls.EPOLLIN | EpollCalls.EPOLLRDHUP | EpollCalls.EPOLLONESHOT;
        var wait = new Wait();
        ValueTask task = wait.Task; // read before the event, which can arrive during the next call
        GCHandle handle = GCHandle.Alloc(wait);
        nint data = GCHandle.ToIntPtr(handle);
        SafeSocketHandle target = socket.SafeHandle;
        if (EpollCalls.EpollCtl(_epoll, EpollCalls.EPOLL_CTL_ADD, target, Events, data) < 0 &&
            (Marshal.GetLastPInvokeError() != Errno.EEXIST ||
                EpollCalls.EpollCtl(_epoll, EpollCalls.EPOLL_CTL_MOD, target, Events, data) < 0))
        {
            handle.Free();
            throw new IOException($"epoll_ctl: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        return task;
    }

    private unsafe void Run()
    {
        byte* events = stackalloc byte[MaxEvents * EpollCalls.EventSize];
        while (true)
        {
            int count = EpollCalls.EpollWait(_epoll, events, MaxEvents, Timeout.Infinite);
            for (int i = 0; i < count; i++)
            {
                var handle = GCHandle.FromIntPtr(EpollCalls.GetData(events, i));
                var wait = (Wait)handle.Target!;
                handle.Free(); // EPOLLONESHOT: there is one event for each wait
                wait.Complete();
            }
        }
    }

    /// <summary>One wait. The awaiting method observes it once.</summary>
    private sealed class Wait : IValueTaskSource
    {
        private ManualResetValueTaskSourceCore<bool> _source;

        public ValueTask Task => new(this, _source.Version);

        public void Complete() => _source.SetResult(true);

        public void GetResult(short token) => _source.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _source.OnCompleted(continuation, state, token, flags);
    }
}
