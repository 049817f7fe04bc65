using Fts.Native;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;

namespace Fts.Storage.Local.Linux;

/// <summary>Classifies file systems by the magic numbers of statfs(2).</summary>
internal static class LinuxFileSystem
{
    // The magic numbers of linux/magic.h.
    private const long Tmpfs = 0x0102_1994, Ramfs = 0x8584_58F6;
    private const long Ext = 0xEF53, Xfs = 0x5846_5342, Btrfs = 0x9123_683E, F2fs = 0xF2F5_2010;

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
    private static string Unescape(string field) =>
        field.Replace(@"\040", " ", StringComparison.Ordinal).Replace(@"\011", "\t", StringComparison.Ordinal)
            .Replace(@"\012", "\n", StringComparison.Ordinal).Replace(@"\134", @"\", StringComparison.Ordinal);
}
