using System.Runtime.InteropServices;
using Fts.Native;
using Fts.Storage.Local.Linux;
using Fts.Storage.Workers;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.Errno;
using static Fts.Native.FileCalls;
using static Fts.Native.FileStatus;
using static Fts.Storage.Local.SystemErrors;

namespace Fts.Storage.Local.Staging;

/// <summary>A staging file beside its target, locked while it is open.</summary>
/// <remarks>
/// <para>
/// The file is accessed through the handle of its directory instead of a path. Renaming the directory or replacing it by a link during the
/// upload therefore has no effect. If the target's name has become a link by the time of the commit, the commit replaces the link itself.
/// </para>
/// <para>
/// The staging file of an uploader gets its partial-upload name before the first byte is received, unless another session uses that name.
/// The upload can then be resumed even if the server is killed. All other staging files have random names.
/// </para>
/// <para>An upload that begins at the end of the committed file contains only the new bytes. Its commit appends them to that file.</para>
/// </remarks>
internal sealed class LinuxStagingFile : IStagingFile
{
    /// <summary>The maximum number of attempts to use a name that other sessions create and delete at the same time.</summary>
    private const int MaxAttempts = 100;

    /// <summary>The threads that free the blocks of discarded staging files.</summary>
    private static readonly StoreWorkers s_discardWorkers = new(maxThreads: 4);

    private readonly SafeFileHandle _directory;
    private readonly string _targetName;
    private readonly WriteStart _start;
    private readonly FileStatus? _committed;
    private readonly string? _partialUploadName;
    private string _stagingName;
    private ulong? _directoryId;
    private bool _isCommittedOrKept; // Dispose must not delete the staging file
    private bool _isDisposed;

    private LinuxStagingFile(
        in LinuxUploadTarget target,
        WriteStart start,
        string stagingName,
        SafeFileHandle handle,
        string? partialUploadName,
        bool containsOnlyNewBytes,
        long? stagedLength)
    {
        (_directory, _targetName, DirectoryPath) = (target.DirectoryHandle, target.Name, target.DirectoryPath);
        (_committed, _start, ContainsOnlyNewBytes) = (target.Committed, start, containsOnlyNewBytes);
        (_stagingName, Handle, _partialUploadName) = (stagingName, handle, partialUploadName);
        ResumedLength = BaseOffset + stagedLength;
    }

    public SafeFileHandle Handle { get; }

    public long? CommittedLength => _committed?.Length;

    public long? ResumedLength { get; }

    public bool ContainsOnlyNewBytes { get; }

    public bool CanCommitByAppending => ContainsOnlyNewBytes || (_start.IsAppend && ResumedLength is null);

    public long BaseOffset => ContainsOnlyNewBytes ? _committed!.Value.Length : 0;

    public string? PartialUploadName => _partialUploadName;

    public string DirectoryPath { get; }

    /// <summary>The status of a new staging file after its creation, or null for a resumed one.</summary>
    private FileStatus? Created { get; init; }

    /// <summary>
    /// Creates the staging file, or opens the partial upload to resume. Takes ownership of the target's directory handle unless the method
    /// throws.
    /// </summary>
    public static LinuxStagingFile Open(in LinuxUploadTarget target, WriteStart start)
    {
        // A read-only file must not be replaced, but a rename does not check the mode of the file that it replaces.
        if (target.Committed is { } replaced
            && !IsWritableByOwner(replaced)
            && Faccessat2(target.DirectoryHandle, target.Name, W_OK, AT_EACCESS) < 0
            && Marshal.GetLastPInvokeError() is EACCES or EROFS)
        {
            throw LinuxRootDirectory.CreateLastError(target.Name);
        }

        LinuxStagingFile staging = start.Uploader is { } uploader
            ? OpenUpload(target, start, uploader)
            : CreateUnderRandomName(target, start, null, start.IsAtEndOf(target.CommittedFile?.Length));
        try
        {
            staging.SetFinalMode();
            return staging;
        }
        catch
        {
            staging.DisposeAfterFailedOpen(mustDelete: staging.ResumedLength is null);
            throw;
        }
    }

    public SafeFileHandle? OpenCommitted()
    {
        int descriptor = Openat(_directory, _targetName, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError() == ENOENT ? null : throw LinuxRootDirectory.CreateLastError(_targetName);
        }

        var committed = new SafeFileHandle(descriptor, ownsHandle: true);
        if (LinuxRootDirectory.GetStatus(committed).IsFile)
        {
            return committed;
        }

        committed.Dispose();
        throw new StoreException(StoreError.NotAFile, $"{_targetName} is not a regular file.");
    }

    public void LockCommitted(SafeFileHandle committed)
    {
        for (int waits = 0; !LinuxPartialUploads.TryPreventAppends(committed); waits++)
        {
            AppendCommit.WaitBeforeRetry(waits, _targetName);
        }
    }

    public ulong Id => (Created ?? LinuxRootDirectory.GetStatus(Handle)).Id;

    public string TargetName => _targetName;

    public FileEntry? GetTargetEntry()
    {
        if (Statx(_directory, _targetName, AT_SYMLINK_NOFOLLOW, out FileStatus status) == 0)
        {
            return status.ToUnfollowedEntry(_targetName);
        }

        return Marshal.GetLastPInvokeError() == ENOENT ? null : throw LinuxRootDirectory.CreateLastError(_targetName);
    }

    public ulong DirectoryId => _directoryId ??= LinuxRootDirectory.GetStatus(_directory).Id;

    public void BeginFlush() => _ = SyncFileRange(Handle, 0, 0, SYNC_FILE_RANGE_WRITE);

    public void Flush()
    {
        if (Fdatasync(Handle) < 0)
        {
            throw LinuxRootDirectory.CreateLastError(_targetName);
        }
    }

    public void FlushDirectory() => DirectoryFlush.Flush(_directory, _targetName);

    public void Commit(bool isDurable)
    {
        // An append is tried first. If the file is missing, the staging file is renamed instead, and must not replace a file that another
        // upload has created in the meantime.
        bool mustNotReplace = CanCommitByAppending;
        for (int attempt = 0; attempt < MaxAttempts && !_isCommittedOrKept; attempt++)
        {
            if (mustNotReplace && AppendCommit.TryApply(new LinuxAppendDirectory(_directory), CreateAppend(), isDurable))
            {
                _isCommittedOrKept = true; // the append has already deleted the staging file
                break;
            }

            if (_start.MustExist && FileStatus.Statx(_directory, _targetName, AT_SYMLINK_NOFOLLOW, out _) < 0)
            {
                throw LinuxRootDirectory.CreateLastError(_targetName);
            }

            bool replace = _start.CanReplace && !mustNotReplace;
            int error = LinuxRootDirectory.Rename(_directory, _stagingName, _directory, _targetName, replace);
            if (error != 0 && !(error == EEXIST && mustNotReplace))
            {
                throw CreateException(error, _targetName);
            }

            _isCommittedOrKept = error == 0;
        }

        if (!_isCommittedOrKept)
        {
            throw new StoreException(
                StoreError.Busy, $"{_targetName} could not be committed, because other sessions repeatedly created and deleted the file.");
        }
    }

    public IStagingFile ConvertAppendToFullFile(CancellationToken cancellationToken)
    {
        var target = new LinuxUploadTarget(_directory, _targetName, _committed, DirectoryPath);
        string? name = _start.Uploader is { } uploader
            ? StagingNames.GetPartialUploadName(_targetName, uploader, target.CommittedFile)
            : null;
        long length = RandomAccess.GetLength(Handle);
        LinuxStagingFile copy = CreateUnderRandomName(target, _start, name, isAppend: false, resumedLength: BaseOffset + length);
        try
        {
            copy.SetFinalMode();
            using SafeFileHandle committed = OpenCommitted()
                ?? throw new StoreException(
                    StoreError.Busy, $"The upload of {_targetName} cannot be resumed, because the file was deleted.");
            if (ContentCopy.Copy(committed, copy.Handle, BaseOffset, cancellationToken) < BaseOffset)
            {
                throw new StoreException(
                    StoreError.Busy, $"The upload of {_targetName} cannot be resumed, because the file was truncated.");
            }

            ContentCopy.CopyBytes(Handle, 0, copy.Handle, BaseOffset, length);
            copy.RenameToPartialUploadName();
        }
        catch
        {
            copy.DisposeAfterFailedOpen(mustDelete: true);
            throw;
        }

        _ = Unlinkat(_directory, _stagingName, 0);
        Handle.Dispose();
        return copy;
    }

    /// <summary>
    /// Returns the append of this staging file. If the client chose the offset, the committed file must still be the file for which it was
    /// chosen.
    /// </summary>
    private StagedAppend CreateAppend() => _start.Offset is null
        ? new StagedAppend(_targetName, _stagingName, Handle, ExpectedId: null, ExpectedLength: null)
        : new StagedAppend(_targetName, _stagingName, Handle, _committed!.Value.Id, BaseOffset);

    public void RenameToPartialUploadName()
    {
        if (!TryRenameToPartialUploadName())
        {
            throw new StoreException(StoreError.Busy, $"Another session is uploading {_targetName}.");
        }
    }

    public void UndoKeep() => _isCommittedOrKept = false;

    public bool TryKeepAsPartialUpload()
    {
        if (_partialUploadName is not null && StagingFileModes.NewFile is not null)
        {
            _ = Fchmod(Handle, (uint)StagingFileModes.PartialUpload); // EPERM, EOPNOTSUPP: a file system without permission bits
        }

        return _isCommittedOrKept |= TryRenameToPartialUploadName();
    }

    /// <summary>Sets the mode that the file has after its commit.</summary>
    private void SetFinalMode()
    {
        // A new staging file was created with the mode of a new file. A resumed partial upload, which only its owner can read, gets that
        // mode now.
        uint? newFileMode = ResumedLength is null ? null : (uint?)StagingFileModes.NewFile;
        uint? mode = _committed is { } status ? status.Mode & 0x1FFu : newFileMode;
        // EPERM, EOPNOTSUPP: a file system without permission bits.
        if (mode is { } bits
            && bits != (Created?.Mode & 0x1FFu)
            && Fchmod(Handle, bits) < 0
            && Marshal.GetLastPInvokeError() is not (EPERM or EOPNOTSUPP))
        {
            throw LinuxRootDirectory.CreateLastError(_targetName);
        }
    }

    /// <summary>
    /// Renames the staging file to its partial-upload name, and discards an older partial upload of that name. Returns whether the file has
    /// the name.
    /// </summary>
    private bool TryRenameToPartialUploadName()
    {
        // The second attempt is made even if no file could be deleted, because the name may now be free. If the second attempt fails
        // too, another session is writing under the name, or the entry is not a staging file of this server.
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
        if (!_isCommittedOrKept)
        {
            // Failure is ignored: the file is hidden, and a later sweep deletes it.
            _ = Unlinkat(_directory, _stagingName, 0);
        }

        Handle.Dispose();
        _directory.Dispose();
    }

    /// <summary>
    /// Returns whether the server's user owns a file and may write it. For such a file, no system call is needed to check the permission.
    /// </summary>
    private static bool IsWritableByOwner(in FileStatus file) =>
        (file.Mode & (uint)UnixFileMode.UserWrite) != 0 && file.Owner == ProcessCalls.Geteuid();

    /// <summary>Opens the uploader's partial upload, or creates a new staging file that the uploader can resume later.</summary>
    private static LinuxStagingFile OpenUpload(in LinuxUploadTarget target, WriteStart start, string uploader)
    {
        if (!start.ShouldKeepContent)
        {
            // The partial uploads that continue the committed file are discarded here. CreateUpload discards the one that began empty.
            foreach (PartialUploadName other in StagingNames.GetPartialUploadNames(target.Name, uploader, target.CommittedFile)[1..])
            {
                LinuxPartialUploads.TryDelete(target.DirectoryHandle, other.Name);
            }

            return CreateUpload(target, start, StagingNames.GetPartialUploadName(target.Name, uploader));
        }

        foreach ((string name, bool appends) in StagingNames.GetPartialUploadNames(target.Name, uploader, target.CommittedFile))
        {
            switch (LinuxPartialUploads.TryAcquire(target.DirectoryHandle, name, out SafeFileHandle? acquired, out FileStatus status))
            {
                case StagingFileState.Acquired:
                    return new LinuxStagingFile(target, start, name, acquired!, name, appends, status.Length);
                case StagingFileState.Busy:
                    throw new StoreException(StoreError.Busy, $"Another session is uploading {target.Name}.");
            }
        }

        bool isAppend = start.IsAtEndOf(target.CommittedFile?.Length);
        string newName = StagingNames.GetPartialUploadName(target.Name, uploader, target.CommittedFile, isAppend);
        return CreateUnderRandomName(target, start, newName, isAppend);
    }

    /// <summary>
    /// Creates an empty staging file under its partial-upload name. Discards an older partial upload of that name. If another session uses
    /// the name, the staging file gets a random name.
    /// </summary>
    private static LinuxStagingFile CreateUpload(in LinuxUploadTarget target, WriteStart start, string name)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (TryCreate(target, start, name, name, isAppend: false, resumedLength: null) is { } created)
            {
                return created;
            }

            switch (LinuxPartialUploads.TryAcquire(target.DirectoryHandle, name, out SafeFileHandle? acquired, out _))
            {
                case StagingFileState.Acquired:
                    Discard(target.DirectoryHandle, name, acquired!);
                    break;
                case StagingFileState.Busy or StagingFileState.Foreign:
                    return CreateUnderRandomName(target, start, name, isAppend: false);
            }
        }

        throw new StoreException(
            StoreError.Busy,
            $"The upload of {target.Name} could not start, because other sessions repeatedly created and deleted its staging file.");
    }

    /// <summary>Creates an empty staging file under a random name. Retries if a sweep deletes it before it is locked.</summary>
    private static LinuxStagingFile CreateUnderRandomName(
        in LinuxUploadTarget target, WriteStart start, string? partialUploadName, bool isAppend, long? resumedLength = null)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (TryCreate(target, start, StagingNames.CreateRandom(), partialUploadName, isAppend, resumedLength) is { } created)
            {
                return created;
            }
        }

        throw new StoreException(
            StoreError.Busy, $"The upload of {target.Name} could not start, because no staging file could be created and locked.");
    }

    /// <summary>
    /// Creates and locks an empty staging file. Returns null if the name exists, or if another session acquired the file first.
    /// </summary>
    private static LinuxStagingFile? TryCreate(
        in LinuxUploadTarget target, WriteStart start, string stagingName, string? partialUploadName, bool isAppend, long? resumedLength)
    {
        // The mode never grants more than the mode of the replaced file. The umask may remove more bits.
        uint mode = target.Committed is { } status ? status.Mode & 0x1FFu : 0x1B6;
        int descriptor = Openat(target.DirectoryHandle, stagingName, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError() == EEXIST ? null : throw LinuxRootDirectory.CreateLastError(target.Name);
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (LinuxPartialUploads.TryLockCreated(target.DirectoryHandle, stagingName, handle, out FileStatus created))
        {
            return new LinuxStagingFile(target, start, stagingName, handle, partialUploadName, isAppend, resumedLength)
            {
                Created = created,
            };
        }

        handle.Dispose(); // another session acquired or discarded the file
        return null;
    }

    /// <summary>
    /// Deletes an acquired staging file. The handle is closed on another thread, because freeing the blocks can take a long time.
    /// </summary>
    private static void Discard(SafeFileHandle directory, string name, SafeFileHandle acquired)
    {
        if (Unlinkat(directory, name, 0) < 0 && Marshal.GetLastPInvokeError() != ENOENT)
        {
            StoreException failure = LinuxRootDirectory.CreateLastError(name);
            acquired.Dispose();
            throw failure;
        }

        _ = s_discardWorkers.RunAsync(acquired.Dispose, CancellationToken.None);
    }

    /// <summary>
    /// Closes the staging file, and deletes it if <paramref name="mustDelete"/> is true. Does not close the directory handle, which the
    /// caller still owns.
    /// </summary>
    private void DisposeAfterFailedOpen(bool mustDelete)
    {
        if (mustDelete)
        {
            _ = Unlinkat(_directory, _stagingName, 0);
        }

        Handle.Dispose();
    }
}
