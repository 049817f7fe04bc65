using System.Runtime.InteropServices;
using Fts.Native;
using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.Errno;
using static Fts.Native.FileStatus;

namespace Fts.Storage.Local.Linux;

/// <summary>
/// Renames one component of an open folder, on file systems too that take both names for one (<c>a</c> and <c>A</c>), or know no "without replacing". Answers 0,
/// or the error.
/// </summary>
internal static class LinuxRename
{
    public static int Rename(SafeFileHandle sourceFolder, string source, SafeFileHandle targetFolder, string target, bool replace)
    {
        int error = replace ? LinuxRootDirectory.Rename(sourceFolder, source, targetFolder, target, replace: true) : RenameToNew(sourceFolder, source, targetFolder, target);
        // The kernel renames nothing to what it is already, under whatever name: it says that it is there or, when it may be replaced, that all is done.
        return error == (replace ? 0 : EEXIST) && AreSameFile(sourceFolder, source, targetFolder, target)
            ? RenameViaTemporaryName(sourceFolder, source, targetFolder, target, replace)
            : error;
    }

    /// <summary>Where the file system knows no "without replacing" (EINVAL), an empty folder keeps the name free, and is the only thing that a folder replaces.</summary>
    private static int RenameToNew(SafeFileHandle sourceFolder, string source, SafeFileHandle targetFolder, string target)
    {
        int error = LinuxRootDirectory.Rename(sourceFolder, source, targetFolder, target, replace: false);
        if (error != EINVAL || Statx(sourceFolder, source, AT_SYMLINK_NOFOLLOW, out FileStatus status) < 0 || !status.IsDirectory)
        {
            return error;
        }

        if (Mkdirat(targetFolder, target, 0x1C0) < 0)
        {
            return Marshal.GetLastPInvokeError();
        }

        error = LinuxRootDirectory.Rename(sourceFolder, source, targetFolder, target, replace: true);
        if (error != 0)
        {
            _ = Unlinkat(targetFolder, target, AT_REMOVEDIR);
        }

        return error;
    }

    /// <summary>
    /// What is one under two names may be one entry with two spellings, or a file with two names. The step aside tells: it leaves the second name free, or not.
    /// </summary>
    private static int RenameViaTemporaryName(SafeFileHandle sourceFolder, string source, SafeFileHandle targetFolder, string target, bool replace)
    {
        string aside = StagingNames.CreateForRename();
        int error = LinuxRootDirectory.Rename(sourceFolder, source, targetFolder, aside, replace: true);
        if (error != 0)
        {
            return error;
        }

        error = RenameToNew(targetFolder, aside, targetFolder, target);
        if (error == EEXIST && replace && Unlinkat(targetFolder, aside, 0) == 0)
        {
            return 0;
        }

        if (error != 0)
        {
            // If somebody took that name meanwhile, it is seen under the third.
            _ = RenameToNew(targetFolder, aside, sourceFolder, source);
        }

        return error;
    }

    private static bool AreSameFile(SafeFileHandle sourceFolder, string source, SafeFileHandle targetFolder, string target) =>
        Statx(sourceFolder, source, AT_SYMLINK_NOFOLLOW, out FileStatus moved) == 0
        && Statx(targetFolder, target, AT_SYMLINK_NOFOLLOW, out FileStatus there) == 0
        && moved.Id == there.Id
        && (source != target || LinuxRootDirectory.GetStatus(sourceFolder).Id != LinuxRootDirectory.GetStatus(targetFolder).Id);
}
