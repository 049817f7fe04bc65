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
/// A staging file beside its target, locked while it is open.
/// </summary>
/// <remarks>
/// <para>
/// It uses the handle of the directory instead of a path, so that renaming the directory or replacing it by a link during the upload has no
/// effect. The commit replaces any entry that has the name at that time, even a link.
/// </para>
/// <para>
/// An upload with an uploader has its partial-upload name from the start, so that a killed server leaves it as <see cref="TryKeep"/> does.
/// All other staging files have random names.
/// </para>
/// </remarks>
internal sealed class LinuxStagingFile : IStagingFile
{
    /// <summary>The maximum number of attempts to use a name that other sessions create and delete at the same time.</summary>
    private const int MaxAttempts = 100;

    private readonly SafeFileHandle _directory;
    private readonly string _name;
    private readonly bool _isCreateOnly;
    private readonly string? _partialUploadName;
    private string _stagingName;
    private bool _isRetained;
    private bool _isDisposed;

    private LinuxStagingFile(
        in LinuxUploadTarget target,
        WriteStart start,
        string stagingName,
        SafeFileHandle handle,
        string? partialUploadName,
        long? resumedLength)
    {
        (_directory, _name, DirectoryPath) = (target.DirectoryHandle, target.Name, target.DirectoryPath);
        (CommittedLength, _isCreateOnly) = (target.Committed?.Length, start.IsCreateOnly);
        (_stagingName, Handle, _partialUploadName, ResumedLength) = (stagingName, handle, partialUploadName, resumedLength);
    }

    public SafeFileHandle Handle { get; }

    public long? CommittedLength { get; }

    public long? ResumedLength { get; }

    public string? PartialUploadName => _partialUploadName;

    public string DirectoryPath { get; }

    /// <summary>The permission bits that a new staging file was created with, or null for a resumed one.</summary>
    private uint? CreatedMode { get; init; }

    /// <summary>
    /// Creates the staging file, or opens the partial upload to resume. Takes ownership of the target's directory handle unless it throws.
    /// </summary>
    public static LinuxStagingFile Open(in LinuxUploadTarget target, WriteStart start)
    {
        // A rename does not check the mode of the file that it replaces. A read-only file must not be replaced.
        if (target.Committed is { } replaced
            && !IsWritableByOwner(replaced)
            && Faccessat2(target.DirectoryHandle, target.Name, W_OK, AT_EACCESS) < 0
            && Marshal.GetLastPInvokeError() is EACCES or EROFS)
        {
            throw LinuxRootDirectory.CreateLastError(target.Name);
        }

        LinuxStagingFile staging = start.Uploader is { } uploader
            ? OpenUpload(target, start, uploader)
            : CreateUnderRandomName(target, start, partialUploadName: null);
        // A new file gets its mode when it is created. Only its owner could read a partial upload.
        uint? newFileMode = staging.ResumedLength is null ? null : (uint?)StagingFileModes.NewFile;
        uint? mode = target.Committed is { } status ? status.Mode & 0x1FFu : newFileMode;
        if (mode is { } bits
            && bits != staging.CreatedMode
            && Fchmod(staging.Handle, bits) < 0
            && Marshal.GetLastPInvokeError() is not (EPERM or EOPNOTSUPP))
        {
            // EPERM, EOPNOTSUPP: a file system without permission bits.
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
        throw new StoreException(StoreError.NotAFile, $"{_name} is not a regular file.");
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

    public void RenameToPartialUploadName()
    {
        if (!TryRenameToPartialUploadName())
        {
            throw new StoreException(StoreError.Busy, $"Another session is uploading {_name}.");
        }
    }

    public bool TryKeep()
    {
        if (_partialUploadName is not null && StagingFileModes.NewFile is not null)
        {
            _ = Fchmod(Handle, (uint)StagingFileModes.PartialUpload); // EPERM, EOPNOTSUPP: a file system without permission bits
        }

        return _isRetained |= TryRenameToPartialUploadName();
    }

    private bool TryRenameToPartialUploadName()
    {
        // The second attempt is made even if no file could be deleted, because the name may have become free. If it fails too, another
        // session is writing under the name, or the entry is not a staging file of this server.
        bool mayBeFree = _partialUploadName is not null && _stagingName != _partialUploadName;
        for (int attempt = 0; mayBeFree && attempt < MaxAttempts; attempt++)
        {
            if (LinuxRootDirectory.Rename(_directory, _stagingName, _directory, _partialUploadName!, replace: false) == 0)
            {
                _stagingName = _partialUploadName!;
                return true;
            }

            mayBeFree = LinuxPartialUploads.TryDelete(_directory, _partialUploadName!) || attempt == 0;
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
            // Failure is ignored: the file is hidden, and a later sweep deletes it.
            _ = Unlinkat(_directory, _stagingName, 0);
        }

        Handle.Dispose();
        _directory.Dispose();
    }

    /// <summary>
    /// Returns whether the server's user owns a file and may write it, so that no call of the kernel is needed for the check.
    /// </summary>
    private static bool IsWritableByOwner(in FileStatus file) =>
        (file.Mode & (uint)UnixFileMode.UserWrite) != 0 && file.Owner == ProcessCalls.Geteuid();

    /// <summary>Opens the uploader's partial upload, or creates a new staging file that the uploader can resume later.</summary>
    private static LinuxStagingFile OpenUpload(in LinuxUploadTarget target, WriteStart start, string uploader)
    {
        if (!start.ShouldKeepContent)
        {
            if (target.CommittedFile is { } file)
            {
                // CreateUpload discards only the partial upload that began empty.
                LinuxPartialUploads.TryDelete(target.DirectoryHandle, StagingNames.GetPartialUploadName(target.Name, uploader, file));
            }

            return CreateUpload(target, start, StagingNames.GetPartialUploadName(target.Name, uploader));
        }

        foreach (string name in StagingNames.GetPartialUploadNames(target.Name, uploader, target.CommittedFile))
        {
            switch (LinuxPartialUploads.TryAcquire(target.DirectoryHandle, name, out SafeFileHandle? acquired, out FileStatus status))
            {
                case StagingFileState.Acquired:
                    return new LinuxStagingFile(target, start, name, acquired!, name, status.Length);
                case StagingFileState.Busy:
                    throw new StoreException(StoreError.Busy, $"Another session is uploading {target.Name}.");
            }
        }

        return CreateUnderRandomName(target, start, StagingNames.GetPartialUploadName(target.Name, uploader, target.CommittedFile));
    }

    /// <summary>
    /// Creates an empty staging file under its partial-upload name. Discards an older partial upload of that name. If another session uses
    /// the name, the staging file gets a random name.
    /// </summary>
    private static LinuxStagingFile CreateUpload(in LinuxUploadTarget target, WriteStart start, string name)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (TryCreate(target, start, name, name) is { } created)
            {
                return created;
            }

            switch (LinuxPartialUploads.TryAcquire(target.DirectoryHandle, name, out SafeFileHandle? acquired, out _))
            {
                case StagingFileState.Acquired:
                    Discard(target.DirectoryHandle, name, acquired!);
                    break;
                case StagingFileState.Busy or StagingFileState.Foreign:
                    return CreateUnderRandomName(target, start, name);
            }
        }

        throw new StoreException(StoreError.Busy, $"Other sessions repeatedly created and deleted the staging file for {target.Name}.");
    }

    /// <summary>Creates an empty staging file under a random name. Retries if a sweep deletes it before it is locked.</summary>
    private static LinuxStagingFile CreateUnderRandomName(in LinuxUploadTarget target, WriteStart start, string? partialUploadName)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (TryCreate(target, start, StagingNames.CreateRandom(), partialUploadName) is { } created)
            {
                return created;
            }
        }

        throw new StoreException(StoreError.Busy, $"No staging file for {target.Name} could be created and locked.");
    }

    /// <summary>
    /// Creates and locks an empty staging file. Returns null if the name exists, or if another session acquired the file first.
    /// </summary>
    private static LinuxStagingFile? TryCreate(in LinuxUploadTarget target, WriteStart start, string stagingName, string? partialUploadName)
    {
        // The mode never grants more than that of the replaced file. The umask may remove more bits.
        uint mode = target.Committed is { } status ? status.Mode & 0x1FFu : 0x1B6;
        int descriptor = Openat(target.DirectoryHandle, stagingName, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError() == EEXIST ? null : throw LinuxRootDirectory.CreateLastError(target.Name);
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (LinuxPartialUploads.TryLockCreated(target.DirectoryHandle, stagingName, handle, out uint createdMode))
        {
            return new LinuxStagingFile(target, start, stagingName, handle, partialUploadName, resumedLength: null)
            {
                CreatedMode = createdMode,
            };
        }

        handle.Dispose(); // another session acquired or discarded it
        return null;
    }

    /// <summary>
    /// Deletes an acquired staging file. Closing the handle frees its blocks, which can take a long time and runs on the thread pool.
    /// </summary>
    private static void Discard(SafeFileHandle directory, string name, SafeFileHandle acquired)
    {
        if (Unlinkat(directory, name, 0) < 0 && Marshal.GetLastPInvokeError() != ENOENT)
        {
            StoreException failure = LinuxRootDirectory.CreateLastError(name);
            acquired.Dispose();
            throw failure;
        }

        _ = Task.Run(acquired.Dispose);
    }

    /// <summary>
    /// Deletes a new staging file, or closes a resumed one. Does not close the directory handle, which the caller of <see cref="Open"/>
    /// still owns.
    /// </summary>
    private void DisposeAfterFailedOpen()
    {
        if (ResumedLength is null)
        {
            _ = Unlinkat(_directory, _stagingName, 0);
        }

        Handle.Dispose();
    }
}
