using Fts.Storage.Local.Portable;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Staging;

/// <summary>A staging file beside its target, used by path. <see cref="PortablePartialUploads"/> records that it is in use.</summary>
internal sealed class PortableStagingFile : IStagingFile
{
    private readonly string _path;
    private readonly bool _isCreateOnly;
    private readonly string? _partialUploadPath;
    private string _stagingPath;
    private bool _isRetained;
    private bool _isDisposed;

    private PortableStagingFile(string stagingPath, string path, WriteStart start, string? partialUploadPath)
    {
        (_stagingPath, _path, _isCreateOnly, _partialUploadPath) = (stagingPath, path, start.IsCreateOnly, partialUploadPath);
        Handle = null!;
    }

    public SafeFileHandle Handle { get; private set; }

    public long? CommittedLength { get; private init; }

    public long? ResumedLength { get; private set; }

    public string? PartialUploadName => Path.GetFileName(_partialUploadPath);

    public required string DirectoryPath { get; init; }

    /// <summary>Creates the staging file beside a target, or opens the partial upload that is resumed.</summary>
    /// <param name="real">The real path of the target, without links.</param>
    /// <param name="directoryPath">The path of its directory relative to the root.</param>
    /// <param name="committed">The existing file, or null.</param>
    /// <param name="start">How the upload begins.</param>
    public static PortableStagingFile Open(string real, string directoryPath, FileEntry? committed, WriteStart start)
    {
        if (committed is not null)
        {
            // A rename does not check the mode of the file that it replaces. A read-only file must not be replaced.
            File.OpenHandle(real, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose();
        }

        if (start is { Uploader: { } uploader, ShouldKeepContent: false } && committed is not null)
        {
            // A new upload discards the partial upload that began as a copy. Opening the handle discards the other one.
            PortablePartialUploads.TryDelete(PortablePartialUploads.GetPath(real, uploader, committed));
        }

        // An upload that begins as a copy gets its partial-upload name after the copy is complete.
        string? resumed = FindResumedPath(real, committed, start);
        string? partialUploadPath = resumed;
        if (partialUploadPath is null && start.Uploader is { } owner)
        {
            partialUploadPath = PortablePartialUploads.GetPath(real, owner, start.ShouldKeepContent ? committed : null);
        }

        bool isNamed = (resumed is not null || (partialUploadPath is not null && !start.ShouldKeepContent))
            && PortablePartialUploads.TryAcquire(partialUploadPath!);
        if (resumed is not null && !isNamed)
        {
            throw new StoreException(StoreError.Busy, $"Another session is uploading {real}.");
        }

        string stagingPath = isNamed ? partialUploadPath! : Path.Combine(Path.GetDirectoryName(real)!, StagingNames.CreateRandom());
        var staging = new PortableStagingFile(stagingPath, real, start, partialUploadPath)
        {
            CommittedLength = committed?.Length,
            DirectoryPath = directoryPath,
        };
        try
        {
            staging.OpenHandle(start, committed?.UnixMode);
            staging.SetFinalMode(committed);
            return staging;
        }
        catch
        {
            staging._isRetained |= staging.ResumedLength is not null;
            staging.Dispose();
            throw;
        }
    }

    public SafeFileHandle? OpenCommitted() => PortableRootDirectory.RunTranslated(() =>
        File.Exists(_path) && new FileInfo(_path).LinkTarget is null
            ? File.OpenHandle(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)
            : null);

    /// <summary>Returns a hash of the path. A directory with two spellings has two ids, and is flushed twice.</summary>
    public ulong DirectoryId => (ulong)Path.GetDirectoryName(_path)!.GetHashCode(StringComparison.Ordinal);

    public void BeginFlush()
    {
    }

    public void Flush() => PortableRootDirectory.RunTranslated(() =>
    {
        RandomAccess.FlushToDisk(Handle);
        return true;
    });

    public void FlushDirectory() => DirectoryFlush.Flush(Path.GetDirectoryName(_path)!);

    public void Commit() => _isRetained = PortableRootDirectory.RunNamingTranslated(() =>
    {
        if (Directory.Exists(_path) && new FileInfo(_path).LinkTarget is null)
        {
            throw new StoreException(StoreError.NotAFile, $"{_path} is a directory.");
        }

        File.Move(_stagingPath, _path, overwrite: !_isCreateOnly);
        return true;
    });

    public void RenameToPartialUploadName()
    {
        if (!TryRenameToPartialUploadName())
        {
            throw new StoreException(StoreError.Busy, $"Another session is uploading {_path}.");
        }
    }

    public bool TryKeep()
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

        return _isRetained |= TryRenameToPartialUploadName();
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
            if (!_isRetained)
            {
                File.Delete(_stagingPath);
            }
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            // The staging file is hidden, and a later sweep deletes it.
        }

        PortablePartialUploads.Release(_stagingPath);
    }

    /// <summary>Returns the path of the partial upload to resume, or null if none exists or the upload starts with an empty file.</summary>
    private static string? FindResumedPath(string real, FileEntry? committed, WriteStart start) =>
        start is { Uploader: { } uploader, ShouldKeepContent: true }
            ? PortablePartialUploads.GetPaths(real, uploader, committed).FirstOrDefault(PortablePartialUploads.ExistsOrIsInUse)
            : null;

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

    private void OpenHandle(WriteStart start, UnixFileMode? mode)
    {
        PortablePartialUploads.TryAcquire(_stagingPath);
        FileEntry? existing = _stagingPath == _partialUploadPath ? PortableRootDirectory.GetRealEntry(_stagingPath) : null;
        if (existing is { Kind: not EntryKind.File })
        {
            _isRetained = true;
            throw new StoreException(StoreError.Busy, $"The staging name for {_path} belongs to an entry that is not a file.");
        }

        if (existing is not null && start.ShouldKeepContent)
        {
            Handle = File.OpenHandle(_stagingPath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            ResumedLength = RandomAccess.GetLength(Handle);
            return;
        }

        if (existing is not null)
        {
            File.Delete(_stagingPath);
        }

        // A stream without a buffer can be abandoned: its handle remains usable.
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows() && mode is not null)
        {
            // The mode never grants more than that of the replaced file.
            options.UnixCreateMode = mode;
        }

        Handle = new FileStream(_stagingPath, options).SafeFileHandle;
    }

    /// <summary>
    /// Sets the mode that the file has after its commit: that of the replaced file or, for a resumed upload, that of a new file.
    /// </summary>
    private void SetFinalMode(FileEntry? committed)
    {
        UnixFileMode? newFileMode = ResumedLength is null ? null : StagingFileModes.NewFile;
        UnixFileMode? mode = committed is { } file ? file.UnixMode : newFileMode;
        if (mode is not null && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Handle, mode.Value);
        }
    }
}
