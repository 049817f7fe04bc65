using Fts.Native;
using Fts.Storage.Local.Portable;

namespace Fts.Storage.Local.Staging;

/// <summary>Finds, by real path, the appends that killed processes left beside their targets, and completes or undoes them.</summary>
internal static class PortableAppends
{
    /// <summary>
    /// Returns whether an append record exists for the file at a real path, whether or not a session is applying the append.
    /// </summary>
    public static bool HasUnfinished(string real) => PortableRootDirectory.GetRealEntry(GetRecordPath(real)) is not null;

    /// <summary>
    /// Completes or undoes the append to the file at a real path, or waits until another session has done it. Returns false if this call
    /// found no append to recover.
    /// </summary>
    /// <exception cref="StoreException">
    /// The append cannot be completed or undone, or another session has locked the file for 10 seconds.
    /// </exception>
    public static bool TryRecover(string real)
    {
        // The target is opened by its current name, because it may have been renamed since the record was written.
        var directory = new PortableAppendDirectory(Path.GetDirectoryName(real)!);
        LockedFile? locked;
        for (int waits = 0; directory.TryOpenTarget(Path.GetFileName(real), out locked) == AppendTargetState.Busy; waits++)
        {
            AppendCommit.WaitBeforeRetry(waits, real);
        }

        using (locked)
        {
            return locked is not null
                && AppendRecovery.TryRecover(
                    directory, StagingNames.GetAppendRecordName(locked.Inode, Path.GetFileName(real)), locked);
        }
    }

    /// <summary>
    /// Completes or undoes the appends to the files of a directory, or waits until other sessions have done it. Returns false if the
    /// directory does not exist.
    /// </summary>
    public static bool RecoverIn(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return false;
        }

        foreach (string path in Directory.GetFiles(directory, PathRules.StagingPrefix + "a*"))
        {
            if (StagingNames.IsAppendRecordName(Path.GetFileName(path)))
            {
                AppendRecovery.RecoverOrWait(new PortableAppendDirectory(directory), Path.GetFileName(path), () => File.Exists(path));
            }
        }

        return true;
    }

    /// <summary>Completes or undoes the append with this record, unless a session is applying it. Returns false only on failure.</summary>
    public static bool TryRecoverRecord(string recordPath)
    {
        try
        {
            AppendRecovery.TryRecover(new PortableAppendDirectory(Path.GetDirectoryName(recordPath)!), Path.GetFileName(recordPath));
            return true;
        }
        catch (StoreException)
        {
            return false; // the next use of the committed file reports the reason
        }
    }

    /// <summary>Returns the path at which the record of an append to a real path can exist.</summary>
    private static string GetRecordPath(string real)
    {
        ulong inode = FileStatus.TryGet(real, out FileStatus status) ? status.Inode : 0;
        return Path.Combine(Path.GetDirectoryName(real)!, StagingNames.GetAppendRecordName(inode, Path.GetFileName(real)));
    }
}
