using Fts.Native;
using Fts.Storage.Local.Portable;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Staging;

/// <summary>
/// A staging file beside its target, accessed by its path. <see cref="PortablePartialUploads"/> records that the path is in use.
/// </summary>
internal sealed class PortableStagingFile : IStagingFile
{
    private readonly string _targetPath;
    private readonly WriteStart _start;
    private readonly FileEntry? _committed;
    private readonly string? _partialUploadPath;
    private string _stagingPath;
    private string? _committedLockKey; // the lock of LockCommitted, which Dispose releases
    private bool _isCommittedOrKept; // Dispose must not delete the staging file
    private bool _isDisposed;

    private PortableStagingFile(
        string stagingPath, string targetPath, FileEntry? committed, WriteStart start, string? partialUploadPath)
    {
        (_stagingPath, _targetPath, _partialUploadPath) = (stagingPath, targetPath, partialUploadPath);
        (_committed, _start) = (committed, start);
        Handle = null!;
    }

    public SafeFileHandle Handle { get; private set; }

    public long? CommittedLength => _committed?.Length;

    public long? ResumedLength { get; private set; }

    public bool ContainsOnlyNewBytes { get; private init; }

    public bool CanCommitByAppending => ContainsOnlyNewBytes || (_start.IsAppend && ResumedLength is null);

    public long BaseOffset => ContainsOnlyNewBytes ? _committed!.Value.Length : 0;

    public string? PartialUploadName => Path.GetFileName(_partialUploadPath);

    public required string DirectoryPath { get; init; }

    /// <summary>Creates the staging file of an upload, or opens the partial upload to resume.</summary>
    /// <param name="real">The real path of the target, without links.</param>
    /// <param name="directoryPath">The path of the target's directory, relative to the root.</param>
    /// <param name="committed">The existing file, or null if none exists.</param>
    /// <param name="start">How the upload begins.</param>
    public static PortableStagingFile Open(string real, string directoryPath, FileEntry? committed, WriteStart start)
    {
        if (committed is not null)
        {
            // A read-only file must not be replaced, but a rename does not check the mode of the file that it replaces.
            File.OpenHandle(real, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose();
        }

        if (start is { Uploader: { } uploader, ShouldKeepContent: false })
        {
            // The partial uploads that continue the committed file are discarded here. OpenHandle discards the one that began empty.
            foreach (PartialUploadName other in PortablePartialUploads.GetPaths(real, uploader, committed).Skip(1))
            {
                PortablePartialUploads.TryDelete(other.Name);
            }
        }

        PartialUploadName? resumed = FindResumedPath(real, committed, start);
        bool isAppend = resumed?.ContainsOnlyNewBytes ?? start.IsAtEndOf(committed?.Length);
        string? partialUploadPath = resumed?.Name;
        if (partialUploadPath is null && start.Uploader is { } owner)
        {
            partialUploadPath = PortablePartialUploads.GetPath(real, owner, start.ShouldKeepContent ? committed : null, isAppend);
        }

        // A new upload that keeps existing content gets its partial-upload name later (RenameToPartialUploadName).
        bool hasPartialUploadName = (resumed is not null || (partialUploadPath is not null && !start.ShouldKeepContent))
            && PortablePartialUploads.TryAcquire(partialUploadPath!);
        if (resumed is not null && !hasPartialUploadName)
        {
            throw new StoreException(StoreError.Busy, $"Another session is uploading {real}.");
        }

        string stagingPath = hasPartialUploadName
            ? partialUploadPath!
            : Path.Combine(Path.GetDirectoryName(real)!, StagingNames.CreateRandom());
        var staging = new PortableStagingFile(stagingPath, real, committed, start, partialUploadPath)
        {
            DirectoryPath = directoryPath,
            ContainsOnlyNewBytes = isAppend,
        };
        try
        {
            staging.OpenHandle();
            staging.SetFinalMode();
            return staging;
        }
        catch
        {
            staging._isCommittedOrKept |= staging.ResumedLength is not null;
            staging.Dispose();
            throw;
        }
    }

    public SafeFileHandle? OpenCommitted() => PortableRootDirectory.RunTranslated(() =>
        File.Exists(_targetPath) && new FileInfo(_targetPath).LinkTarget is null
            ? File.OpenHandle(_targetPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)
            : null);

    public void LockCommitted(SafeFileHandle committed)
    {
        ulong inode = FileStatus.TryGet(_targetPath, out FileStatus status) ? status.Inode : 0;
        string key = PortableAppendDirectory.GetTargetLockKey(Path.GetDirectoryName(_targetPath)!, inode, Path.GetFileName(_targetPath));
        for (int waits = 0; !PortablePartialUploads.TryAcquire(key); waits++)
        {
            AppendCommit.WaitBeforeRetry(waits, _targetPath);
        }

        _committedLockKey = key;
    }

    public ulong Id => FileStatus.TryGet(_stagingPath, out FileStatus status) ? status.Id : 0;

    public ulong ContainerId => FileStatus.TryGet(Path.GetDirectoryName(_targetPath)!, out FileStatus status) ? status.Id : 0;

    public string TargetName => Path.GetFileName(_targetPath);

    public FileEntry? GetTargetEntry() => PortableRootDirectory.RunTranslated(() => PortableRootDirectory.GetRealEntry(_targetPath));

    /// <summary>Returns a hash of the path. A directory with two spellings has two ids, and is flushed twice.</summary>
    public ulong DirectoryId => (ulong)Path.GetDirectoryName(_targetPath)!.GetHashCode(StringComparison.Ordinal);

    public void BeginFlush()
    {
    }

    public void Flush() => PortableRootDirectory.RunTranslated(() =>
    {
        RandomAccess.FlushToDisk(Handle);
        return true;
    });

    public void FlushDirectory() => DirectoryFlush.Flush(Path.GetDirectoryName(_targetPath)!);

    public void Commit(bool isDurable)
    {
        // An append is tried first. If the file is missing, the staging file is renamed instead, and must not replace a file that another
        // upload has created in the meantime.
        bool mustNotReplace = CanCommitByAppending;
        while (!_isCommittedOrKept)
        {
            _isCommittedOrKept = (mustNotReplace && AppendCommit.TryApply(CreateAppendDirectory(), CreateAppend(), isDurable))
                || PortableRootDirectory.RunSerializedTranslated(() => TryMoveToTarget(replace: _start.CanReplace && !mustNotReplace));
            if (!_isCommittedOrKept && !mustNotReplace)
            {
                throw new StoreException(StoreError.Exists, $"{_targetPath} already exists.");
            }
        }
    }

    public IStagingFile ConvertAppendToFullFile(CancellationToken cancellationToken) => PortableRootDirectory.RunTranslated(() =>
    {
        string? partialUploadPath = _start.Uploader is { } uploader
            ? PortablePartialUploads.GetPath(_targetPath, uploader, _committed, isAppend: false)
            : null;
        string copyPath = Path.Combine(Path.GetDirectoryName(_targetPath)!, StagingNames.CreateRandom());
        var copy = new PortableStagingFile(copyPath, _targetPath, _committed, _start, partialUploadPath) { DirectoryPath = DirectoryPath };
        try
        {
            copy.OpenHandle();
            copy.SetFinalMode();
            using SafeFileHandle committed = OpenCommitted()
                ?? throw new StoreException(
                    StoreError.Busy, $"The upload of {_targetPath} cannot be resumed, because the file was deleted.");
            long length = RandomAccess.GetLength(Handle);
            if (ContentCopy.Copy(committed, copy.Handle, BaseOffset, cancellationToken) < BaseOffset)
            {
                throw new StoreException(
                    StoreError.Busy, $"The upload of {_targetPath} cannot be resumed, because the file was truncated.");
            }

            ContentCopy.CopyBytes(Handle, 0, copy.Handle, BaseOffset, length);
            copy.RenameToPartialUploadName();
            copy.ResumedLength = BaseOffset + length;
        }
        catch
        {
            copy.Dispose();
            throw;
        }

        Dispose();
        return copy;
    });

    /// <summary>Renames the staging file to the name of its target. Returns false if the name must be free and is not.</summary>
    private bool TryMoveToTarget(bool replace)
    {
        if (Directory.Exists(_targetPath) && new FileInfo(_targetPath).LinkTarget is null)
        {
            throw new StoreException(StoreError.NotAFile, $"{_targetPath} is a directory.");
        }

        bool mustCheck = !replace || _start.MustExist;
        bool exists = mustCheck && PortableRootDirectory.GetRealEntry(_targetPath) is not null;
        if (_start.MustExist && !exists)
        {
            throw new StoreException(StoreError.NotFound, $"{_targetPath} was deleted during the upload.");
        }

        if (!replace && exists)
        {
            return false;
        }

        File.Move(_stagingPath, _targetPath, overwrite: replace);
        return true;
    }

    private PortableAppendDirectory CreateAppendDirectory() => new(Path.GetDirectoryName(_targetPath)!);

    /// <summary>
    /// Returns the append of this staging file. If the client chose the offset, the committed file must still be the file for which it was
    /// chosen.
    /// </summary>
    private StagedAppend CreateAppend()
    {
        var append = new StagedAppend(
            Path.GetFileName(_targetPath), Path.GetFileName(_stagingPath), Handle, ExpectedId: null, ExpectedLength: null);
        return _start.Offset is null ? append : append with { ExpectedId = _committed!.Value.Id, ExpectedLength = BaseOffset };
    }

    public void RenameToPartialUploadName()
    {
        if (!TryRenameToPartialUploadName())
        {
            throw new StoreException(StoreError.Busy, $"Another session is uploading {_targetPath}.");
        }
    }

    public void UndoKeep() => _isCommittedOrKept = false;

    public bool TryKeepAsPartialUpload()
    {
        if (_partialUploadPath is not null && !OperatingSystem.IsWindows() && StagingFileModes.NewFile is not null)
        {
            try
            {
                File.SetUnixFileMode(Handle, StagingFileModes.PartialUpload);
            }
            catch (Exception exception) when (SystemErrors.IsSystemError(exception))
            {
                // A file system without permission bits.
            }
        }

        return _isCommittedOrKept |= TryRenameToPartialUploadName();
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        Handle?.Dispose();
        try
        {
            if (!_isCommittedOrKept)
            {
                File.Delete(_stagingPath);
            }
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            // The staging file is hidden, and a later sweep deletes it.
        }

        PortablePartialUploads.Release(_stagingPath);
        if (_committedLockKey is not null)
        {
            PortablePartialUploads.Release(_committedLockKey);
        }
    }

    /// <summary>
    /// Returns the path of the partial upload to resume. Returns null if none exists, or if the upload starts with an empty file.
    /// </summary>
    private static PartialUploadName? FindResumedPath(string real, FileEntry? committed, WriteStart start)
    {
        IEnumerable<PartialUploadName> uploads = start is { Uploader: { } uploader, ShouldKeepContent: true }
            ? PortablePartialUploads.GetPaths(real, uploader, committed)
            : [];
        foreach (PartialUploadName upload in uploads)
        {
            if (PortablePartialUploads.ExistsOrIsInUse(upload.Name))
            {
                return upload;
            }
        }

        return null;
    }

    /// <summary>
    /// Renames the staging file to its partial-upload name, and replaces an older partial upload of that name. Returns whether the file has
    /// the name.
    /// </summary>
    private bool TryRenameToPartialUploadName()
    {
        string oldPath = _stagingPath;
        if (_partialUploadPath is null || oldPath == _partialUploadPath || !PortablePartialUploads.TryAcquire(_partialUploadPath))
        {
            return _partialUploadPath is not null && oldPath == _partialUploadPath;
        }

        PortableRootDirectory.RunTranslated(() =>
        {
            File.Move(oldPath, _partialUploadPath, overwrite: true);
            return true;
        });
        _stagingPath = _partialUploadPath;
        PortablePartialUploads.Release(oldPath);
        return true;
    }

    /// <summary>Opens the partial upload to resume, or creates an empty staging file.</summary>
    private void OpenHandle()
    {
        PortablePartialUploads.TryAcquire(_stagingPath);
        FileEntry? existing = _stagingPath == _partialUploadPath ? PortableRootDirectory.GetRealEntry(_stagingPath) : null;
        if (existing is { Kind: not EntryKind.File })
        {
            _isCommittedOrKept = true;
            throw new StoreException(
                StoreError.Busy,
                $"The upload of {_targetPath} cannot start, because {Path.GetFileName(_stagingPath)} exists and is not a file.");
        }

        if (existing is not null && _start.ShouldKeepContent)
        {
            Handle = File.OpenHandle(_stagingPath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            ResumedLength = BaseOffset + RandomAccess.GetLength(Handle);
            return;
        }

        if (existing is not null)
        {
            File.Delete(_stagingPath);
        }

        // The stream has no buffer, so only its handle is kept.
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows() && _committed?.UnixMode is { } mode)
        {
            // The mode never grants more than the mode of the replaced file.
            options.UnixCreateMode = mode;
        }

        Handle = new FileStream(_stagingPath, options).SafeFileHandle;
    }

    /// <summary>
    /// Sets the mode that the file has after its commit: the mode of the replaced file, or for a resumed upload the mode of a new file.
    /// </summary>
    private void SetFinalMode()
    {
        UnixFileMode? newFileMode = ResumedLength is null ? null : StagingFileModes.NewFile;
        UnixFileMode? mode = _committed is { } file ? file.UnixMode : newFileMode;
        if (mode is not null && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Handle, mode.Value);
        }
    }
}
