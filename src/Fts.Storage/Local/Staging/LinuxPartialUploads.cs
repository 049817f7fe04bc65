using System.Runtime.InteropServices;
using Fts.Native;
using Fts.Storage.Local.Linux;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.DirectoryEntries;
using static Fts.Native.Errno;
using static Fts.Native.FileCalls;
using static Fts.Native.FileStatus;
using static Fts.Native.ProcessCalls;

namespace Fts.Storage.Local.Staging;

/// <summary>The state of a staging file, as found by its name.</summary>
internal enum StagingFileState
{
    /// <summary>No entry has the name.</summary>
    Missing,
    /// <summary>The staging file was not being written, and is now open and locked.</summary>
    Acquired,
    /// <summary>A session of this or another process is writing the staging file.</summary>
    Busy,
    /// <summary>
    /// The entry was not created by this server: a link, a directory, a file of another user, or a file with several hard links.
    /// </summary>
    Foreign,
}

/// <summary>Finds, locks, discards and sweeps staging files by their names.</summary>
/// <remarks>
/// The writer of a staging file holds a lock, which the kernel releases when the process ends. An unlocked staging file is therefore an
/// interrupted upload. The lock belongs to the open file (OFD lock), so that it also excludes other sessions of the
/// same process.
/// </remarks>
internal static class LinuxPartialUploads
{
    /// <summary>
    /// The offsets of the bytes that are locked by the writer of a staging file and by an append. The offsets differ, so that an append can
    /// lock a file that was committed but is still locked by its writer.
    /// </summary>
    private const long WriterLock = 0, AppendLock = 1;

    private static readonly int s_flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

    /// <summary>Opens and locks a staging file if it is not being written. The caller disposes the handle.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The hidden name in it.</param>
    /// <param name="handle">The handle, open for reading and writing, or null if the file was not acquired.</param>
    /// <param name="status">The status of the acquired file.</param>
    public static StagingFileState TryAcquire(SafeFileHandle directory, string name, out SafeFileHandle? handle, out FileStatus status)
    {
        while (true)
        {
            (handle, status) = (null, default);
            int descriptor = Openat(directory, name, O_RDWR | s_flags, 0);
            if (descriptor < 0)
            {
                return Marshal.GetLastPInvokeError() switch
                {
                    ENOENT => StagingFileState.Missing,
                    ELOOP or EISDIR or ENXIO or EACCES or EPERM => StagingFileState.Foreign,
                    _ => throw LinuxRootDirectory.CreateLastError(name),
                };
            }

            var opened = new SafeFileHandle(descriptor, ownsHandle: true);
            StagingFileState state = LockForWriter(opened);
            if (state == StagingFileState.Acquired && IsStillNamed(directory, name, opened, out status))
            {
                handle = opened;
                return state;
            }

            opened.Dispose();
            if (state != StagingFileState.Acquired)
            {
                return state;
            }

            // The file was committed or discarded before it was locked. The loop tries again, because another file may have its name.
        }
    }

    /// <summary>
    /// Locks a file that was just created under a name. Returns false if another session locked it first, or already committed or discarded
    /// it. In that case the file must not be written.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The name of the file in it.</param>
    /// <param name="file">The file.</param>
    /// <param name="status">The status of the file after its creation.</param>
    public static bool TryLockCreated(SafeFileHandle directory, string name, SafeFileHandle file, out FileStatus status)
    {
        status = default;
        return TryLock(file, WriterLock) && IsStillNamed(directory, name, file, out status);
    }

    /// <summary>
    /// Locks a committed file for an append. Returns false if another session has locked the file, or if another file has its name. In that
    /// case the file must not be written.
    /// </summary>
    public static bool TryLockTarget(SafeFileHandle directory, string name, SafeFileHandle file) =>
        TryLock(file, AppendLock) && IsStillNamed(directory, name, file, out _);

    /// <summary>
    /// Locks a committed file that is open for reading, so that no append changes it. Returns false while an append is being applied.
    /// </summary>
    public static bool TryPreventAppends(SafeFileHandle file) => TryLock(file, AppendLock, F_RDLCK);

    /// <summary>Returns an uploader's partial upload to a path, or null if none exists or it is being written.</summary>
    public static PartialUpload? Get(LinuxRootDirectory root, StorePath path, string uploader)
    {
        using LinuxUploadTarget? target = TryFindTarget(root, path);
        if (target is not { } found)
        {
            return null;
        }

        FileEntry? committed = found.CommittedFile;
        foreach (PartialUploadName upload in StagingNames.GetPartialUploadNames(found.Name, uploader, committed))
        {
            if (GetStatus(found.DirectoryHandle, upload.Name) is { } status)
            {
                return new PartialUpload(upload.GetBaseOffset(committed) + status.Length, status.LastModified);
            }
        }

        return null;
    }

    /// <summary>Returns the status of a staging file, or null if none exists or it is being written.</summary>
    public static unsafe FileStatus? GetStatus(SafeFileHandle directory, string name)
    {
        int descriptor = Openat(directory, name, O_RDONLY | s_flags, 0);
        if (descriptor < 0)
        {
            return null;
        }

        using var opened = new SafeFileHandle(descriptor, ownsHandle: true);
        if (!IsOwnRegularFile(opened, out FileStatus status))
        {
            return null;
        }

        // F_OFD_GETLK reports F_UNLCK if the lock is free. It fails on a file system without lock support.
        var conflict = new FileLock { Type = F_WRLCK };
        return Fcntl(opened, F_OFD_GETLK, &conflict) < 0 || conflict.Type == F_UNLCK ? status : null;
    }

    /// <summary>Discards an uploader's partial uploads to a path. Returns false if none exists.</summary>
    public static bool Discard(LinuxRootDirectory root, StorePath path, string uploader)
    {
        using LinuxUploadTarget? target = TryFindTarget(root, path);
        return target is { } found && Discard(found, uploader);
    }

    /// <summary>
    /// Discards an uploader's partial uploads to a target. Returns false if none exists. The target may have been deleted since it was
    /// found.
    /// </summary>
    public static bool Discard(in LinuxUploadTarget target, string uploader)
    {
        bool isDiscarded = false;
        foreach (PartialUploadName upload in StagingNames.GetPartialUploadNames(target.Name, uploader, target.CommittedFile))
        {
            isDiscarded |= TryDelete(target.DirectoryHandle, upload.Name);
        }

        return isDiscarded;
    }

    /// <summary>
    /// Deletes a staging file if it is not being written. Returns whether it was deleted. If <paramref name="before"/> is given (UTC), a
    /// file that was written at that time or later stays.
    /// </summary>
    public static bool TryDelete(SafeFileHandle directory, string name, DateTime? before = null)
    {
        if (TryAcquire(directory, name, out SafeFileHandle? handle, out FileStatus status) != StagingFileState.Acquired)
        {
            return false;
        }

        using (handle)
        {
            return (before is null || status.LastModified < before) && Unlinkat(directory, name, 0) == 0;
        }
    }

    /// <summary>
    /// Deletes the staging files of the whole tree that no upload is writing and that were last written before a time (UTC). Returns the
    /// number of deleted files. Adds the remaining partial uploads to the index. Completes or undoes the appends of killed processes. Does
    /// not follow links, and skips directories that cannot be read.
    /// </summary>
    public static int Sweep(LinuxRootDirectory root, DateTime before, PartialUploadIndex index, CancellationToken cancellationToken) =>
        Sweep(root, ".", depth: 0, before, index, cancellationToken);

    /// <summary>
    /// Returns the target of uploads to a path, or null if no file can be uploaded to the path. The caller disposes the target.
    /// </summary>
    public static LinuxUploadTarget? TryFindTarget(LinuxRootDirectory root, StorePath path)
    {
        try
        {
            return LinuxUploadTarget.Find(root, path);
        }
        catch (StoreException e)
            when (e.Error is StoreError.NotFound or StoreError.NotADirectory or StoreError.Denied or StoreError.BadName)
        {
            return null;
        }
    }

    private static int Sweep(
        LinuxRootDirectory root,
        string directoryPath,
        int depth,
        DateTime before,
        PartialUploadIndex index,
        CancellationToken cancellationToken)
    {
        using SafeFileHandle? directory = root.Open(directoryPath, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, out _);
        int deleted = 0;
        if (directory is null)
        {
            return deleted;
        }

        var stagingFiles = new List<string>();
        LinuxDirectoryNames.ForEach(directory, (name, type) =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (StagingNames.IsAppendRecordName(name))
            {
                if (!LinuxAppends.TryRecover(directory, name))
                {
                    index.AddUnrecoveredAppend();
                }
            }
            else if (PathRules.IsReserved(name))
            {
                stagingFiles.Add(name); // deleted after all recoveries, because a recovery needs the staging file
            }
            else if (depth < StorePath.MaxDepth && IsDirectory(directory, name, type))
            {
                string childPath = directoryPath == "." ? name : $"{directoryPath}/{name}";
                deleted += Sweep(root, childPath, depth + 1, before, index, cancellationToken);
            }

            return true;
        });
        foreach (string name in stagingFiles)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryDelete(directory, name, before))
            {
                deleted++;
            }
            else if (GetStatus(directory, name) is { } status)
            {
                index.AddFound(new PartialUploadLocation(directoryPath, name), status.Length, status.LastModified);
            }
        }

        return deleted;
    }

    private static bool IsDirectory(SafeFileHandle parent, string name, byte type) =>
        type == DT_DIR
        || (type == DT_UNKNOWN && Statx(parent, name, AT_SYMLINK_NOFOLLOW, out FileStatus status) == 0 && status.IsDirectory);

    /// <summary>Locks a staging file for its writer, if the file was created by this server.</summary>
    private static StagingFileState LockForWriter(SafeFileHandle file)
    {
        if (!IsOwnRegularFile(file, out _))
        {
            return StagingFileState.Foreign;
        }

        return TryLock(file, WriterLock) ? StagingFileState.Acquired : StagingFileState.Busy;
    }

    /// <summary>Locks a byte of a file. Returns false if another session holds the lock. Returns true if locks are not supported.</summary>
    private static unsafe bool TryLock(SafeFileHandle file, long offset, short type = F_WRLCK)
    {
        var oneByte = new FileLock { Type = type, Start = offset, Length = 1 };
        // On a file system without lock support, writers do not exclude each other. A commit that replaces a file still publishes a
        // complete file. Simultaneous appends are then excluded only by the append record.
        return Fcntl(file, F_OFD_SETLK, &oneByte) == 0 || Marshal.GetLastPInvokeError() is not (EAGAIN or EACCES);
    }

    /// <summary>
    /// Returns whether a file still has its name. Between opening and locking, its writer may have committed or discarded it, and another
    /// file may now have the name.
    /// </summary>
    private static bool IsStillNamed(SafeFileHandle directory, string name, SafeFileHandle file, out FileStatus status) =>
        Statx(directory, name, AT_SYMLINK_NOFOLLOW, out status) == 0 && status.IsSameFileAs(LinuxRootDirectory.GetStatus(file));

    /// <summary>
    /// Returns whether a file is a regular file of the server's user with a single hard link. A second hard link is refused, because a
    /// local user could create a hard link under a staging name to make the server write to another file.
    /// </summary>
    internal static bool IsOwnRegularFile(SafeFileHandle file, out FileStatus status)
    {
        status = LinuxRootDirectory.GetStatus(file);
        return status.IsFile && status.Links <= 1 && status.Owner == Geteuid();
    }
}
