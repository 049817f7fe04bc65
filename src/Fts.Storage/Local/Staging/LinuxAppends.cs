using Fts.Native;
using Fts.Storage.Local.Linux;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.FileCalls;
using static Fts.Native.FileStatus;

namespace Fts.Storage.Local.Staging;

/// <summary>Finds the appends that killed processes left beside their targets, and completes or undoes them.</summary>
internal static class LinuxAppends
{
    /// <summary>Returns whether an append record exists for the file at a path, whether or not a session is applying the append.</summary>
    public static bool HasUnfinished(LinuxRootDirectory root, StorePath path)
    {
        using LinuxUploadTarget? target = TryFindTarget(root, path);
        return target is { Committed: { IsFile: true } status } found
            && Statx(found.DirectoryHandle, GetRecordName(found, status), AT_SYMLINK_NOFOLLOW, out _) == 0;
    }

    /// <summary>Completes or undoes the append to the file at a path, or waits until another session has done it.</summary>
    /// <exception cref="StoreException">
    /// The append cannot be completed or undone, or another session has locked the file for 10 seconds.
    /// </exception>
    public static void Recover(LinuxRootDirectory root, StorePath path)
    {
        using LinuxUploadTarget? target = TryFindTarget(root, path);
        if (target is not { Committed: { IsFile: true } status } found)
        {
            return;
        }

        // The target is opened by its current name, because it may have been renamed since the record was written.
        var directory = new LinuxAppendDirectory(found.DirectoryHandle);
        LockedFile? locked;
        for (int waits = 0; directory.TryOpenTarget(found.Name, out locked) == AppendTargetState.Busy; waits++)
        {
            AppendCommit.WaitBeforeRetry(waits, found.Name);
        }

        using (locked)
        {
            if (locked is not null && locked.Inode == status.Inode)
            {
                AppendRecovery.TryRecover(directory, GetRecordName(found, status), locked);
            }
        }
    }

    /// <summary>Completes or undoes the appends to the files of a directory, or waits until other sessions have done it.</summary>
    public static void RecoverIn(LinuxRootDirectory root, StorePath directory)
    {
        using SafeFileHandle? opened = root.Open(LinuxRootDirectory.GetRelativePath(directory), O_RDONLY | O_DIRECTORY, out _);
        if (opened is not null)
        {
            LinuxDirectoryNames.ForEach(opened, (name, _) =>
            {
                if (StagingNames.IsAppendRecordName(name))
                {
                    AppendRecovery.RecoverOrWait(
                        new LinuxAppendDirectory(opened), name, () => Statx(opened, name, AT_SYMLINK_NOFOLLOW, out FileStatus _) == 0);
                }

                return true;
            });
        }
    }

    /// <summary>Completes or undoes the append with this record, unless a session is applying it. Returns false only on failure.</summary>
    public static bool TryRecover(SafeFileHandle directory, string recordName)
    {
        try
        {
            AppendRecovery.TryRecover(new LinuxAppendDirectory(directory), recordName);
            return true;
        }
        catch (StoreException)
        {
            return false; // the next use of the committed file reports the reason
        }
    }

    /// <summary>
    /// Returns the target of uploads to a path, or null if none can be found. Does not throw, because the caller's next call reports the
    /// reason.
    /// </summary>
    private static LinuxUploadTarget? TryFindTarget(LinuxRootDirectory root, StorePath path)
    {
        try
        {
            return LinuxUploadTarget.Find(root, path);
        }
        catch (StoreException)
        {
            return null;
        }
    }

    private static string GetRecordName(in LinuxUploadTarget target, in FileStatus status) =>
        StagingNames.GetAppendRecordName(status.Inode, target.Name);
}
