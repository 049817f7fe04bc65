using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Staging;

/// <summary>Completes or undoes the appends of processes that were killed. Can take a long time.</summary>
internal static class AppendRecovery
{
    /// <summary>
    /// Completes or undoes the append with this record. Returns false if the record does not exist, or if a session is applying the append.
    /// </summary>
    /// <param name="directory">The directory of the record.</param>
    /// <param name="recordName">The name of the record.</param>
    /// <param name="lockedTarget">
    /// The committed file, if the caller has locked it. If null, the file is found by the name in the record.
    /// </param>
    public static bool TryRecover(IAppendDirectory directory, string recordName, LockedFile? lockedTarget = null)
    {
        try
        {
            using LockedFile? recordFile = directory.TryAcquireRecord(recordName);
            if (recordFile is null)
            {
                return false;
            }

            // A damaged record was being written when the process ended, so no byte had been appended yet. If the store is not durable, a
            // power failure can also damage a record.
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
    /// Completes or undoes the append with this record, or waits until another session has done it. Does not throw on failure, because the
    /// next use of the committed file reports the reason.
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
            // The caller must process the other records too.
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
            // If another file has replaced the target, it contains none of the appended bytes.
            if ((lockedTarget ?? opened) is { } target && target.Inode == record.TargetInode)
            {
                Recover(directory, record, target);
            }
        }

        return true;
    }

    /// <summary>
    /// Completes the append if the staging file is complete, and undoes it otherwise. If the staging file is missing and the committed file
    /// has its new length, the append is already complete.
    /// </summary>
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
                // The copy can fail, for example because no space is left. The client received no positive reply, so the old content is
                // correct too.
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
