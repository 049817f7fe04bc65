using System.Collections.Concurrent;
using Fts.Storage.Local.Portable;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Staging;

/// <summary>
/// A pending file beside its target, by path. Which ones are being written is known for this process alone: locks that hold on every system would keep readers
/// from a file in the moment it is committed. Two servers that share a folder without the kernel's confinement are not told apart.
/// </summary>
internal sealed class PortableStagingFile : IStagingFile
{
    private static readonly ConcurrentDictionary<string, bool> s_pathsInUse = new(StringComparer.Ordinal);

    private readonly string _path;
    private readonly bool _isCreateOnly;
    private readonly string? _partialUploadPath;
    private string _stagingPath;
    private bool _isRetained;
    private bool _isDisposed;

    private PortableStagingFile(string pendingPath, string path, WriteStart start, string? slot)
    {
        (_stagingPath, _path, _isCreateOnly, _partialUploadPath) = (pendingPath, path, start.IsCreateOnly, slot);
        Handle = null!;
    }

    public SafeFileHandle Handle { get; private set; }

    public long? CommittedLength { get; private init; }

    public long? ResumedLength { get; private set; }

    public string? PartialUploadName => Path.GetFileName(_partialUploadPath);

    public required string DirectoryPath { get; init; }

    /// <summary>Makes the file beside <paramref name="real"/>, which holds no link, or takes the one there that is continued.</summary>
    /// <param name="real">The path of the target, free of links.</param>
    /// <param name="folderPath">The path of its folder relative to the root.</param>
    /// <param name="committed">The metadata of the existing file, or null.</param>
    /// <param name="start">How the upload begins.</param>
    public static PortableStagingFile Open(string real, string folderPath, FileEntry? committed, WriteStart start)
    {
        if (committed is not null)
        {
            // A rename asks nothing of the file it replaces; a read-only file must be as safe from it as from being opened for writing.
            File.OpenHandle(real, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose();
        }

        // What is continued is found under its name; what begins as a copy gets it when it is one.
        string? kept = start is { Uploader: { } uploader, ShouldKeepContent: true } ? GetPartialUploadPaths(real, uploader, committed).FirstOrDefault(one => s_pathsInUse.ContainsKey(one) || Path.Exists(one)) : null;
        if (start is { Uploader: { } anew, ShouldKeepContent: false } && committed is not null)
        {
            TryRemove(GetPartialUploadPath(real, anew, committed)); // given up, too
        }

        string? slot = kept ?? (start.Uploader is { } whose ? GetPartialUploadPath(real, whose, start.ShouldKeepContent ? committed : null) : null);
        bool hasSlot = (kept is not null || (slot is not null && !start.ShouldKeepContent)) && s_pathsInUse.TryAdd(slot!, true);
        if (kept is not null && !hasSlot)
        {
            throw new StoreException(StoreError.Busy, $"{real} is being uploaded by another.");
        }

        string pendingPath = hasSlot ? slot! : Path.Combine(Path.GetDirectoryName(real)!, StagingNames.CreateRandom());
        var staging = new PortableStagingFile(pendingPath, real, start, slot) { CommittedLength = committed?.Length, DirectoryPath = folderPath };
        try
        {
            staging.OpenHandle(start, committed?.UnixMode);
            UnixFileMode? final = committed is not null ? committed.Value.UnixMode : staging.ResumedLength is not null ? StagingFileModes.NewFile : null;
            if (final is { } mode && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(staging.Handle, mode);
            }

            return staging;
        }
        catch
        {
            staging._isRetained |= staging.ResumedLength is not null;
            staging.Dispose();
            throw;
        }
    }

    /// <summary>What is left to be continued of an uploader's upload to <paramref name="real"/>; null while it is written.</summary>
    public static PartialUpload? GetPartialUpload(string real, string uploader)
    {
        foreach (string slot in GetPartialUploadPaths(real, uploader, PortableRootDirectory.GetRealEntry(real)))
        {
            if (GetPartialUploadAt(slot) is { } status)
            {
                return new PartialUpload(status.Length, status.LastModified);
            }
        }

        return null;
    }

    /// <summary>Returns the metadata of a partial upload; null if none exists at this path, or while it is being written.</summary>
    public static FileEntry? GetPartialUploadAt(string pendingPath) =>
        !s_pathsInUse.ContainsKey(pendingPath) && PortableRootDirectory.GetRealEntry(pendingPath) is { Kind: EntryKind.File } status ? status : null;

    /// <summary>Removes a pending file if nobody writes it and, where <paramref name="before"/> says so, if it was last written before then.</summary>
    public static bool TryRemove(string pendingPath, DateTime? before = null)
    {
        if (!s_pathsInUse.TryAdd(pendingPath, true))
        {
            return false;
        }

        try
        {
            if (PortableRootDirectory.GetRealEntry(pendingPath) is not { Kind: EntryKind.File } status || status.LastModified >= before)
            {
                return false;
            }

            File.Delete(pendingPath);
            return true;
        }
        finally
        {
            s_pathsInUse.TryRemove(pendingPath, out _);
        }
    }

    /// <summary>The pending files of a folder, written or left.</summary>
    public static List<string> GetStagingFiles(string directory, bool recursive) =>
        [.. Directory.EnumerateFiles(directory, PathRules.StagingPrefix + "*", new EnumerationOptions { RecurseSubdirectories = recursive, AttributesToSkip = FileAttributes.ReparsePoint })];

    /// <summary>
    /// Runs <paramref name="call"/>, which needs an empty folder, on a folder that may contain partial uploads. They are first moved to the
    /// parent folder under random hidden names, then deleted if the call succeeds or moved back if it throws. Returns false, without
    /// calling it, if the folder contains anything else.
    /// </summary>
    public static bool TryRunOnCleared(string directory, Action call)
    {
        var names = new List<string>();
        foreach (string entry in Directory.EnumerateFileSystemEntries(directory))
        {
            if (!PathRules.IsReserved(Path.GetFileName(entry)))
            {
                return false;
            }

            names.Add(entry);
        }

        var held = new List<string>(names.Count);
        var moved = new List<(string Upload, string Aside)>(names.Count);
        bool isDone = false;
        try
        {
            foreach (string name in names)
            {
                if (!s_pathsInUse.TryAdd(name, true))
                {
                    return false; // an upload in progress
                }

                held.Add(name);
                if (PortableRootDirectory.GetRealEntry(name) is not { Kind: EntryKind.File })
                {
                    return false;
                }
            }

            foreach (string name in names)
            {
                string aside = Path.Combine(Path.GetDirectoryName(directory)!, StagingNames.CreateRandom());
                File.Move(name, aside);
                moved.Add((name, aside));
            }

            call();
            isDone = true;
        }
        finally
        {
            foreach ((string upload, string aside) in moved)
            {
                DiscardOrMoveBack(upload, aside, isDone);
            }

            held.ForEach(name => s_pathsInUse.TryRemove(name, out _));
        }

        return true;
    }

    /// <summary>Does not throw, because the other partial uploads must be moved back as well. A file that stays aside is removed by a sweep.</summary>
    private static void DiscardOrMoveBack(string upload, string aside, bool isDiscarded)
    {
        try
        {
            // A newer partial upload of the same name replaces it.
            if (isDiscarded || Path.Exists(upload))
            {
                File.Delete(aside);
            }
            else
            {
                File.Move(aside, upload);
            }
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            // The caller gets the result of its own call.
        }
    }

    /// <summary>Removes what is left to be continued of an uploader's upload to <paramref name="real"/>; false where there is nothing.</summary>
    public static bool DiscardPartialUpload(string real, string uploader)
    {
        bool isRemoved = false;
        foreach (string slot in GetPartialUploadPaths(real, uploader, PortableRootDirectory.GetRealEntry(real)))
        {
            isRemoved |= TryRemove(slot);
        }

        return isRemoved;
    }

    public SafeFileHandle? OpenCommitted() => PortableRootDirectory.RunTranslated(() =>
        File.Exists(_path) && new FileInfo(_path).LinkTarget is null ? File.OpenHandle(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete) : null);

    /// <summary>By path: two spellings of one folder are flushed twice.</summary>
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
            throw new StoreException(StoreError.NotAFile, _path);
        }

        File.Move(_stagingPath, _path, overwrite: !_isCreateOnly);
        return true;
    });

    public void TakePartialUploadName()
    {
        if (!TryTakePartialUploadName())
        {
            throw new StoreException(StoreError.Busy, $"{_path} is being uploaded by another.");
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

        return _isRetained |= TryTakePartialUploadName();
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
            // Leaves a file nobody can see; whoever breaks off an upload has no use for the reason.
        }

        s_pathsInUse.TryRemove(_stagingPath, out _);
    }

    private static string GetPartialUploadPath(string real, string uploader, FileEntry? copied) =>
        Path.Combine(Path.GetDirectoryName(real)!, StagingNames.GetPartialUploadName(Path.GetFileName(real), uploader, copied));

    /// <summary>The paths in which to look for an uploader's partial upload to <paramref name="real"/>.</summary>
    public static IEnumerable<string> GetPartialUploadPaths(string real, string uploader, FileEntry? committed) =>
        StagingNames.GetPartialUploadNames(Path.GetFileName(real), uploader, committed is { Kind: EntryKind.File } ? committed : null).Select(name => Path.Combine(Path.GetDirectoryName(real)!, name));

    private bool TryTakePartialUploadName()
    {
        string before = _stagingPath;
        if (_partialUploadPath is null || before == _partialUploadPath || !s_pathsInUse.TryAdd(_partialUploadPath, true))
        {
            return _partialUploadPath is not null && before == _partialUploadPath;
        }

        PortableRootDirectory.RunTranslated(() =>
        {
            File.Move(before, _partialUploadPath, overwrite: true);
            return true;
        });
        _stagingPath = _partialUploadPath;
        s_pathsInUse.TryRemove(before, out _);
        return true;
    }

    private void OpenHandle(WriteStart start, UnixFileMode? mode)
    {
        s_pathsInUse.TryAdd(_stagingPath, true);
        FileEntry? kept = _stagingPath == _partialUploadPath ? PortableRootDirectory.GetRealEntry(_stagingPath) : null;
        if (kept is { Kind: not EntryKind.File })
        {
            _isRetained = true;
            throw new StoreException(StoreError.Busy, $"{_path}: something else has the place of its upload.");
        }

        if (kept is not null && start.ShouldKeepContent)
        {
            Handle = File.OpenHandle(_stagingPath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            ResumedLength = RandomAccess.GetLength(Handle);
            return;
        }

        if (kept is not null)
        {
            File.Delete(_stagingPath);
        }

        // Without a buffer, the stream holds nothing but its handle, which stays usable without it.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode is not null)
        {
            // From the start, the mode grants no more than that of the replaced file.
            options.UnixCreateMode = mode;
        }

        Handle = new FileStream(_stagingPath, options).SafeFileHandle;
    }
}
