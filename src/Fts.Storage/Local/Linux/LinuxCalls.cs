using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Linux;

/// <summary>
/// The Linux calls .NET has no name for, and what they are given, under their own names. Those that the oldest C library .NET runs on lacks are
/// made by number. Functions return -1 and leave the error in <see cref="Marshal.GetLastPInvokeError"/>, as the C library does.
/// Paths are passed as the bytes that <see cref="EscapedUtf8"/> gives, so that names that are not UTF-8 can be used.
/// </summary>
internal static unsafe partial class LinuxCalls
{
    public const int O_RDONLY = 0, O_RDWR = 2, O_CREAT = 0x40, O_EXCL = 0x80, O_NOCTTY = 0x100, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000, O_PATH = 0x200000;
    public const int AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100, AT_REMOVEDIR = 0x200, AT_EACCESS = 0x200, AT_EMPTY_PATH = 0x1000;
    public const int W_OK = 2;
    public const uint RENAME_NOREPLACE = 1;
    public const ulong RESOLVE_NO_MAGICLINKS = 0x02, RESOLVE_BENEATH = 0x08;
    public const nuint FICLONE = 0x40049409;
    public const long UTIME_OMIT = 0x3ffffffe;
    public const int F_OFD_GETLK = 36, F_OFD_SETLK = 37;
    public const short F_WRLCK = 1, F_UNLCK = 2;
    public const uint SYNC_FILE_RANGE_WRITE = 2;
    public const byte DT_UNKNOWN = 0, DT_DIR = 4, DT_REG = 8;

    // statx: type, mode, links, owner, mtime, inode, size.
    private const uint WantedFields = 0x1 | 0x2 | 0x4 | 0x8 | 0x40 | 0x100 | 0x200;

    private static readonly bool s_arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static readonly int O_DIRECTORY = s_arm ? 0x4000 : 0x10000;
    public static readonly int O_NOFOLLOW = s_arm ? 0x8000 : 0x20000;

    private static readonly nint s_getdents64 = s_arm ? 61 : 217;
    private static readonly nint s_renameat2 = s_arm ? 276 : 316;
    private static readonly nint s_copyFileRange = s_arm ? 285 : 326;
    private static readonly nint s_statx = s_arm ? 291 : 332;
    private const nint Openat2Number = 437, Faccessat2Number = 439, Fchmodat2Number = 452;

    /// <summary>Whether the numbers above are this system's.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary>
    /// What .NET's file calls do not tell of a path, a link itself: that it is a device, a FIFO or a socket, which they take for a file, and what tells it from all
    /// others. False and 0 on other systems.
    /// </summary>
    public static (bool IsSpecial, ulong Id) GetFileKind(string path)
    {
        var status = default(FileStatus);
        return IsSupported && StatxPath(s_statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, WantedFields, &status) == 0 ? (!status.IsFile && !status.IsDirectory && !status.IsLink, status.Id) : default;
    }

    /// <summary>
    /// Returns the metadata of the entry at a path, of a link itself. Returns false if no entry exists, or on other systems.
    /// </summary>
    public static bool TryStat(string path, out FileStatus status) => TryStat(path, AT_SYMLINK_NOFOLLOW, out status);

    /// <summary>Returns whether a directory, or a link to one, exists at a path of this machine.</summary>
    public static bool IsDirectory(string path) => IsSupported ? TryStat(path, flags: 0, out FileStatus status) && status.IsDirectory : Directory.Exists(path);

    /// <summary>Returns the text of a link; null, and the error, if it cannot be read.</summary>
    public static string? TryReadLink(SafeFileHandle directory, string name)
    {
        byte* buffer = stackalloc byte[StorePath.MaxLength];
        nint length = Readlinkat(directory, name, buffer, StorePath.MaxLength);
        return length < 0 ? null : EscapedUtf8.GetString(new ReadOnlySpan<byte>(buffer, (int)length));
    }

    /// <summary>Returns the text of a link at a path of this machine; null, and the error, if it cannot be read.</summary>
    public static string? TryReadLink(string path)
    {
        byte* buffer = stackalloc byte[StorePath.MaxLength];
        nint length = Readlinkat(AT_FDCWD, path, buffer, StorePath.MaxLength);
        return length < 0 ? null : EscapedUtf8.GetString(new ReadOnlySpan<byte>(buffer, (int)length));
    }

    private static bool TryStat(string path, int flags, out FileStatus status)
    {
        status = default;
        fixed (FileStatus* pointer = &status)
        {
            return IsSupported && StatxPath(s_statx, AT_FDCWD, path, flags, WantedFields, pointer) == 0;
        }
    }

    public static nint Openat2(SafeFileHandle directory, string path, OpenHow* how) => Openat2(Openat2Number, directory, path, how, (nuint)sizeof(OpenHow));

    public static int Statx(SafeFileHandle directory, string name, int flags, out FileStatus status)
    {
        fixed (FileStatus* pointer = &status)
        {
            return (int)Statx(s_statx, directory, name, flags, WantedFields, pointer);
        }
    }

    public static int Statx(SafeFileHandle directory, byte* name, int flags, out FileStatus status)
    {
        fixed (FileStatus* pointer = &status)
        {
            return (int)Statx(s_statx, directory, name, flags, WantedFields, pointer);
        }
    }

    public static int Renameat2(SafeFileHandle sourceFolder, string source, SafeFileHandle targetFolder, string target, uint flags) =>
        (int)Renameat2(s_renameat2, sourceFolder, source, targetFolder, target, flags);

    public static int Getdents64(SafeFileHandle directory, byte* buffer, int size) => (int)Getdents64(s_getdents64, directory, buffer, (nuint)size);

    public static nint CopyFileRange(SafeFileHandle source, long* sourceOffset, SafeFileHandle target, long* targetOffset, nint length) =>
        CopyFileRange(s_copyFileRange, source, sourceOffset, target, targetOffset, length, 0);

    public static int Faccessat2(SafeFileHandle directory, string name, int mode, int flags) => (int)Faccessat2(Faccessat2Number, directory, name, mode, flags);

    public static int Fchmodat2(SafeFileHandle directory, string name, uint mode, int flags) => (int)Fchmodat2(Fchmodat2Number, directory, name, mode, flags);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    public static partial int Openat(int directory, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    public static partial int Openat(SafeFileHandle directory, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Fcntl(SafeFileHandle file, int command, FileLock* argument);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint Geteuid();

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int Fdatasync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    public static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc", EntryPoint = "fstatvfs", SetLastError = true)]
    public static partial int Fstatvfs(SafeFileHandle directory, ulong* status);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    public static partial int Fchmod(SafeFileHandle file, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    public static partial int Mkdirat(SafeFileHandle directory, string name, uint mode);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    public static partial int Unlinkat(SafeFileHandle directory, string name, int flags);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    public static partial int Linkat(SafeFileHandle sourceFolder, string source, SafeFileHandle targetFolder, string target, int flags);

    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    public static partial int Symlinkat(string text, SafeFileHandle directory, string name);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    private static partial nint Readlinkat(SafeFileHandle directory, string name, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    private static partial nint Readlinkat(int directory, string path, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    public static partial int Utimensat(SafeFileHandle directory, string name, TimeSpec* accessedAndModified, int flags);

    [LibraryImport("libc", EntryPoint = "getxattr", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    public static partial nint Getxattr(string path, byte* name, byte* value, nuint size);

    [LibraryImport("libc", EntryPoint = "fgetxattr", SetLastError = true)]
    public static partial nint Fgetxattr(SafeFileHandle file, byte* name, byte* value, nuint size);

    [LibraryImport("libc", EntryPoint = "fsetxattr", SetLastError = true)]
    public static partial int Fsetxattr(SafeFileHandle file, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "fremovexattr", SetLastError = true)]
    public static partial int Fremovexattr(SafeFileHandle file, byte* name);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(SafeFileHandle file, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    private static partial nint Openat2(nint number, SafeFileHandle directory, string path, OpenHow* how, nuint size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    private static partial nint Statx(nint number, SafeFileHandle directory, string name, int flags, uint mask, FileStatus* status);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    private static partial nint StatxPath(nint number, int directory, string path, int flags, uint mask, FileStatus* status);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Statx(nint number, SafeFileHandle directory, byte* name, int flags, uint mask, FileStatus* status);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    private static partial nint Renameat2(nint number, SafeFileHandle sourceFolder, string source, SafeFileHandle targetFolder, string target, uint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Getdents64(nint number, SafeFileHandle directory, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint CopyFileRange(nint number, SafeFileHandle source, long* sourceOffset, SafeFileHandle target, long* targetOffset, nint length, uint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    private static partial nint Faccessat2(nint number, SafeFileHandle directory, string name, int mode, int flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(LinuxPathMarshaller))]
    private static partial nint Fchmodat2(nint number, SafeFileHandle directory, string name, uint mode, int flags);
}

/// <summary>struct open_how.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OpenHow
{
    public ulong Flags;
    public ulong Mode;
    public ulong Resolve;
}

/// <summary>struct timespec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpec
{
    public long Seconds;
    public long Nanoseconds;
}

/// <summary>struct flock.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FileLock
{
    public short Type;
    public short Whence;
    public long Start;
    public long Length;
    public int Process;
}

/// <summary>The fields of struct statx that a store shows or judges by.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct FileStatus
{
    [FieldOffset(16)] public uint Links;
    [FieldOffset(20)] public uint Owner;
    [FieldOffset(28)] public ushort Mode;
    [FieldOffset(32)] public ulong Inode;
    [FieldOffset(40)] public long Length;
    [FieldOffset(112)] public long LastModifiedSeconds;
    [FieldOffset(120)] public uint LastModifiedNanoseconds;
    [FieldOffset(136)] public uint DeviceMajor;
    [FieldOffset(140)] public uint DeviceMinor;

    public readonly bool IsFile => (Mode & 0xF000) == 0x8000;

    public readonly bool IsDirectory => (Mode & 0xF000) == 0x4000;

    public readonly bool IsLink => (Mode & 0xF000) == 0xA000;

    public readonly bool IsSameFileAs(in FileStatus other) => Inode == other.Inode && DeviceMajor == other.DeviceMajor && DeviceMinor == other.DeviceMinor;

    /// <summary>The odd constant spreads small device numbers over the bits that inode numbers do not use.</summary>
    public readonly ulong Id => Inode ^ ((((ulong)DeviceMajor << 32) | DeviceMinor) * 0x9E37_79B9_7F4A_7C15);

    public readonly FileEntry ToEntry(string name) => new(
        name,
        IsFile ? EntryKind.File : IsDirectory ? EntryKind.Directory : EntryKind.Other,
        IsFile ? Length : 0,
        LastModified,
        (UnixFileMode)(Mode & 0x1FF),
        Id);

    // A damaged or mischievous file system may claim a time .NET has no value for.
    public readonly DateTime LastModified => LastModifiedSeconds is < -62_135_596_800 ? DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc)
        : LastModifiedSeconds > 253_402_300_799 ? DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc)
        : DateTime.UnixEpoch.AddTicks((LastModifiedSeconds * TimeSpan.TicksPerSecond) + (LastModifiedNanoseconds / 100));
}
