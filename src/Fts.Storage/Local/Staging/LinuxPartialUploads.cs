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

/// <summary>What was found under the name of a pending file.</summary>
internal enum StagingFileState
{
    /// <summary>Nothing.</summary>
    Empty,
    /// <summary>A pending file that nobody writes; it is ours now, and locked.</summary>
    Acquired,
    /// <summary>A pending file that somebody writes, in this process or another.</summary>
    Busy,
    /// <summary>Something that no server of ours put there: a link, a folder, another user's file, one that has a second name.</summary>
    Foreign,
}

/// <summary>
/// A pending file under its name. Who writes it holds a lock on it, which the kernel takes back whatever way its process ends: what is there and not locked
/// is an upload that broke off. The lock is the open file's (OFD), so that it also holds between the sessions of one process.
/// </summary>
internal static class LinuxPartialUploads
{
    private static readonly int s_flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

    /// <summary>Opens and locks what is there, if it is a pending file that nobody writes. The caller disposes the handle.</summary>
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
                    ENOENT => StagingFileState.Empty,
                    ELOOP or EISDIR or ENXIO or EACCES or EPERM => StagingFileState.Foreign,
                    _ => throw LinuxRootDirectory.CreateLastError(name),
                };
            }

            var opened = new SafeFileHandle(descriptor, ownsHandle: true);
            StagingFileState state = !IsOwnRegularFile(opened, out _) ? StagingFileState.Foreign : TryLock(opened) ? StagingFileState.Acquired : StagingFileState.Busy;
            if (state == StagingFileState.Acquired && IsStillAtName(directory, name, opened, out status))
            {
                handle = opened;
                return state;
            }

            opened.Dispose();
            if (state != StagingFileState.Acquired)
            {
                return state;
            }
        }
    }

    /// <summary>
    /// Locks a file that was just made under this name; false when another was faster. Also when that one is done with it already: then it is no pending file any
    /// more, and to write it would be to write what was committed.
    /// </summary>
    public static bool TryLockCreated(SafeFileHandle directory, string name, SafeFileHandle file) => TryLock(file) && IsStillAtName(directory, name, file, out _);

    /// <summary>What an uploader can continue; null where there is nothing.</summary>
    public static PartialUpload? Find(LinuxRootDirectory root, StorePath path, string uploader)
    {
        using LinuxUploadTarget? target = TryFindTarget(root, path);
        foreach (string slot in target is { } found ? StagingNames.GetPartialUploadNames(found.Name, uploader, found.CommittedFile) : [])
        {
            if (Find(target!.Value.DirectoryHandle, slot) is { } status)
            {
                return new PartialUpload(status.Length, status.LastModified);
            }
        }

        return null;
    }

    /// <summary>Removes what an uploader can continue; false where there is nothing.</summary>
    public static bool Discard(LinuxRootDirectory root, StorePath path, string uploader)
    {
        using LinuxUploadTarget? target = TryFindTarget(root, path);
        return target is { } found && Discard(found, uploader);
    }

    /// <summary>
    /// Removes an uploader's partial uploads to a target, which may have been deleted since it was found. Returns false if there are none.
    /// </summary>
    public static bool Discard(in LinuxUploadTarget target, string uploader)
    {
        bool isRemoved = false;
        foreach (string slot in StagingNames.GetPartialUploadNames(target.Name, uploader, target.CommittedFile))
        {
            isRemoved |= TryRemove(target.DirectoryHandle, slot);
        }

        return isRemoved;
    }

    /// <summary>The facts of an upload that can be continued; null where there is none.</summary>
    public static unsafe FileStatus? Find(SafeFileHandle directory, string name)
    {
        int descriptor = Openat(directory, name, O_RDONLY | s_flags, 0);
        if (descriptor < 0)
        {
            return null;
        }

        using var opened = new SafeFileHandle(descriptor, ownsHandle: true);
        var holder = new FileLock { Type = F_WRLCK };
        return IsOwnRegularFile(opened, out FileStatus status) && (Fcntl(opened, F_OFD_GETLK, &holder) < 0 || holder.Type == F_UNLCK) ? status : null;
    }

    /// <summary>Removes what is there if nobody writes it and, where <paramref name="before"/> says so, if it was last written before then.</summary>
    public static bool TryRemove(SafeFileHandle directory, string name, DateTime? before = null)
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
    /// Deletes the staging files of the whole tree that were last written before a time and are not being written. Adds the other partial uploads to the index.
    /// Returns the number of deleted files. Does not follow links, and skips directories that cannot be read.
    /// </summary>
    public static int Sweep(LinuxRootDirectory root, DateTime before, PartialUploadIndex index, CancellationToken cancellationToken) =>
        Sweep(root, ".", depth: 0, before, index, cancellationToken);

    /// <summary>Returns the target of uploads to a path; null if no upload is possible.</summary>
    public static LinuxUploadTarget? TryFindTarget(LinuxRootDirectory root, StorePath path)
    {
        try
        {
            return LinuxUploadTarget.Find(root, path);
        }
        catch (StoreException e) when (e.Error is StoreError.NotFound or StoreError.NotADirectory or StoreError.Denied or StoreError.BadName)
        {
            return null; // nothing can be uploaded there, so nothing was
        }
    }

    private static int Sweep(
        LinuxRootDirectory root, string relative, int depth, DateTime before, PartialUploadIndex index, CancellationToken cancellationToken)
    {
        using SafeFileHandle? directory = root.Open(relative, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, out _);
        int removed = 0;
        if (directory is null)
        {
            return removed;
        }

        LinuxDirectoryNames.ForEach(directory, (name, type) =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (PathRules.IsReserved(name))
            {
                if (TryRemove(directory, name, before))
                {
                    removed++;
                }
                else if (Find(directory, name) is { } left)
                {
                    index.AddFound(new PartialUploadLocation(relative, name), left.Length, left.LastModified);
                }
            }
            else if (depth < StorePath.MaxDepth && IsDirectory(directory, name, type))
            {
                removed += Sweep(root, relative == "." ? name : $"{relative}/{name}", depth + 1, before, index, cancellationToken);
            }

            return true;
        });
        return removed;
    }

    private static bool IsDirectory(SafeFileHandle parent, string name, byte type) =>
        type == DT_DIR || (type == DT_UNKNOWN && Statx(parent, name, AT_SYMLINK_NOFOLLOW, out FileStatus status) == 0 && status.IsDirectory);

    /// <summary>Locks a file for its writer; false when another holds it.</summary>
    private static unsafe bool TryLock(SafeFileHandle file)
    {
        var whole = new FileLock { Type = F_WRLCK };
        // A file system that knows no locks leaves several writers to themselves; the last commit still wins whole.
        return Fcntl(file, F_OFD_SETLK, &whole) == 0 || Marshal.GetLastPInvokeError() is not (EAGAIN or EACCES);
    }

    /// <summary>Between opening and locking, a writer may have committed the file or given it up, and another may be in its place.</summary>
    private static bool IsStillAtName(SafeFileHandle directory, string name, SafeFileHandle file, out FileStatus status) =>
        Statx(directory, name, AT_SYMLINK_NOFOLLOW, out status) == 0 && status.IsSameFileAs(LinuxRootDirectory.GetStatus(file));

    /// <summary>Somebody with an account on this machine may have put a second name for a file of his choice there, to have it written.</summary>
    private static bool IsOwnRegularFile(SafeFileHandle file, out FileStatus status)
    {
        status = LinuxRootDirectory.GetStatus(file);
        return status.IsFile && status.Links <= 1 && status.Owner == Geteuid();
    }
}
