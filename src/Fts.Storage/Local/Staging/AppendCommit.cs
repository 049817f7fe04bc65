using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Staging;

/// <summary>A staging file whose content is to be appended to a committed file.</summary>
/// <param name="TargetName">The name of the committed file.</param>
/// <param name="StagingName">The name of the staging file.</param>
/// <param name="Staged">The open staging file. The caller closes it.</param>
/// <param name="ExpectedId">The <see cref="FileEntry.Id"/> that the committed file must have, or null if any file is accepted.</param>
/// <param name="ExpectedLength">The length that the committed file must have, in bytes, or null if any length is accepted.</param>
internal readonly record struct StagedAppend(
    string TargetName, string StagingName, SafeFileHandle Staged, ulong? ExpectedId, long? ExpectedLength);

/// <summary>Appends the content of a staging file to a committed file. Can take a long time.</summary>
/// <remarks>
/// A record (<see cref="AppendRecord"/>) is written before the first byte is appended, and deleted after the last one. If the process is
/// killed in between, <see cref="AppendRecovery"/> completes or undoes the append. A lock on the committed file ensures that sessions
/// append to it one after another.
/// </remarks>
internal static class AppendCommit
{
    /// <summary>The maximum time for which an append waits for other appends to the same file.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The maximum number of waits for the lock on a file, and the maximum length of each wait. All waits together take about
    /// <see cref="MaxWait"/>.
    /// </summary>
    private const int MaxWaits = 500, MaxWaitMilliseconds = 20;

    /// <summary>Applies an append and deletes the staging file. Returns false if no file has the name of the target.</summary>
    /// <param name="directory">The directory of both files.</param>
    /// <param name="append">The append.</param>
    /// <param name="isDurable">Whether the record and the appended bytes are flushed to stable storage.</param>
    /// <exception cref="StoreException">
    /// The committed file is not the expected one or is locked for 10 seconds (<see cref="StoreError.Busy"/>), or the bytes cannot be
    /// appended. The committed file then has its old length, or gets it back in a later recovery.
    /// </exception>
    public static bool TryApply(IAppendDirectory directory, in StagedAppend append, bool isDurable)
    {
        for (int waits = 0; ; waits++)
        {
            AppendTargetState state = directory.TryOpenTarget(append.TargetName, out LockedFile? target);
            using (target)
            {
                if (state == AppendTargetState.Missing)
                {
                    return append.ExpectedLength is null ? false : throw CreateChangedException(append);
                }

                if (state == AppendTargetState.Locked && TryApply(directory, append, target!, isDurable))
                {
                    return true;
                }
            }

            WaitBeforeRetry(waits, append.TargetName);
        }
    }

    /// <summary>Waits some milliseconds before the next attempt to lock a file.</summary>
    /// <param name="waits">The number of waits so far.</param>
    /// <param name="name">The name of the file, for the message.</param>
    /// <exception cref="StoreException">
    /// The maximum number of waits is reached, after 10 seconds (<see cref="StoreError.Busy"/>).
    /// </exception>
    internal static void WaitBeforeRetry(int waits, string name)
    {
        if (waits >= MaxWaits)
        {
            throw CreateLockedException(name);
        }

        Thread.Sleep(Math.Min(waits + 1, MaxWaitMilliseconds));
    }

    /// <summary>Creates the exception for a file that other appends have kept locked for <see cref="MaxWait"/>.</summary>
    internal static StoreException CreateLockedException(string name) => new(
        StoreError.Busy, $"Another session or process has kept {name} locked for {MaxWait.TotalSeconds:0} seconds.");

    /// <summary>
    /// Copies the bytes of the staging file to the old end of the committed file, and flushes them if <paramref name="isDurable"/> is true.
    /// </summary>
    /// <exception cref="StoreException">The bytes cannot be written. Some of them may already be in the committed file.</exception>
    internal static void Copy(IAppendDirectory directory, AppendRecord record, SafeFileHandle staged, LockedFile target, bool isDurable)
    {
        directory.DiscardCachedHash(target);
        ContentCopy.CopyBytes(staged, 0, target.Handle, record.OldLength, record.AppendedLength);
        if (isDurable)
        {
            RandomAccess.FlushToDisk(target.Handle);
        }
    }

    /// <summary>Truncates the committed file to its old length, and flushes it if <paramref name="isDurable"/> is true.</summary>
    internal static void Undo(IAppendDirectory directory, AppendRecord record, LockedFile target, bool isDurable)
    {
        directory.DiscardCachedHash(target);
        RandomAccess.SetLength(target.Handle, record.OldLength);
        if (isDurable)
        {
            RandomAccess.FlushToDisk(target.Handle);
        }
    }

    /// <summary>
    /// Applies an append to a locked file. Returns false if the file has the record of another append. The method then tries to recover
    /// that append, and the caller retries.
    /// </summary>
    private static bool TryApply(IAppendDirectory directory, in StagedAppend append, LockedFile target, bool isDurable)
    {
        try
        {
            string recordName = StagingNames.GetAppendRecordName(target.Inode, append.TargetName);
            using LockedFile? recordFile = directory.TryCreateRecord(recordName);
            if (recordFile is null)
            {
                AppendRecovery.TryRecover(directory, recordName, target);
                return false;
            }

            long oldLength = RandomAccess.GetLength(target.Handle);
            if ((append.ExpectedLength ?? oldLength) != oldLength || (append.ExpectedId ?? target.Id) != target.Id)
            {
                directory.Delete(recordName);
                throw CreateChangedException(append);
            }

            long appendedLength = RandomAccess.GetLength(append.Staged);
            if (appendedLength > 0)
            {
                var record = new AppendRecord(append.TargetName, target.Inode, oldLength, append.StagingName, appendedLength);
                Apply(directory, record, recordFile, append.Staged, target, isDurable);
            }

            // The staging file is deleted first, because a record without a staging file means that the append is complete.
            directory.Delete(append.StagingName);
            directory.Delete(recordName);
            return true;
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception);
        }
    }

    /// <summary>Writes the record and appends the bytes. Restores the old length of the committed file on failure.</summary>
    private static void Apply(
        IAppendDirectory directory, AppendRecord record, LockedFile recordFile, SafeFileHandle staged, LockedFile target, bool isDurable)
    {
        bool mustUndo = false;
        try
        {
            RandomAccess.Write(recordFile.Handle, record.ToBytes(), 0);
            if (isDurable)
            {
                RandomAccess.FlushToDisk(recordFile.Handle);
                directory.Flush();
            }

            mustUndo = true;
            Copy(directory, record, staged, target, isDurable);
        }
        catch
        {
            // If Undo throws, the record is not deleted, and a later recovery restores the old length.
            if (mustUndo)
            {
                Undo(directory, record, target, isDurable);
            }

            directory.Delete(record.Name);
            throw;
        }
    }

    private static StoreException CreateChangedException(in StagedAppend append) => new(
        StoreError.Busy, $"{append.TargetName} was changed, replaced or deleted during the upload that was to append to it.");
}
