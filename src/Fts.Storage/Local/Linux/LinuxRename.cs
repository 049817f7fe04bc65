using System.Runtime.InteropServices;
using Fts.Native;
using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.Errno;
using static Fts.Native.FileStatus;

namespace Fts.Storage.Local.Linux;

/// <summary>
/// Renames entries, including on file systems that treat both names as equal (<c>a</c> and <c>A</c>) or do not support renames without
/// replacement.
/// </summary>
internal static class LinuxRename
{
    /// <summary>Renames an entry. Returns 0 or the error number.</summary>
    /// <param name="sourceDirectory">The directory of the source.</param>
    /// <param name="source">The old name.</param>
    /// <param name="targetDirectory">The directory of the target.</param>
    /// <param name="target">The new name.</param>
    /// <param name="replace">Whether an existing target is replaced.</param>
    public static int Rename(SafeFileHandle sourceDirectory, string source, SafeFileHandle targetDirectory, string target, bool replace)
    {
        int error = replace
            ? LinuxRootDirectory.Rename(sourceDirectory, source, targetDirectory, target, replace: true)
            : RenameToNew(sourceDirectory, source, targetDirectory, target);
        // If both names are the same file, the kernel renames nothing, and returns success if the target may be replaced, otherwise
        // EEXIST.
        return error == (replace ? 0 : EEXIST) && AreSameFile(sourceDirectory, source, targetDirectory, target)
            ? RenameViaTemporaryName(sourceDirectory, source, targetDirectory, target, replace)
            : error;
    }

    /// <summary>Renames an entry to a name that must be free. Returns 0 or the error number.</summary>
    /// <remarks>
    /// If the file system cannot rename directories without replacement (EINVAL), the method first creates an empty directory with the new
    /// name, which fails if the name is in use. An ordinary rename then replaces the empty directory.
    /// </remarks>
    private static int RenameToNew(SafeFileHandle sourceDirectory, string source, SafeFileHandle targetDirectory, string target)
    {
        int error = LinuxRootDirectory.Rename(sourceDirectory, source, targetDirectory, target, replace: false);
        if (error != EINVAL || Statx(sourceDirectory, source, AT_SYMLINK_NOFOLLOW, out FileStatus status) < 0 || !status.IsDirectory)
        {
            return error;
        }

        if (Mkdirat(targetDirectory, target, 0x1C0) < 0)
        {
            return Marshal.GetLastPInvokeError();
        }

        error = LinuxRootDirectory.Rename(sourceDirectory, source, targetDirectory, target, replace: true);
        if (error != 0)
        {
            _ = Unlinkat(targetDirectory, target, AT_REMOVEDIR);
        }

        return error;
    }

    /// <summary>
    /// Renames an entry through a temporary name. If the target name is free after the first step, both names are spellings of one name.
    /// Otherwise they are two hard links of one file. Returns 0 or the error number.
    /// </summary>
    private static int RenameViaTemporaryName(
        SafeFileHandle sourceDirectory, string source, SafeFileHandle targetDirectory, string target, bool replace)
    {
        string temporaryName = StagingNames.CreateForRename();
        int error = LinuxRootDirectory.Rename(sourceDirectory, source, targetDirectory, temporaryName, replace: true);
        if (error != 0)
        {
            return error;
        }

        error = RenameToNew(targetDirectory, temporaryName, targetDirectory, target);
        if (error == EEXIST && replace && Unlinkat(targetDirectory, temporaryName, 0) == 0)
        {
            return 0;
        }

        if (error != 0)
        {
            // If another process has created an entry with the old name, the renamed entry stays visible under the temporary name.
            _ = RenameToNew(targetDirectory, temporaryName, sourceDirectory, source);
        }

        return error;
    }

    /// <summary>
    /// Returns whether two different paths lead to the same file, as hard links or as two spellings of one name. Returns false for equal
    /// paths.
    /// </summary>
    private static bool AreSameFile(SafeFileHandle sourceDirectory, string source, SafeFileHandle targetDirectory, string target) =>
        Statx(sourceDirectory, source, AT_SYMLINK_NOFOLLOW, out FileStatus moved) == 0
        && Statx(targetDirectory, target, AT_SYMLINK_NOFOLLOW, out FileStatus existing) == 0
        && moved.Id == existing.Id
        && (source != target || LinuxRootDirectory.GetStatus(sourceDirectory).Id != LinuxRootDirectory.GetStatus(targetDirectory).Id);
}
