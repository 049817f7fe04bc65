using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Staging;

/// <summary>Completes or undoes the appends of processes that were killed. Can take a long time.</summary>
internal static class AppendRecovery
{
    /// <summary>
    /// Completes or undoes the append with this record. Returns false if there is no such record, or if a session is applying the append.
    /// </summary>
    /// <param name="directory">The directory of the record.</param>
    /// <param name="recordName">The name of the record.</param>
    /// <param name="lockedTarget">The target, if the caller has locked it. Otherwise its name is taken from the record.</param>
    public static bool TryRecover(IAppendDirectory directory, string recordName, LockedFile? lockedTarget = null)
    {
        try
        {
            using LockedFile? recordFile = directory.TryAcquireRecord(recordName);
            if (recordFile is null)
            {
                return false;
            }

            // A damaged record was being written when the process ended, so that no byte had been appended yet. A power failure can also
            // damage it if the store is not durable.
            if (Read(recordFile.Handle, recordName) is { } record && !TryRecover(directory, record, lockedTarget))
            {
                return false;
            }

            directory.Delete(recordName);
            return true;
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception);
        }
    }

    /// <summary>
    /// Completes or undoes the append with this record, or waits until another session has done it. If it fails, the next use of the target
    /// reports the reason.
    /// </summary>
    /// <param name="directory">The directory of the record.</param>
    /// <param name="recordName">The name of the record.</param>
    /// <param name="exists">Returns whether the record exists.</param>
    public static void RecoverOrWait(IAppendDirectory directory, string recordName, Func<bool> exists)
    {
        try
        {
            for (int waits = 0; exists() && !TryRecover(directory, recordName); waits++)
            {
                AppendCommit.WaitBeforeRetry(waits, recordName);
            }
        }
        catch (StoreException)
        {
            // The other records must be processed too.
        }
    }

    /// <summary>Completes or undoes an append. Returns false if another session has locked the target.</summary>
    private static bool TryRecover(IAppendDirectory directory, AppendRecord record, LockedFile? lockedTarget)
    {
        LockedFile? opened = null;
        if (lockedTarget is null && directory.TryOpenTarget(record.TargetName, out opened) == AppendTargetState.Busy)
        {
            return false;
        }

        using (opened)
        {
            // A file that replaced the target has none of the bytes.
            if ((lockedTarget ?? opened) is { } target && target.Inode == record.TargetInode)
            {
                Recover(directory, record, target);
            }
        }

        return true;
    }

    /// <summary>Completes the append if the staging file is complete, and undoes it otherwise.</summary>
    private static void Recover(IAppendDirectory directory, AppendRecord record, LockedFile target)
    {
        long length = RandomAccess.GetLength(target.Handle);
        if (length < record.OldLength || length > record.NewLength)
        {
            return; // another program changed the file
        }

        using SafeFileHandle? staged = directory.OpenStagingFile(record.StagingName);
        if (staged is not null && RandomAccess.GetLength(staged) == record.AppendedLength)
        {
            try
            {
                AppendCommit.Copy(directory, record, staged, target, isDurable: true);
            }
            catch (Exception exception) when (exception is StoreException || SystemErrors.IsSystemError(exception))
            {
                // For example no space: the append was never acknowledged, so that the old content is correct too.
                AppendCommit.Undo(directory, record, target, isDurable: true);
            }

            directory.Delete(record.StagingName);
        }
        else if (staged is not null || length != record.NewLength)
        {
            AppendCommit.Undo(directory, record, target, isDurable: true);
        }
    }

    private static AppendRecord? Read(SafeFileHandle file, string recordName)
    {
        byte[] bytes = new byte[AppendRecord.MaxBytes];
        int read = RandomAccess.Read(file, bytes, 0);
        return AppendRecord.TryParse(bytes.AsSpan(0, read), recordName);
    }
}
