using System.Runtime.InteropServices;
using Fts.Native;
using Fts.Storage.Local.Linux;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.Errno;
using static Fts.Native.FileCalls;

namespace Fts.Storage.Local.Staging;

/// <summary>The directory of an append, accessed through its handle. The kernel locks the files (OFD locks).</summary>
/// <param name="directory">The directory. The caller disposes it.</param>
internal sealed class LinuxAppendDirectory(SafeFileHandle directory) : IAppendDirectory
{
    private static readonly int s_flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

    public AppendTargetState TryOpenTarget(string name, out LockedFile? target)
    {
        target = null;
        int descriptor = Openat(directory, name, O_WRONLY | s_flags, 0);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError() == ENOENT
                ? AppendTargetState.Missing
                : throw LinuxRootDirectory.CreateLastError(name);
        }

        var opened = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            FileStatus status = LinuxRootDirectory.GetStatus(opened);
            if (!status.IsFile)
            {
                throw new StoreException(StoreError.NotAFile, $"{name} is not a regular file.");
            }

            // After locking, TryLockTarget checks the name, because another file may have replaced this one before the lock.
            if (LinuxPartialUploads.TryLockTarget(directory, name, opened))
            {
                target = new LockedFile(opened, status.Inode, status.Id);
                return AppendTargetState.Locked;
            }
        }
        finally
        {
            if (target is null)
            {
                opened.Dispose();
            }
        }

        return AppendTargetState.Busy;
    }

    public LockedFile? TryCreateRecord(string name)
    {
        int descriptor = Openat(directory, name, O_RDWR | O_CREAT | O_EXCL | s_flags, (uint)StagingFileModes.PartialUpload);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError() == EEXIST ? null : throw LinuxRootDirectory.CreateLastError(name);
        }

        var created = new SafeFileHandle(descriptor, ownsHandle: true);
        if (LinuxPartialUploads.TryLockCreated(directory, name, created, out _))
        {
            return new LockedFile(created);
        }

        created.Dispose(); // a sweep acquired the record before this call could lock it
        return null;
    }

    public LockedFile? TryAcquireRecord(string name) =>
        LinuxPartialUploads.TryAcquire(directory, name, out SafeFileHandle? handle, out _) == StagingFileState.Acquired
            ? new LockedFile(handle!)
            : null;

    public SafeFileHandle? OpenStagingFile(string name)
    {
        int descriptor = Openat(directory, name, O_RDONLY | s_flags, 0);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError() is ENOENT or ELOOP ? null : throw LinuxRootDirectory.CreateLastError(name);
        }

        var opened = new SafeFileHandle(descriptor, ownsHandle: true);
        if (LinuxPartialUploads.IsOwnRegularFile(opened, out _))
        {
            return opened;
        }

        opened.Dispose();
        return null;
    }

    public void DiscardCachedHash(LockedFile target) => LinuxHashAttribute.Discard(target.Handle);

    public void Delete(string name) => _ = Unlinkat(directory, name, 0);

    public void Flush() => DirectoryFlush.Flush(directory, "The directory of an append");
}
