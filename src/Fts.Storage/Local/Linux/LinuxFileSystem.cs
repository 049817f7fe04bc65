using Fts.Native;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;

namespace Fts.Storage.Local.Linux;

/// <summary>Classifies file systems by their attributes and the magic numbers of statfs(2).</summary>
internal static class LinuxFileSystem
{
    // The magic numbers of linux/magic.h.
    private const long Tmpfs = 0x0102_1994, Ramfs = 0x8584_58F6;
    private const long Ext = 0xEF53, Xfs = 0x5846_5342, Btrfs = 0x9123_683E, F2fs = 0xF2F5_2010;
    private const long Msdos = 0x4D44, ExFat = 0x2011_BAB0, Ntfs = 0x5346_544E, Ntfs3 = 0x7366_746E, Hfs = 0x4244, HfsPlus = 0x482B;
    private const long Smb = 0x517B, Cifs = 0xFF53_4D42, Smb2 = 0xFE53_4D42, Nfs = 0x6969, Overlay = 0x794C_7630, Zfs = 0x2FC1_2FC1;

    /// <summary>Returns the kind of the file system that contains an open file or directory.</summary>
    public static unsafe FileSystemKind GetKind(SafeFileHandle file)
    {
        FileSystemType type;
        return Fstatfs(file, &type) < 0 ? FileSystemKind.Other : GetKind(type.Type);
    }

    /// <summary>
    /// Returns the kind of a root directory. A root on a memory file system has the kind <see cref="FileSystemKind.Other"/> if another file
    /// system is mounted below the root, because calls on that file system could block.
    /// </summary>
    public static FileSystemKind GetRootKind(SafeFileHandle root, string directory)
    {
        FileSystemKind kind = GetKind(root);
        return kind == FileSystemKind.Memory && HasMountBelow(RealPath.Resolve(directory).Path) ? FileSystemKind.Other : kind;
    }

    /// <summary>
    /// Returns whether an open directory ignores the case of names: because of its attribute (<c>chattr +F</c>), which new directories
    /// below it inherit, or because of its file system.
    /// </summary>
    /// <param name="root">The directory.</param>
    /// <param name="directory">The path of the directory, to compare the names of its entries.</param>
    public static unsafe bool IgnoresCase(SafeFileHandle root, string directory)
    {
        FileSystemType type;
        long magic = Fstatfs(root, &type) == 0 ? type.Type : 0;
        return IgnoresCase(magic) || HasCaseFoldingAttribute(root)
            || (!HasOnlyAttribute(magic) && (CaseSensitivity.IgnoresCase(directory) ?? MayIgnoreCase(magic)));
    }

    /// <summary>Returns whether a file system ignores case on most systems.</summary>
    internal static bool IgnoresCase(long magic) =>
        magic is Msdos or ExFat or Ntfs or Ntfs3 or Hfs or HfsPlus or Smb or Cifs or Smb2;

    /// <summary>Returns whether only the attribute of a directory decides, so that its entries need not be read.</summary>
    private static bool HasOnlyAttribute(long magic) => magic is Ext or Btrfs or F2fs or Tmpfs or Ramfs;

    /// <summary>
    /// Returns whether the rules for a directory without entries apply to names in all cases, because its file system can be one that
    /// ignores case.
    /// </summary>
    private static bool MayIgnoreCase(long magic) => GetKind(magic) == FileSystemKind.Other && magic is not (Nfs or Overlay or Zfs);

    private static unsafe bool HasCaseFoldingAttribute(SafeFileHandle directory)
    {
        int descriptor = Openat(directory, ".", FileCalls.O_RDONLY | FileCalls.O_DIRECTORY | FileCalls.O_CLOEXEC, 0);
        if (descriptor < 0)
        {
            return false;
        }

        using var readable = new SafeFileHandle(descriptor, ownsHandle: true);
        nint flags = 0;
        return Ioctl(readable, FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_CASEFOLD_FL) != 0;
    }

    internal static FileSystemKind GetKind(long magic) => magic switch
    {
        Tmpfs or Ramfs => FileSystemKind.Memory,
        Ext or Xfs or Btrfs or F2fs => FileSystemKind.Disk,
        _ => FileSystemKind.Other,
    };

    /// <summary>Returns whether /proc/self/mountinfo lists a mount below a directory. Returns true if the file cannot be read.</summary>
    private static bool HasMountBelow(string directory)
    {
        string prefix = directory == "/" ? directory : directory + "/";
        try
        {
            // proc(5): the fifth field is the mount point, with octal escapes for spaces and backslashes.
            return File.ReadLines("/proc/self/mountinfo").Any(line =>
                line.Split(' ') is not { Length: > 4 } fields
                || (Unescape(fields[4]) is var point && point.StartsWith(prefix, StringComparison.Ordinal) && point != directory));
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            return true;
        }
    }

    /// <summary>Replaces the octal escapes of a field of /proc/self/mountinfo.</summary>
    internal static string Unescape(string field) =>
        field.Replace(@"\040", " ", StringComparison.Ordinal).Replace(@"\011", "\t", StringComparison.Ordinal)
            .Replace(@"\012", "\n", StringComparison.Ordinal).Replace(@"\134", @"\", StringComparison.Ordinal);
}
