using System.Runtime.InteropServices;
using Fts.Native;
using Fts.Storage.Local.Linux;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.Errno;
using static Fts.Native.FileCalls;
using static Fts.Storage.Local.SystemErrors;

namespace Fts.Storage.Local.Staging;

/// <summary>
/// A pending file beside its target, locked while it is open. It holds the folder's handle and not its path: a folder renamed meanwhile takes the upload with
/// it, and a link put in the folder's place leads nothing astray. The commit replaces whatever the name is by then, a link itself. An upload's has the name
/// that its continuation will look for, so that a killed server leaves it just as <see cref="TryKeep"/> does; all others have random ones.
/// </summary>
internal sealed class LinuxStagingFile : IStagingFile
{
    /// <summary>Others come and go in the same place; more often than this in a row they do so on purpose.</summary>
    private const int MaxAttempts = 100;

    private readonly SafeFileHandle _directory;
    private readonly string _name;
    private readonly bool _isCreateOnly;
    private readonly string? _partialUploadName;
    private string _stagingName;
    private bool _isRetained;
    private bool _isDisposed;

    private LinuxStagingFile(in LinuxUploadTarget target, WriteStart start, string pendingName, SafeFileHandle handle, string? slot, long? keptLength)
    {
        (_directory, _name, CommittedLength, _isCreateOnly) = (target.DirectoryHandle, target.Name, target.Committed?.Length, start.IsCreateOnly);
        DirectoryPath = target.DirectoryPath;
        (_stagingName, Handle, _partialUploadName, ResumedLength) = (pendingName, handle, slot, keptLength);
    }

    public SafeFileHandle Handle { get; }

    public long? CommittedLength { get; }

    public long? ResumedLength { get; }

    public string? PartialUploadName => _partialUploadName;

    public string DirectoryPath { get; }

    /// <summary>Makes the file, or takes the one that is continued. The target's folder becomes the pending file's own unless this throws.</summary>
    public static LinuxStagingFile Open(in LinuxUploadTarget target, WriteStart start)
    {
        // A rename asks nothing of the file it replaces; a read-only file must be as safe from it as from being opened for writing.
        if (target.Committed is not null && Faccessat2(target.DirectoryHandle, target.Name, W_OK, AT_EACCESS) < 0 && Marshal.GetLastPInvokeError() is EACCES or EROFS)
        {
            throw LinuxRootDirectory.CreateLastError(target.Name);
        }

        LinuxStagingFile staging = start.Uploader is not null ? OpenUpload(target, start, start.Uploader) : CreateUnderRandomName(target, start, slot: null);
        // A new file gets its mode when it is created. A partial upload was readable only for its owner.
        uint? mode = target.Committed is { } status ? status.Mode & 0x1FFu : staging.ResumedLength is not null ? (uint?)StagingFileModes.NewFile : null;
        if (mode is { } bits && Fchmod(staging.Handle, bits) < 0 && Marshal.GetLastPInvokeError() is not (EPERM or EOPNOTSUPP))
        {
            // EPERM, EOPNOTSUPP: a file system without permission bits has none to lose.
            StoreException failure = LinuxRootDirectory.CreateLastError(target.Name);
            staging.DisposeAfterFailedOpen();
            throw failure;
        }

        return staging;
    }

    public SafeFileHandle? OpenCommitted()
    {
        int descriptor = Openat(_directory, _name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError() == ENOENT ? null : throw LinuxRootDirectory.CreateLastError(_name);
        }

        var committed = new SafeFileHandle(descriptor, ownsHandle: true);
        if (LinuxRootDirectory.GetStatus(committed).IsFile)
        {
            return committed;
        }

        committed.Dispose();
        throw new StoreException(StoreError.NotAFile, _name);
    }

    public ulong DirectoryId => LinuxRootDirectory.GetStatus(_directory).Id;

    public void BeginFlush() => _ = SyncFileRange(Handle, 0, 0, SYNC_FILE_RANGE_WRITE);

    public void Flush()
    {
        if (Fdatasync(Handle) < 0)
        {
            throw LinuxRootDirectory.CreateLastError(_name);
        }
    }

    public void FlushDirectory() => DirectoryFlush.Flush(_directory, _name);

    public void Commit()
    {
        int error = LinuxRootDirectory.Rename(_directory, _stagingName, _directory, _name, replace: !_isCreateOnly);
        if (error != 0)
        {
            throw CreateException(error, _name);
        }

        _isRetained = true;
    }

    public void TakePartialUploadName()
    {
        if (!TryTakePartialUploadName())
        {
            throw new StoreException(StoreError.Busy, $"{_name} is being uploaded by another.");
        }
    }

    public bool TryKeep()
    {
        if (_partialUploadName is not null && StagingFileModes.NewFile is not null)
        {
            _ = Fchmod(Handle, (uint)StagingFileModes.PartialUpload); // EPERM, EOPNOTSUPP: a file system without permission bits
        }

        return _isRetained |= TryTakePartialUploadName();
    }

    private bool TryTakePartialUploadName()
    {
        // The second attempt is for a place that became free in between; after that somebody is writing there, or it is not ours to clear.
        bool mayBeFree = _partialUploadName is not null && _stagingName != _partialUploadName;
        for (int attempt = 0; mayBeFree && attempt < MaxAttempts; attempt++)
        {
            if (LinuxRootDirectory.Rename(_directory, _stagingName, _directory, _partialUploadName!, replace: false) == 0)
            {
                _stagingName = _partialUploadName!;
                return true;
            }

            mayBeFree = LinuxPartialUploads.TryRemove(_directory, _partialUploadName!) || attempt == 0;
        }

        return _partialUploadName is not null && _stagingName == _partialUploadName;
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_isRetained)
        {
            // Failing leaves a file nobody can see; whoever breaks off an upload has no use for the reason.
            _ = Unlinkat(_directory, _stagingName, 0);
        }

        Handle.Dispose();
        _directory.Dispose();
    }

    private static LinuxStagingFile OpenUpload(in LinuxUploadTarget target, WriteStart start, string uploader)
    {
        if (!start.ShouldKeepContent)
        {
            if (target.CommittedFile is { } file)
            {
                LinuxPartialUploads.TryRemove(target.DirectoryHandle, StagingNames.GetPartialUploadName(target.Name, uploader, file)); // given up, too
            }

            return CreateUpload(target, start, StagingNames.GetPartialUploadName(target.Name, uploader));
        }

        foreach (string slot in StagingNames.GetPartialUploadNames(target.Name, uploader, target.CommittedFile))
        {
            switch (LinuxPartialUploads.TryAcquire(target.DirectoryHandle, slot, out SafeFileHandle? taken, out FileStatus status))
            {
                case StagingFileState.Acquired:
                    return new LinuxStagingFile(target, start, slot, taken!, slot, status.Length);
                case StagingFileState.Busy:
                    throw new StoreException(StoreError.Busy, $"{target.Name} is being uploaded by another.");
            }
        }

        return CreateUnderRandomName(target, start, StagingNames.GetPartialUploadName(target.Name, uploader, target.CommittedFile));
    }

    /// <summary>One that begins anew expects nothing in its place. What is there and nobody writes is given up.</summary>
    private static LinuxStagingFile CreateUpload(in LinuxUploadTarget target, WriteStart start, string slot)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (TryCreate(target, start, slot, slot) is { } first)
            {
                return first;
            }

            switch (LinuxPartialUploads.TryAcquire(target.DirectoryHandle, slot, out SafeFileHandle? taken, out _))
            {
                case StagingFileState.Acquired:
                    Discard(target.DirectoryHandle, slot, taken!);
                    break;
                case StagingFileState.Busy or StagingFileState.Foreign:
                    return CreateUnderRandomName(target, start, slot);
            }
        }

        throw new StoreException(StoreError.Busy, $"{target.Name} is being uploaded by many others.");
    }

    /// <summary>Makes one under a name of its own. A sweep that comes by before it is locked may take it away: then another.</summary>
    private static LinuxStagingFile CreateUnderRandomName(in LinuxUploadTarget target, WriteStart start, string? slot)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (TryCreate(target, start, StagingNames.CreateRandom(), slot) is { } made)
            {
                return made;
            }
        }

        throw new StoreException(StoreError.Busy, $"{target.Name} cannot be held.");
    }

    /// <summary>Makes an empty one; null where its name is taken.</summary>
    private static LinuxStagingFile? TryCreate(in LinuxUploadTarget target, WriteStart start, string pendingName, string? slot)
    {
        // From the start, the mode grants no more than that of the replaced file; the umask may remove more bits.
        uint mode = target.Committed is { } status ? status.Mode & 0x1FFu : 0x1B6;
        int descriptor = Openat(target.DirectoryHandle, pendingName, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError() == EEXIST ? null : throw LinuxRootDirectory.CreateLastError(target.Name);
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (LinuxPartialUploads.TryLockCreated(target.DirectoryHandle, pendingName, handle))
        {
            return new LinuxStagingFile(target, start, pendingName, handle, slot, keptLength: null);
        }

        handle.Dispose(); // somebody continues it already, or gave it up
        return null;
    }

    /// <summary>Takes an upload's file away that nobody will continue. Freeing its blocks can take long: that waits for the handle, on another thread.</summary>
    private static void Discard(SafeFileHandle directory, string slot, SafeFileHandle taken)
    {
        if (Unlinkat(directory, slot, 0) < 0 && Marshal.GetLastPInvokeError() != ENOENT)
        {
            StoreException failure = LinuxRootDirectory.CreateLastError(slot);
            taken.Dispose();
            throw failure;
        }

        _ = Task.Run(taken.Dispose);
    }

    /// <summary>Removes what was made, or leaves what was continued, and not the folder: the caller that is told still owns it.</summary>
    private void DisposeAfterFailedOpen()
    {
        if (ResumedLength is null)
        {
            _ = Unlinkat(_directory, _stagingName, 0);
        }

        Handle.Dispose();
    }
}
