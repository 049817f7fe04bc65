using Fts.Storage.Local.Linux;
using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Portable;

/// <summary>
/// The root directory on systems without openat2, with .NET's file functions. Links are resolved one component at a time before each call.
/// </summary>
/// <remarks>
/// A local process that creates a link between the resolution and the call can redirect the call to an entry outside the root. Only
/// <see cref="LinuxRootDirectory"/> prevents this.
/// </remarks>
internal sealed class PortableRootDirectory : IRootDirectory
{
    private static readonly Lock s_namingLock = new();

    private readonly PortablePathResolver _resolver;

    private readonly ProtectedEntries? _protected;

    public PortableRootDirectory(string directory, ProtectedEntries? protectedEntries)
    {
        _protected = protectedEntries;
        string real = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        // The root itself may be a link, as /tmp is on some systems.
        FileSystemInfo? linkTarget = RunTranslated(() => Directory.ResolveLinkTarget(real, returnFinalTarget: true));
        _resolver = new PortablePathResolver(linkTarget?.FullName ?? real);
        if (GetRealEntry(_resolver.Root) is not { Kind: EntryKind.Directory })
        {
            throw new StoreException(StoreError.NotFound, $"{directory} does not exist or is not a directory.");
        }

        IgnoresCase = CaseSensitivity.IgnoresCase(_resolver.Root) ?? true; // then rules apply to more names than necessary
    }

    /// <inheritdoc/>
    public bool IgnoresCase { get; }

    public void Dispose()
    {
    }

    public FileEntry? GetEntry(StorePath path)
    {
        if (!PortablePathResolver.CanRepresent(path))
        {
            return null;
        }

        return _resolver.Resolve(path, followLast: false, out string real) switch
        {
            null => IsHidden(real) ? null : RunTranslated(() => GetEntryOrLinkTarget(path, real)),
            StoreError.NotFound or StoreError.NotADirectory => null,
            { } error => throw CreateResolutionException(error, path),
        };
    }

    public FileEntry? GetUnfollowedEntry(StorePath path)
    {
        if (!PortablePathResolver.CanRepresent(path))
        {
            return null;
        }

        return _resolver.Resolve(path, followLast: false, out string real) switch
        {
            null => IsHidden(real) ? null : RunTranslated(() => GetRealEntry(real)) is { } entry ? entry with { Name = path.Name } : null,
            StoreError.NotFound or StoreError.NotADirectory => null,
            { } error => throw CreateResolutionException(error, path),
        };
    }

    /// <summary>
    /// Returns the entry at a real path, or null if none exists. For a link, returns the entry of its target if the target can be resolved.
    /// </summary>
    private FileEntry? GetEntryOrLinkTarget(StorePath path, string real)
    {
        if (GetRealEntry(real) is not { } entry)
        {
            return null;
        }

        FileEntry? target = entry.Kind == EntryKind.Other ? ResolveLink(path) : null;
        return (target ?? entry) with { Name = path.Name };
    }

    public IDirectoryReader OpenDirectory(StorePath directory)
    {
        string real = GetExistingPath(directory, EntryKind.Directory, StoreError.NotADirectory);
        return RunTranslated(() => new PortableDirectoryReader(this, real, directory));
    }

    public SafeFileHandle OpenRead(StorePath path, out long length)
    {
        string real = GetExistingPath(path, EntryKind.File, StoreError.NotAFile);
        SafeFileHandle handle = RunTranslated(() =>
            File.OpenHandle(real, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        try
        {
            length = RunTranslated(() => RandomAccess.GetLength(handle));
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public IStagingFile OpenStagingFile(StorePath path, WriteStart start)
    {
        string entryPath = GetTargetPath(path, followLast: false, StoreError.BadName);
        FileEntry? entry = RunTranslated(() => GetRealEntry(entryPath));
        if (entry is not null && start.IsCreateOnly)
        {
            throw CreateExistsException(path);
        }

        string real = entry is null ? entryPath : GetTargetPath(path, followLast: true, StoreError.BadName);
        FileEntry? committed = RunTranslated(() => GetRealEntry(real));
        if (committed is null && entry is not null)
        {
            throw new StoreException(StoreError.Denied, $"{path} is a link to a missing entry.");
        }

        return committed is { Kind: not EntryKind.File }
            ? throw new StoreException(StoreError.NotAFile, $"{path} is not a regular file.")
            : RunTranslated(() => PortableStagingFile.Open(real, GetDirectoryPath(real), committed, start));
    }

    public PartialUpload? GetPartialUpload(StorePath path, string uploader) =>
        PortablePathResolver.CanRepresent(path) && _resolver.Resolve(path, followLast: true, out string real) is null
            ? RunTranslated(() => PortablePartialUploads.Get(real, uploader))
            : null;

    public bool DiscardPartialUpload(StorePath path, string uploader) =>
        PortablePathResolver.CanRepresent(path)
        && _resolver.Resolve(path, followLast: true, out string real) is null
        && RunTranslated(() => PortablePartialUploads.Discard(real, uploader));

    public int SweepPartialUploads(DateTime before, PartialUploadIndex index, CancellationToken cancellationToken) => RunTranslated(() =>
    {
        return PortablePartialUploads.Sweep(_resolver.Root, before, AddToIndex, index.AddUnrecoveredAppend, cancellationToken);

        void AddToIndex(string path, FileEntry upload) =>
            index.AddFound(new PartialUploadLocation(GetDirectoryPath(path), upload.Name), upload.Length, upload.LastModified);
    });

    public bool HasUnfinishedAppend(StorePath path) =>
        PortablePathResolver.CanRepresent(path)
        && _resolver.Resolve(path, followLast: true, out string real) is null
        && RunTranslated(() => PortableAppends.HasUnfinished(real));

    public void RecoverAppend(StorePath path)
    {
        if (PortablePathResolver.CanRepresent(path) && _resolver.Resolve(path, followLast: true, out string real) is null)
        {
            RunTranslated(() => PortableAppends.TryRecover(real));
        }
    }

    public void RecoverAppendsIn(StorePath directory)
    {
        if (PortablePathResolver.CanRepresent(directory) && _resolver.Resolve(directory, followLast: true, out string real) is null)
        {
            RunTranslated(() => PortableAppends.RecoverIn(real));
        }
    }

    public bool HasPartialUploadAt(in PartialUploadLocation location)
    {
        string path = GetRealPath(location);
        return RunTranslated(() => PortablePartialUploads.GetEntry(path)) is not null;
    }

    public void DiscardPartialUploadAt(in PartialUploadLocation location)
    {
        string path = GetRealPath(location);
        RunTranslated(() => PortablePartialUploads.TryDelete(path));
    }

    public void CreateDirectory(StorePath path)
    {
        string real = GetTargetPath(path, followLast: false, StoreError.BadName);
        RunSerializedTranslated(() => GetRealEntry(real) is null ? Directory.CreateDirectory(real) : throw CreateExistsException(path));
    }

    public void CreateLink(StorePath path, StorePath target, string text)
    {
        string realTarget = GetTargetPath(target, followLast: true, StoreError.NotFound);
        string real = GetTargetPath(path, followLast: false, StoreError.BadName);
        ThrowIfOnProtectedPath(real, StoreError.BadName, path);
        FileEntry targetEntry = RunTranslated(() => GetRealEntry(realTarget)) ?? throw CreateNotFoundException(target);
        if (targetEntry.Kind == EntryKind.Other)
        {
            throw new StoreException(StoreError.NotAFile, $"{target} is neither a file nor a directory.");
        }

        RunSerializedTranslated(() =>
        {
            if (GetRealEntry(real) is not null)
            {
                throw CreateExistsException(path);
            }

            // Windows has different links for files and directories.
            return targetEntry.Kind == EntryKind.Directory ? Directory.CreateSymbolicLink(real, text) : File.CreateSymbolicLink(real, text);
        });
    }

    public void DeleteFile(StorePath path, string? uploader)
    {
        string real = GetTargetPath(path, followLast: false, StoreError.NotFound);
        ThrowIfOnProtectedPath(real, StoreError.Denied, path);
        RunTranslated(() =>
        {
            FileEntry? entry = GetRealEntry(real);
            if (entry is { Kind: EntryKind.Directory })
            {
                throw new StoreException(StoreError.NotAFile, $"{path} is a directory.");
            }

            // The paths of the partial uploads are determined before the file is deleted, because they depend on its metadata.
            PartialUploadName[] uploads = uploader is not null && _resolver.Resolve(path, followLast: true, out string target) is null
                ? [.. PortablePartialUploads.GetPaths(target, uploader, GetRealEntry(target))]
                : [];
            if (entry is not null)
            {
                File.Delete(real);
            }

            bool isDiscarded = false;
            foreach (PartialUploadName upload in uploads)
            {
                isDiscarded |= PortablePartialUploads.TryDelete(upload.Name);
            }

            return isDiscarded || entry is not null ? true : throw CreateNotFoundException(path);
        });
    }

    public void DeleteDirectory(StorePath path)
    {
        string real = GetEntryPath(path, out FileEntry entry);
        ThrowIfOnProtectedPath(real, StoreError.Denied, path);
        RunTranslated(() =>
        {
            if (entry.Kind != EntryKind.Directory)
            {
                throw new StoreException(StoreError.NotADirectory, $"{path} is not a directory.");
            }

            PortableRename.DeleteDirectory(real, path.Value);
            return true;
        });
    }

    public void Rename(StorePath source, StorePath target, bool replace)
    {
        string from = GetEntryPath(source, out FileEntry moved);
        string to = GetTargetPath(target, followLast: false, StoreError.BadName);
        ThrowIfOnProtectedPath(from, StoreError.Denied, source);
        ThrowIfOnProtectedPath(to, StoreError.BadName, target);
        RunSerializedTranslated(() =>
        {
            FileEntry? existing = GetRealEntry(to);
            bool mayBeSame = from != to && PortableRename.MayBeSameFile(moved, existing);
            if (existing is not null && !replace && !mayBeSame)
            {
                throw CreateExistsException(target);
            }

            if (to.StartsWith(from + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                throw new StoreException(StoreError.NotSupported, $"{source} cannot be moved into itself.");
            }

            ThrowIfNotReplaceable(existing, moved, target);
            if (mayBeSame)
            {
                PortableRename.MoveViaTemporaryName(from, to, replace);
            }
            else if (from != to)
            {
                PortableRename.Move(from, to, existing, replace);
            }

            return true;
        });
    }

    /// <summary>Throws if a rename cannot replace an existing entry, because only one of the two is a directory.</summary>
    private static void ThrowIfNotReplaceable(FileEntry? existing, FileEntry moved, StorePath target)
    {
        if (existing is { Kind: EntryKind.Directory } && moved.Kind != EntryKind.Directory)
        {
            throw new StoreException(StoreError.NotAFile, $"{target} is a directory.");
        }

        if (existing is { Kind: not EntryKind.Directory } && moved.Kind == EntryKind.Directory)
        {
            throw new StoreException(StoreError.NotADirectory, $"{target} is not a directory.");
        }
    }

    public void SetMetadata(StorePath path, FileMetadata metadata)
    {
        string real = GetTargetPath(path, followLast: true, StoreError.NotFound);
        FileEntry existing = RunTranslated(() => GetRealEntry(real)) ?? throw CreateNotFoundException(path);
        if (existing.Kind == EntryKind.Other)
        {
            throw new StoreException(StoreError.NotAFile, $"{path} is neither a file nor a directory.");
        }

        if (metadata.UnixMode is not null && (real == _resolver.Root || _protected?.Current.IsOnProtectedPath(real) == true))
        {
            throw new StoreException(
                StoreError.Denied,
                $"The mode of {path} cannot be set, because the path is the root or a directory that contains a protected entry.");
        }

        RunTranslated(() =>
        {
            if (metadata.UnixMode is { } mode)
            {
                if (OperatingSystem.IsWindows())
                {
                    throw new StoreException(StoreError.NotSupported, "Windows does not support permission bits.");
                }

                File.SetUnixFileMode(real, mode);
            }

            if (metadata.LastModified is { } modified && existing.Kind == EntryKind.File)
            {
                File.SetLastWriteTimeUtc(real, modified);
            }
            else if (metadata.LastModified is not null)
            {
                Directory.SetLastWriteTimeUtc(real, metadata.LastModified.Value);
            }

            return true;
        });
    }

    public void FlushDirectory(StorePath directory)
    {
        if (_resolver.Resolve(directory, followLast: true, out string real) is null && Directory.Exists(real))
        {
            DirectoryFlush.Flush(real);
        }
    }

    public long GetFreeSpace(StorePath directory)
    {
        string real = GetExistingPath(directory, EntryKind.Directory, StoreError.NotADirectory);
        return RunTranslated(() => new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(real)! : real).AvailableFreeSpace);
    }

    /// <summary>Returns the entry of a link's target, or null if the target is missing, protected or outside the root.</summary>
    internal FileEntry? ResolveLink(StorePath path) =>
        _resolver.Resolve(path, followLast: true, out string real) is null && !IsHidden(real) ? GetRealEntry(real) : null;

    /// <summary>Returns whether a real path is protected. Only its last component may be a link.</summary>
    internal bool IsHidden(string real) => _protected?.Current.IsHidden(real) == true;

    /// <summary>Returns the entry at a real path without following a link, or null if none exists.</summary>
    internal static FileEntry? GetRealEntry(string real)
    {
        var info = new FileInfo(real);
        if (!info.Exists && !Directory.Exists(real) && info.LinkTarget is null)
        {
            return null;
        }

        FileAttributes attributes = info.Attributes;
        (bool isSpecial, ulong id) = LinuxFileStatus.GetTypeAndId(real);
        bool isLink = attributes.HasFlag(FileAttributes.ReparsePoint);
        EntryKind targetKind = attributes.HasFlag(FileAttributes.Directory) ? EntryKind.Directory : EntryKind.File;
        EntryKind kind = isLink || isSpecial ? EntryKind.Other : targetKind;
        long length = kind == EntryKind.File ? info.Length : 0;
        UnixFileMode? mode = OperatingSystem.IsWindows() ? null : info.UnixFileMode & PathRules.SettableMode;
        return new FileEntry(info.Name, kind, length, info.LastWriteTimeUtc, mode, id, isLink);
    }

    /// <summary>Runs a call and translates errors of the operating system to <see cref="StoreException"/>.</summary>
    internal static T RunTranslated<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception);
        }
    }

    /// <summary>
    /// Runs a call that creates a name that must be free. Runs one such call at a time. Translates errors as <see cref="RunTranslated"/>
    /// does.
    /// </summary>
    /// <remarks>
    /// Outside Windows, .NET first checks that a name is free and then uses the name. Without the lock, two simultaneous calls could both
    /// succeed, and one file would be lost. The lock does not affect other processes.
    /// </remarks>
    internal static T RunSerializedTranslated<T>(Func<T> call)
    {
        lock (s_namingLock)
        {
            return RunTranslated(call);
        }
    }

    /// <summary>Returns the real path of an entry that need not exist, in a directory that exists.</summary>
    /// <param name="path">The path.</param>
    /// <param name="followLast">Whether the last component is followed if it is a link.</param>
    /// <param name="ifInvalid">The error if the system cannot represent the path, or the path is protected.</param>
    private string GetTargetPath(StorePath path, bool followLast, StoreError ifInvalid)
    {
        if (!PortablePathResolver.CanRepresent(path))
        {
            throw new StoreException(ifInvalid, $"{path} contains a name that this operating system does not support.");
        }

        if (_resolver.Resolve(path, followLast, out string real) is { } error)
        {
            throw CreateResolutionException(error, path);
        }

        ThrowIfProtected(real, ifInvalid, path);
        return real;
    }

    /// <summary>Returns the path of the directory that contains a real path, relative to the root and with slashes.</summary>
    private string GetDirectoryPath(string real) =>
        Path.GetRelativePath(_resolver.Root, Path.GetDirectoryName(real)!).Replace(Path.DirectorySeparatorChar, '/');

    private string GetRealPath(in PartialUploadLocation location) =>
        Path.GetFullPath(Path.Combine(_resolver.Root, location.DirectoryPath, location.Name));

    /// <summary>Throws if a real path is protected.</summary>
    private void ThrowIfProtected(string real, StoreError ifProtected, StorePath path)
    {
        if (IsHidden(real))
        {
            throw new StoreException(ifProtected, $"{path} is protected.");
        }
    }

    /// <summary>
    /// Throws if a real path is part of a protected path: a directory above a protected entry, or a link to such a directory. The real path
    /// need not exist.
    /// </summary>
    private void ThrowIfOnProtectedPath(string real, StoreError ifProtected, StorePath path)
    {
        if (_protected?.Current.IsOnProtectedPath(real) == true)
        {
            throw new StoreException(
                ifProtected, $"{path} cannot be created, deleted or renamed, because it is part of a protected path.");
        }
    }

    /// <summary>
    /// Returns the real path of an existing entry of this kind, following links. Throws <paramref name="ifOtherKind"/> for an entry of
    /// another kind.
    /// </summary>
    private string GetExistingPath(StorePath path, EntryKind kind, StoreError ifOtherKind)
    {
        string real = GetTargetPath(path, followLast: true, StoreError.NotFound);
        FileEntry entry = RunTranslated(() => GetRealEntry(real)) ?? throw CreateNotFoundException(path);
        string kindName = kind == EntryKind.File ? "regular file" : "directory";
        return entry.Kind == kind ? real : throw new StoreException(ifOtherKind, $"{path} is not a {kindName}.");
    }

    /// <summary>Returns the real path of an existing entry without following a link.</summary>
    private string GetEntryPath(StorePath path, out FileEntry entry)
    {
        string real = GetTargetPath(path, followLast: false, StoreError.NotFound);
        entry = RunTranslated(() => GetRealEntry(real)) ?? throw CreateNotFoundException(path);
        return real;
    }

    private static StoreException CreateNotFoundException(StorePath path) => new(StoreError.NotFound, $"{path} does not exist.");

    private static StoreException CreateExistsException(StorePath path) => new(StoreError.Exists, $"{path} already exists.");

    private static StoreException CreateResolutionException(StoreError error, StorePath path) => new(error, error switch
    {
        StoreError.Denied => $"A link in {path} is absolute, points outside the root, or forms a loop.",
        StoreError.NotADirectory => $"{path} contains a component that is not a directory.",
        _ => $"A parent directory of {path} does not exist.",
    });
}
