using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Tests.Folding;

/// <summary>
/// A file system that this process serves, mounted on a directory until it is disposed. One thread handles the requests of the kernel in
/// order (linux/fuse.h, version 7.31). Needs root and /dev/fuse.
/// </summary>
/// <remarks>It can leave requests unanswered, as a disk that hangs does. <c>_lock</c> guards these requests.</remarks>
internal sealed unsafe partial class FuseMount : IDisposable
{
    private const int O_RDWR_CLOEXEC = 0x80002, MNT_DETACH = 2, RequestSize = 256 * 1024, HeaderSize = 16;
    private const nuint MS_NOSUID = 2, MS_NODEV = 4;
    private const uint INIT = 26, FORGET = 2, BATCH_FORGET = 42, INTERRUPT = 36;
    private const int EINTR = 4, EAGAIN = 11, ENOENT = 2;

    private readonly SafeFileHandle _device;
    private readonly string _folder;
    private readonly CaseFoldingFileSystem _files = new();
    private readonly Thread _server;
    private readonly Lock _lock = new();
    private readonly List<byte[]> _heldRequests = [];
    private FuseOperation? _heldOperation;
    private TaskCompletionSource _held = new();

    private FuseMount(string folder, SafeFileHandle device)
    {
        (_folder, _device) = (folder, device);
        _server = new Thread(Serve) { IsBackground = true, Name = "folding file system" };
        _server.Start();
    }

    /// <summary>Mounts the file system. Returns null if the system does not allow it.</summary>
    public static FuseMount? TryMount(string folder)
    {
        int descriptor = Open("/dev/fuse", O_RDWR_CLOEXEC);
        var device = new SafeFileHandle(descriptor, ownsHandle: true);
        bool isMounted = descriptor >= 0 && Mount("folding", folder, "fuse", MS_NOSUID | MS_NODEV,
            string.Create(CultureInfo.InvariantCulture, $"fd={descriptor},rootmode=40000,user_id=0,group_id=0,allow_other")) == 0;
        if (isMounted)
        {
            return new FuseMount(folder, device);
        }

        device.Dispose();
        return null;
    }

    /// <summary>
    /// Leaves all further requests of a kind unanswered until <see cref="Release"/>. The task completes when the first one has arrived.
    /// </summary>
    public Task Hold(FuseOperation operation)
    {
        lock (_lock)
        {
            _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _heldOperation = operation;
            return _held.Task;
        }
    }

    /// <summary>Answers the held requests.</summary>
    public void Release()
    {
        byte[][] requests;
        lock (_lock)
        {
            _heldOperation = null;
            requests = [.. _heldRequests];
            _heldRequests.Clear();
        }

        Array.ForEach(requests, request => SendReply(request));
    }

    public void Dispose()
    {
        Release();
        _ = Umount(_folder, MNT_DETACH);
        // The read of the thread fails after the last file on the file system is closed.
        _server.Join();
        _device.Dispose();
    }

    private void Serve()
    {
        byte[] request = new byte[RequestSize];
        while (true)
        {
            nint size;
            fixed (byte* pointer = request)
            {
                size = Read(_device, pointer, RequestSize);
            }

            if (size < 0 && Marshal.GetLastPInvokeError() is not (EINTR or EAGAIN or ENOENT))
            {
                return;
            }

            if (size > 0 && !TryHold(request.AsSpan(0, (int)size)))
            {
                SendReply(request.AsSpan(0, (int)size));
            }
        }
    }

    private bool TryHold(ReadOnlySpan<byte> request)
    {
        lock (_lock)
        {
            if ((FuseOperation)MemoryMarshal.Read<uint>(request[4..]) != _heldOperation)
            {
                return false;
            }

            _heldRequests.Add(request.ToArray());
            _held.TrySetResult();
            return true;
        }
    }

    private void SendReply(ReadOnlySpan<byte> request)
    {
        // struct fuse_in_header: length, operation, number, node, user, group, process, extensions.
        uint operation = MemoryMarshal.Read<uint>(request[4..]);
        ulong number = MemoryMarshal.Read<ulong>(request[8..]), node = MemoryMarshal.Read<ulong>(request[16..]);
        if (operation is FORGET or BATCH_FORGET or INTERRUPT)
        {
            return;
        }

        int error = 0;
        byte[] body = [];
        try
        {
            lock (_files)
            {
                body = operation == INIT ? FormatInitReply(request[40..]) : _files.Reply(operation, node, request[40..]);
            }
        }
        catch (FuseException exception)
        {
            error = exception.Error;
        }

        // struct fuse_out_header: length, negative error, number.
        byte[] length = BitConverter.GetBytes(HeaderSize + body.Length);
        byte[] reply = [.. length, .. BitConverter.GetBytes(-error), .. BitConverter.GetBytes(number), .. body];
        fixed (byte* pointer = reply)
        {
            // A failure means that the request was cancelled or the file system was unmounted.
            _ = Write(_device, pointer, (nuint)reply.Length);
        }
    }

    /// <summary>
    /// Returns struct fuse_init_out: version 7.31, default read-ahead, no optional features, writes of at most 128 KiB, times in
    /// nanoseconds.
    /// </summary>
    private static byte[] FormatInitReply(ReadOnlySpan<byte> initRequest)
    {
        uint[] reply = new uint[16];
        (reply[0], reply[1], reply[2], reply[5], reply[6]) = (7, 31, MemoryMarshal.Read<uint>(initRequest[8..]), 128 * 1024, 1);
        return MemoryMarshal.AsBytes(reply.AsSpan()).ToArray();
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string type, nuint flags, string options);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Umount(string target, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle device, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeFileHandle device, byte* buffer, nuint size);
}

/// <summary>Requests of the kernel, with the numbers of linux/fuse.h.</summary>
internal enum FuseOperation : uint
{
    Lookup = 1,
    MakeDirectory = 9,
    Unlink = 10,
    Rename = 12,
    Open = 14,
    Read = 15,
    Write = 16,
    OpenDirectory = 27,
    ReadDirectory = 28,
    Create = 35,
}

/// <summary>A negative reply with an error number.</summary>
internal sealed class FuseException(int error) : Exception
{
    public int Error => error;
}
