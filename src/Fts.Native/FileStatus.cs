using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;

namespace Fts.Native;

/// <summary>The kernel's struct statx, and the calls that fill it. Only the fields that this project uses are declared.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
public unsafe partial struct FileStatus
{
    [FieldOffset(16)] public uint Links;
    [FieldOffset(20)] public uint Owner;
    [FieldOffset(24)] public uint Group;
    [FieldOffset(28)] public ushort Mode;
    [FieldOffset(32)] public ulong Inode;
    [FieldOffset(40)] public long Length;
    [FieldOffset(112)] public long LastModifiedSeconds;
    [FieldOffset(120)] public uint LastModifiedNanoseconds;
    [FieldOffset(136)] public uint DeviceMajor;
    [FieldOffset(140)] public uint DeviceMinor;

    // STATX_TYPE, MODE, NLINK, UID, GID, MTIME, INO, SIZE.
    private const uint WantedFields = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x40 | 0x100 | 0x200;

    /// <summary>Whether the entry is a regular file.</summary>
    public readonly bool IsFile => (Mode & 0xF000) == 0x8000;

    /// <summary>Whether the entry is a directory.</summary>
    public readonly bool IsDirectory => (Mode & 0xF000) == 0x4000;

    /// <summary>Whether the entry is a symbolic link.</summary>
    public readonly bool IsLink => (Mode & 0xF000) == 0xA000;

    /// <summary>An identifier of the file, computed from its inode and device numbers.</summary>
    /// <remarks>The multiplication spreads small device numbers over the bits that inode numbers rarely use.</remarks>
    public readonly ulong Id => Inode ^ ((((ulong)DeviceMajor << 32) | DeviceMinor) * 0x9E37_79B9_7F4A_7C15);

    /// <summary>
    /// The last-modified time in UTC. A time outside the range of <see cref="DateTime"/> is replaced by the nearest value.
    /// </summary>
    public readonly DateTime LastModified => LastModifiedSeconds switch
    {
        < -62_135_596_800 => DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc),
        > 253_402_300_799 => DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc),
        _ => DateTime.UnixEpoch.AddTicks((LastModifiedSeconds * TimeSpan.TicksPerSecond) + (LastModifiedNanoseconds / 100)),
    };

    /// <summary>Returns whether both values describe the same file: their inode and device numbers are equal.</summary>
    public readonly bool IsSameFileAs(in FileStatus other) =>
        Inode == other.Inode && DeviceMajor == other.DeviceMajor && DeviceMinor == other.DeviceMinor;

    /// <summary>Reads the status of the entry at a path, without following a symbolic link at its end.</summary>
    /// <returns>False if the call fails, or if <see cref="SystemCallNumbers.IsSupported"/> is false.</returns>
    public static bool TryGet(string path, out FileStatus status) => TryGet(path, AT_SYMLINK_NOFOLLOW, out status);

    /// <summary>Reads the status of the entry at a path, with the given flags of statx(2).</summary>
    /// <returns>False if the call fails, or if <see cref="SystemCallNumbers.IsSupported"/> is false.</returns>
    public static bool TryGet(string path, int flags, out FileStatus status)
    {
        status = default;
        fixed (FileStatus* pointer = &status)
        {
            return SystemCallNumbers.IsSupported && StatxPath(SystemCallNumbers.Statx, AT_FDCWD, path, flags, WantedFields, pointer) == 0;
        }
    }

    /// <summary>
    /// Calls statx(2) for a name in an open directory. With an empty name and AT_EMPTY_PATH, reads the status of the handle itself. Returns
    /// -1 on failure.
    /// </summary>
    public static int Statx(SafeFileHandle directory, string name, int flags, out FileStatus status)
    {
        fixed (FileStatus* pointer = &status)
        {
            return (int)Statx(SystemCallNumbers.Statx, directory, name, flags, WantedFields, pointer);
        }
    }

    /// <summary>
    /// Calls statx(2) for a name from <see cref="DirectoryEntries"/>. A NUL must follow the bytes in memory. Returns -1 on failure.
    /// </summary>
    public static int Statx(SafeFileHandle directory, ReadOnlySpan<byte> name, int flags, out FileStatus status)
    {
        fixed (byte* bytes = name)
        fixed (FileStatus* pointer = &status)
        {
            return (int)Statx(SystemCallNumbers.Statx, directory, bytes, flags, WantedFields, pointer);
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    private static partial nint Statx(nint number, SafeFileHandle directory, string name, int flags, uint mask, FileStatus* status);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Statx(nint number, SafeFileHandle directory, byte* name, int flags, uint mask, FileStatus* status);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(NativePathMarshaller))]
    private static partial nint StatxPath(nint number, int directory, string path, int flags, uint mask, FileStatus* status);
}
