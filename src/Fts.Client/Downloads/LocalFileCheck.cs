using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Downloads;

/// <summary>
/// Whether a file that was found under a known name may be gone on with. In a folder that others may write to, somebody can have put a link there, or a file
/// of their own, which they could go on changing under its final name.
/// </summary>
internal static unsafe partial class LocalFileCheck
{
    private const int AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100, AT_EMPTY_PATH = 0x1000;
    private const uint WantedFields = 0x1 | 0x4 | 0x8 | 0x100;
    private const ushort FormatBits = 0xF000, RegularFile = 0x8000;

    // The oldest C library .NET runs on has no name for statx.
    private static readonly nint s_statx = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 291 : 332;

    /// <summary>Whether the open file is the one that stands at the path now, a regular one without other names, and this user's.</summary>
    public static bool IsOwnFileAt(string path, SafeFileHandle handle)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.Arm64))
        {
            return new FileInfo(path) is { LinkTarget: null, Exists: true } file
                && file.CreationTimeUtc == File.GetCreationTimeUtc(handle) && file.LastWriteTimeUtc == File.GetLastWriteTimeUtc(handle);
        }

        var opened = default(FileStatus);
        var named = default(FileStatus);
        return StatxHandle(s_statx, handle, "", AT_EMPTY_PATH, WantedFields, &opened) == 0 && StatxPath(s_statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, WantedFields, &named) == 0
            && (opened.Inode, opened.Major, opened.Minor) == (named.Inode, named.Major, named.Minor)
            && opened is { Links: 1 } && (opened.Mode & FormatBits) == RegularFile && opened.Owner == GetEffectiveUserId();
    }

    /// <summary>Whether a path is no FIFO, socket or device, as far as this system can be asked: to open one may wait for ever.</summary>
    public static bool IsRegularFile(string path)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.Arm64))
        {
            return true;
        }

        var named = default(FileStatus);
        return StatxPath(s_statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, WantedFields, &named) != 0 || (named.Mode & FormatBits) == RegularFile;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUserId();

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint StatxHandle(nint number, SafeFileHandle file, string name, int flags, uint mask, FileStatus* metadata);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint StatxPath(nint number, int directory, string path, int flags, uint mask, FileStatus* metadata);

    /// <summary>What is needed of struct statx.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct FileStatus
    {
        [FieldOffset(16)]
        public uint Links;

        [FieldOffset(20)]
        public uint Owner;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(136)]
        public uint Major;

        [FieldOffset(140)]
        public uint Minor;
    }
}
