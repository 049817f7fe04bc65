using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fts.Native;

/// <summary>
/// Functions on names relative to an open directory, and on the file system of an open file. They return -1 on failure and set
/// <see cref="Marshal.GetLastPInvokeError"/>. Names are passed to the kernel as the bytes that <see cref="EscapedUtf8"/> returns, so names
/// that are not UTF-8 can be used.
/// </summary>
public static unsafe partial class DirectoryCalls
{
    public const int AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100, AT_REMOVEDIR = 0x200, AT_EACCESS = 0x200, AT_EMPTY_PATH = 0x1000;
    public const int W_OK = 2;
    public const uint RENAME_NOREPLACE = 1;
    public const ulong RESOLVE_NO_XDEV = 0x01, RESOLVE_NO_MAGICLINKS = 0x02, RESOLVE_BENEATH = 0x08, RESOLVE_CACHED = 0x20;
    public const long UTIME_OMIT = 0x3ffffffe;

    /// <summary>PATH_MAX, in bytes. The target of a link is always shorter.</summary>
    private const int MaxLinkLength = 4096;

    /// <summary>Calls openat2(2).</summary>
    public static nint Openat2(SafeFileHandle directory, string path, OpenHow* how) =>
        Openat2(SystemCallNumbers.Openat2, directory, path, how, (nuint)sizeof(OpenHow));

    /// <summary>Calls renameat2(2).</summary>
    public static int Renameat2(SafeFileHandle sourceDirectory, string source, SafeFileHandle targetDirectory, string target, uint flags) =>
        (int)Renameat2(SystemCallNumbers.Renameat2, sourceDirectory, source, targetDirectory, target, flags);

    /// <summary>Calls faccessat2(2).</summary>
    public static int Faccessat2(SafeFileHandle directory, string name, int mode, int flags) =>
        (int)Faccessat2(SystemCallNumbers.Faccessat2, directory, name, mode, flags);

    /// <summary>Calls fchmodat2(2).</summary>
    public static int Fchmodat2(SafeFileHandle directory, string name, uint mode, int flags) =>
        (int)Fchmodat2(SystemCallNumbers.Fchmodat2, directory, name, mode, flags);

    /// <summary>
    /// Returns the target of a symbolic link in an open directory, or null on failure. <see cref="Marshal.GetLastPInvokeError"/> then has
    /// the error.
    /// </summary>
    public static string? TryReadLink(SafeFileHandle directory, string name)
    {
        byte* buffer = stackalloc byte[MaxLinkLength];
        nint length = Readlinkat(directory, name, buffer, MaxLinkLength);
        return length < 0 ? null : EscapedUtf8.GetString(new ReadOnlySpan<byte>(buffer, (int)length));
    }

    /// <summary>
    /// Returns the target of the symbolic link at a path, or null on failure. <see cref="Marshal.GetLastPInvokeError"/> then has the error.
    /// </summary>
    public static string? TryReadLink(string path)
    {
        byte* buffer = stackalloc byte[MaxLinkLength];
        nint length = Readlinkat(AT_FDCWD, path, buffer, MaxLinkLength);
        return length < 0 ? null : EscapedUtf8.GetString(new ReadOnlySpan<byte>(buffer, (int)length));
    }

    /// <summary>Calls openat(2). The value of <paramref name="directory"/> must be AT_FDCWD.</summary>
    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    public static partial int Openat(int directory, string path, int flags, uint mode);

    /// <summary>Calls openat(2).</summary>
    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    public static partial int Openat(SafeFileHandle directory, string path, int flags, uint mode);

    /// <summary>Calls fstatvfs(3).</summary>
    [LibraryImport("libc", EntryPoint = "fstatvfs", SetLastError = true)]
    public static partial int Fstatvfs(SafeFileHandle directory, FileSystemStatus* status);

    /// <summary>Calls fstatfs(2).</summary>
    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    public static partial int Fstatfs(SafeFileHandle file, FileSystemType* type);

    /// <summary>The request of ioctl(2) that reads the attributes of a file on a 64-bit system.</summary>
    public const nuint FS_IOC_GETFLAGS = 0x8008_6601;

    /// <summary>The attribute of a directory that ignores case.</summary>
    public const nint FS_CASEFOLD_FL = 0x4000_0000;

    /// <summary>Calls ioctl(2).</summary>
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(SafeFileHandle file, nuint request, nint* value);

    /// <summary>Calls mkdirat(2).</summary>
    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    public static partial int Mkdirat(SafeFileHandle directory, string name, uint mode);

    /// <summary>Calls unlinkat(2).</summary>
    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    public static partial int Unlinkat(SafeFileHandle directory, string name, int flags);

    /// <summary>Calls linkat(2).</summary>
    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    public static partial int Linkat(
        SafeFileHandle sourceDirectory, string source, SafeFileHandle targetDirectory, string target, int flags);

    /// <summary>Calls symlinkat(2).</summary>
    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    public static partial int Symlinkat(string linkTarget, SafeFileHandle directory, string name);

    /// <summary>Calls utimensat(2).</summary>
    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    public static partial int Utimensat(SafeFileHandle directory, string name, TimeSpec* accessedAndModified, int flags);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    private static partial nint Readlinkat(SafeFileHandle directory, string name, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    private static partial nint Readlinkat(int directory, string path, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    private static partial nint Openat2(nint number, SafeFileHandle directory, string path, OpenHow* how, nuint size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    private static partial nint Renameat2(
        nint number, SafeFileHandle sourceDirectory, string source, SafeFileHandle targetDirectory, string target, uint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    private static partial nint Faccessat2(nint number, SafeFileHandle directory, string name, int mode, int flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    private static partial nint Fchmodat2(nint number, SafeFileHandle directory, string name, uint mode, int flags);
}

/// <summary>The kernel's struct open_how, for openat2(2).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct OpenHow
{
    public ulong Flags;
    public ulong Mode;
    public ulong Resolve;
}

/// <summary>The C library's struct timespec.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TimeSpec
{
    public long Seconds;
    public long Nanoseconds;

    /// <summary>Returns the struct for a time in UTC.</summary>
    public static TimeSpec FromUtc(DateTime time)
    {
        (long seconds, long rest) = Math.DivRem((time - DateTime.UnixEpoch).Ticks, TimeSpan.TicksPerSecond);
        // For a time before 1970 the remainder can be negative, but the kernel requires nanoseconds from 0 to 999,999,999.
        return rest < 0
            ? new TimeSpec { Seconds = seconds - 1, Nanoseconds = (rest + TimeSpan.TicksPerSecond) * 100 }
            : new TimeSpec { Seconds = seconds, Nanoseconds = rest * 100 };
    }
}

/// <summary>The C library's struct statfs. Only the field that this project uses is declared.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
public struct FileSystemType
{
    /// <summary>The magic number of the file system, as listed in statfs(2).</summary>
    [FieldOffset(0)] public long Type;
}

/// <summary>The C library's struct statvfs. Only the fields that this project uses are declared.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
public struct FileSystemStatus
{
    /// <summary>The size of a fragment in bytes.</summary>
    [FieldOffset(8)] public ulong FragmentSize;

    /// <summary>The number of free blocks for unprivileged processes, in units of <see cref="FragmentSize"/>.</summary>
    [FieldOffset(32)] public ulong AvailableBlocks;
}
