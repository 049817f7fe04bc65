using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fts.Native;

/// <summary>
/// Functions that operate on open files or on paths without a directory handle. They return -1 on failure and set
/// <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
public static unsafe partial class FileCalls
{
    public const int O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_CREAT = 0x40, O_EXCL = 0x80, O_NOCTTY = 0x100, O_NONBLOCK = 0x800;
    public const int O_APPEND = 0x400;
    public const int O_CLOEXEC = 0x80000, O_PATH = 0x200000;
    public const nuint FICLONE = 0x40049409;
    public const int F_GETFL = 3, F_SETFL = 4, F_OFD_GETLK = 36, F_OFD_SETLK = 37, F_SETPIPE_SZ = 1031;
    public const short F_RDLCK = 0, F_WRLCK = 1, F_UNLCK = 2;
    public const uint SYNC_FILE_RANGE_WRITE = 2;
    public const int SEEK_DATA = 3, SEEK_HOLE = 4;
    public const int LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4;

    private const int RWF_NOWAIT = 8;

    private static readonly bool s_isArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static readonly int O_DIRECTORY = s_isArm ? 0x4000 : 0x10000;
    public static readonly int O_NOFOLLOW = s_isArm ? 0x8000 : 0x20000;

    /// <summary>Calls fchown(2).</summary>
    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    public static partial int Fchown(SafeFileHandle file, uint owner, uint group);

    /// <summary>Calls copy_file_range(2).</summary>
    public static nint CopyFileRange(SafeFileHandle source, long* sourceOffset, SafeFileHandle target, long* targetOffset, nint length) =>
        CopyFileRange(SystemCallNumbers.CopyFileRange, source, sourceOffset, target, targetOffset, length, 0);

    /// <summary>
    /// Calls preadv2(2) with RWF_NOWAIT. Reads only bytes in the page cache, and fails with EAGAIN if the cache has none.
    /// </summary>
    public static nint ReadWithoutWaiting(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        fixed (byte* start = buffer)
        {
            var vector = new IoVector { Start = start, Length = (nuint)buffer.Length };
            return Preadv2(SystemCallNumbers.Preadv2, file, &vector, 1, (nint)offset, 0, RWF_NOWAIT);
        }
    }

    /// <summary>Calls open(2) without O_CREAT. Returns an invalid handle on failure. Also works on macOS.</summary>
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle Open(string path, int flags);

    /// <summary>Calls open(2) with O_CREAT. Returns an invalid handle on failure.</summary>
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle Open(string path, int flags, int mode);

    /// <summary>Calls rename(2).</summary>
    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(string source, string target);

    /// <summary>Calls read(2).</summary>
    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(SafeFileHandle source, byte* buffer, nuint count);

    /// <summary>Calls write(2).</summary>
    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(SafeFileHandle target, byte* buffer, nuint count);

    /// <summary>Calls fcntl(2) with a command for locks.</summary>
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Fcntl(SafeFileHandle file, int command, FileLock* argument);

    /// <summary>Calls fcntl(2) with a command that has a number as its argument.</summary>
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Fcntl(SafeHandle handle, int command, int argument);

    /// <summary>Calls flock(2). Also works on macOS.</summary>
    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(SafeFileHandle file, int operation);

    /// <summary>Calls futimens(3).</summary>
    [LibraryImport("libc", EntryPoint = "futimens", SetLastError = true)]
    public static partial int Futimens(SafeFileHandle file, TimeSpec* accessedAndModified);

    /// <summary>Calls fsync(2). Also works on macOS.</summary>
    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Fsync(SafeFileHandle file);

    /// <summary>Calls fdatasync(2).</summary>
    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int Fdatasync(SafeFileHandle file);

    /// <summary>Calls sync_file_range(2).</summary>
    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    public static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);

    /// <summary>Calls lseek(2).</summary>
    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static partial long Lseek(SafeFileHandle file, long offset, int whence);

    /// <summary>Calls fchmod(2).</summary>
    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    public static partial int Fchmod(SafeFileHandle file, uint mode);

    /// <summary>Calls ioctl(2).</summary>
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(SafeFileHandle file, nuint request, nint argument);

    /// <summary>Calls getxattr(2).</summary>
    [LibraryImport("libc", EntryPoint = "getxattr", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    public static partial nint Getxattr(string path, byte* name, byte* value, nuint size);

    /// <summary>Calls fgetxattr(2).</summary>
    [LibraryImport("libc", EntryPoint = "fgetxattr", SetLastError = true)]
    public static partial nint Fgetxattr(SafeFileHandle file, byte* name, byte* value, nuint size);

    /// <summary>Calls fsetxattr(2).</summary>
    [LibraryImport("libc", EntryPoint = "fsetxattr", SetLastError = true)]
    public static partial int Fsetxattr(SafeFileHandle file, byte* name, byte* value, nuint size, int flags);

    /// <summary>Calls fremovexattr(2).</summary>
    [LibraryImport("libc", EntryPoint = "fremovexattr", SetLastError = true)]
    public static partial int Fremovexattr(SafeFileHandle file, byte* name);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Preadv2(
        nint number, SafeFileHandle file, IoVector* vectors, nint count, nint offsetLow, nint offsetHigh, nint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint CopyFileRange(
        nint number, SafeFileHandle source, long* sourceOffset, SafeFileHandle target, long* targetOffset, nint length, uint flags);
}

/// <summary>The C library's struct iovec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public byte* Start;
    public nuint Length;
}

/// <summary>The C library's struct flock.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FileLock
{
    public short Type;
    public short Whence;
    public long Start;
    public long Length;
    public int Process;
}
