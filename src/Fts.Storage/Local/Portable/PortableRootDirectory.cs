using Fts.Storage.Local.Linux;
using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Portable;

/// <summary>
/// A folder that paths and links do not lead out of, by .NET's file calls alone: for systems and sandboxes without openat2. Links are resolved by hand, one
/// component at a time, before each call. Between the look and the call a local process can swap a link in; only <see cref="LinuxRootDirectory"/> excludes that.
/// </summary>
internal sealed class PortableRootDirectory : IRootDirectory
{
    private static readonly Lock s_namingLock = new();

    private readonly PortablePathResolver _resolver;

    private readonly ProtectedEntries? _protected;

    public PortableRootDirectory(string directory, ProtectedEntries? protectedEntries)
    {
        _protected = protectedEntries;
        string real = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        // The root itself is the owner's to choose, and may be a link; /tmp is one on some systems.
        _resolver = new PortablePathResolver(RunTranslated(() => Directory.ResolveLinkTarget(real, returnFinalTarget: true))?.FullName ?? real);
        _ = GetRealEntry(_resolver.Root) is { Kind: EntryKind.Directory } ? true : throw new StoreException(StoreError.NotFound, $"{directory} is not a folder.");
    }

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
            null => IsHidden(real) ? null : RunTranslated(() => GetRealEntry(real) is not { } entry ? (FileEntry?)null
                : (entry.Kind == EntryKind.Other && ResolveLink(path) is { } target ? target : entry) with { Name = path.Name }),
            StoreError.NotFound or StoreError.NotADirectory => null,
            { } error => throw new StoreException(error, path.Value),
        };
    }

    public IDirectoryReader OpenDirectory(StorePath directory)
    {
        string real = GetExistingPath(directory, EntryKind.Directory, StoreError.NotADirectory);
        return RunTranslated(() => new PortableDirectoryReader(this, real, directory));
    }

    public SafeFileHandle OpenRead(StorePath path, out long length)
    {
        string real = GetExistingPath(path, EntryKind.File, StoreError.NotAFile);
        SafeFileHandle handle = RunTranslated(() => File.OpenHandle(real, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        length = RunTranslated(() => RandomAccess.GetLength(handle));
        return handle;
    }

    public IStagingFile OpenStagingFile(StorePath path, WriteStart start)
    {
        string itself = GetTargetPath(path, followLast: false, StoreError.BadName);
        FileEntry? metadata = RunTranslated(() => GetRealEntry(itself));
        if (metadata is not null && start.IsCreateOnly)
        {
            throw new StoreException(StoreError.Exists, path.Value);
        }

        string real = metadata is null ? itself : GetTargetPath(path, followLast: true, StoreError.BadName);
        FileEntry? committed = RunTranslated(() => GetRealEntry(real));
        if (committed is null && metadata is not null)
        {
            throw new StoreException(StoreError.Denied, $"{path} is a link that leads nowhere.");
        }

        return committed is { Kind: not EntryKind.File }
            ? throw new StoreException(StoreError.NotAFile, path.Value)
            : RunTranslated(() => PortableStagingFile.Open(real, GetDirectoryPath(real), committed, start));
    }

    public PartialUpload? GetPartialUpload(StorePath path, string uploader) =>
        PortablePathResolver.CanRepresent(path) && _resolver.Resolve(path, followLast: true, out string real) is null ? RunTranslated(() => PortablePartialUploads.Get(real, uploader)) : null;

    public bool DiscardPartialUpload(StorePath path, string uploader) =>
        PortablePathResolver.CanRepresent(path) && _resolver.Resolve(path, followLast: true, out string real) is null && RunTranslated(() => PortablePartialUploads.Discard(real, uploader));

    public int SweepPartialUploads(DateTime before, PartialUploadIndex index, CancellationToken cancellationToken) => RunTranslated(() =>
        PortablePartialUploads.Sweep(
            _resolver.Root,
            before,
            (path, entry) => index.AddFound(new PartialUploadLocation(GetDirectoryPath(path), entry.Name), entry.Length, entry.LastModified),
            cancellationToken));

    public bool HasPartialUpload(in PartialUploadLocation place)
    {
        string path = GetRealPath(place);
        return RunTranslated(() => PortablePartialUploads.GetEntry(path)) is not null;
    }

    public void DiscardListedPartialUpload(in PartialUploadLocation place)
    {
        string path = GetRealPath(place);
        RunTranslated(() => PortablePartialUploads.TryDelete(path));
    }

    public void CreateDirectory(StorePath path)
    {
        string real = GetTargetPath(path, followLast: false, StoreError.BadName);
        RunNamingTranslated(() => GetRealEntry(real) is null ? Directory.CreateDirectory(real) : throw new StoreException(StoreError.Exists, path.Value));
    }

    public void CreateLink(StorePath path, StorePath target, string text)
    {
        string pointed = GetTargetPath(target, followLast: true, StoreError.NotFound), real = GetTargetPath(path, followLast: false, StoreError.BadName);
        ThrowIfLeadsToProtected(real, StoreError.BadName, path);
        FileEntry there = RunTranslated(() => GetRealEntry(pointed)) ?? throw new StoreException(StoreError.NotFound, target.Value);
        if (there.Kind == EntryKind.Other)
        {
            throw new StoreException(StoreError.NotAFile, target.Value);
        }

        // Windows has two kinds of links.
        RunNamingTranslated(() => GetRealEntry(real) is not null ? throw new StoreException(StoreError.Exists, path.Value)
            : there.Kind == EntryKind.Directory ? Directory.CreateSymbolicLink(real, text) : File.CreateSymbolicLink(real, text));
    }

    public void DeleteFile(StorePath path, string? uploader)
    {
        string real = GetTargetPath(path, followLast: false, StoreError.NotFound);
        ThrowIfLeadsToProtected(real, StoreError.Denied, path);
        RunTranslated(() =>
        {
            FileEntry? metadata = GetRealEntry(real);
            if (metadata is { Kind: EntryKind.Directory })
            {
                throw new StoreException(StoreError.NotAFile, path.Value);
            }

            // Found before the file is deleted, because the names of its partial uploads depend on its metadata.
            string[] uploads = uploader is not null && _resolver.Resolve(path, followLast: true, out string target) is null
                ? [.. PortablePartialUploads.GetPaths(target, uploader, GetRealEntry(target))]
                : [];
            if (metadata is not null)
            {
                File.Delete(real);
            }

            bool isDiscarded = false;
            foreach (string upload in uploads)
            {
                isDiscarded |= PortablePartialUploads.TryDelete(upload);
            }

            return isDiscarded || metadata is not null ? true : throw new StoreException(StoreError.NotFound, path.Value);
        });
    }

    public void DeleteDirectory(StorePath path)
    {
        string real = GetEntryPath(path, out FileEntry metadata);
        ThrowIfLeadsToProtected(real, StoreError.Denied, path);
        RunTranslated(() =>
        {
            if (metadata.Kind != EntryKind.Directory)
            {
                throw new StoreException(StoreError.NotADirectory, path.Value);
            }

            PortableRename.DeleteDirectory(real, path.Value);
            return true;
        });
    }

    public void Rename(StorePath source, StorePath target, bool replace)
    {
        string from = GetEntryPath(source, out FileEntry moved), to = GetTargetPath(target, followLast: false, StoreError.BadName);
        ThrowIfLeadsToProtected(from, StoreError.Denied, source);
        ThrowIfLeadsToProtected(to, StoreError.BadName, target);
        RunNamingTranslated(() =>
        {
            FileEntry? there = GetRealEntry(to);
            bool isOne = from != to && PortableRename.MayBeSameFile(moved, there);
            StoreError? refused = there is not null && !replace && !isOne ? StoreError.Exists
                : to.StartsWith(from + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? StoreError.NotSupported
                : there is { Kind: EntryKind.Directory } && moved.Kind != EntryKind.Directory ? StoreError.NotAFile
                : there is { Kind: not EntryKind.Directory } && moved.Kind == EntryKind.Directory ? StoreError.NotADirectory
                : null;
            if (refused is { } error)
            {
                throw new StoreException(error, $"{source} to {target}");
            }

            return isOne ? PortableRename.MoveViaTemporaryName(from, to, replace) : from == to || PortableRename.Move(from, to, there, replace);
        });
    }

    public void SetMetadata(StorePath path, FileMetadata metadata)
    {
        string real = GetTargetPath(path, followLast: true, StoreError.NotFound);
        FileEntry there = RunTranslated(() => GetRealEntry(real)) ?? throw new StoreException(StoreError.NotFound, path.Value);
        if (there.Kind == EntryKind.Other)
        {
            throw new StoreException(StoreError.NotAFile, path.Value);
        }

        if (metadata.UnixMode is not null && (real == _resolver.Root || _protected?.Current.LeadsToProtected(real) == true))
        {
            throw new StoreException(StoreError.Denied, $"The mode of {path} cannot be set: it leads to the root or to a protected entry.");
        }

        RunTranslated(() =>
        {
            if (metadata.UnixMode is { } mode)
            {
                if (OperatingSystem.IsWindows())
                {
                    throw new StoreException(StoreError.NotSupported, path.Value);
                }

                File.SetUnixFileMode(real, mode);
            }

            if (metadata.LastModified is { } modified && there.Kind == EntryKind.File)
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

    /// <summary>What a link found in a listing leads to, or null when that is nowhere or outside.</summary>
    internal FileEntry? ResolveLink(StorePath path) => _resolver.Resolve(path, followLast: true, out string real) is null && !IsHidden(real) ? GetRealEntry(real) : null;

    /// <summary>Whether a real path is that of a protected entry. Only its last component may be a link.</summary>
    internal bool IsHidden(string real) => _protected?.Current.IsHidden(real) == true;

    /// <summary>What is at a real path, not following it; null where there is nothing.</summary>
    internal static FileEntry? GetRealEntry(string real)
    {
        var info = new FileInfo(real);
        if (!info.Exists && !Directory.Exists(real) && info.LinkTarget is null)
        {
            return null;
        }

        FileAttributes attributes = info.Attributes;
        (bool isSpecial, ulong id) = LinuxFileStatus.GetFileKind(real);
        EntryKind kind = attributes.HasFlag(FileAttributes.ReparsePoint) || isSpecial ? EntryKind.Other
            : attributes.HasFlag(FileAttributes.Directory) ? EntryKind.Directory
            : EntryKind.File;
        return new FileEntry(
            info.Name, kind, kind == EntryKind.File ? info.Length : 0, info.LastWriteTimeUtc, OperatingSystem.IsWindows() ? null : info.UnixFileMode & (UnixFileMode)0x1FF, id,
            IsLink: attributes.HasFlag(FileAttributes.ReparsePoint));
    }

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
    /// For whatever gives a name that must be free. Many of these calls look whether it is and then take it, .NET's moves among them (outside Windows), so that
    /// of two at once both would succeed and one file be lost: here they wait for one another. Other processes are not kept out.
    /// </summary>
    internal static T RunNamingTranslated<T>(Func<T> call)
    {
        lock (s_namingLock)
        {
            return RunTranslated(call);
        }
    }

    /// <summary>The real path of something that may or may not be there, in a folder that is.</summary>
    private string GetTargetPath(StorePath path, bool followLast, StoreError ifUnspellable)
    {
        if (!PortablePathResolver.CanRepresent(path))
        {
            throw new StoreException(ifUnspellable, path.Value);
        }

        if (_resolver.Resolve(path, followLast, out string real) is { } error)
        {
            throw new StoreException(error, path.Value);
        }

        ThrowIfProtected(real, ifUnspellable, path);
        return real;
    }

    /// <summary>The path of the folder of a real path, relative to the root and with slashes.</summary>
    private string GetDirectoryPath(string real) => Path.GetRelativePath(_resolver.Root, Path.GetDirectoryName(real)!).Replace(Path.DirectorySeparatorChar, '/');

    private string GetRealPath(in PartialUploadLocation place) => Path.GetFullPath(Path.Combine(_resolver.Root, place.DirectoryPath, place.Name));

    private void ThrowIfProtected(string real, StoreError ifHidden, StorePath path)
    {
        if (IsHidden(real))
        {
            throw new StoreException(ifHidden, $"{path} is protected.");
        }
    }

    private void ThrowIfLeadsToProtected(string real, StoreError ifHolding, StorePath path)
    {
        if (_protected?.Current.LeadsToProtected(real) == true)
        {
            throw new StoreException(ifHolding, $"{path} leads to a protected entry.");
        }
    }

    private string GetExistingPath(StorePath path, EntryKind kind, StoreError otherwise)
    {
        string real = GetTargetPath(path, followLast: true, StoreError.NotFound);
        FileEntry metadata = RunTranslated(() => GetRealEntry(real)) ?? throw new StoreException(StoreError.NotFound, path.Value);
        return metadata.Kind == kind ? real : throw new StoreException(otherwise, path.Value);
    }

    private string GetEntryPath(StorePath path, out FileEntry metadata)
    {
        string real = GetTargetPath(path, followLast: false, StoreError.NotFound);
        metadata = RunTranslated(() => GetRealEntry(real)) ?? throw new StoreException(StoreError.NotFound, path.Value);
        return real;
    }
}
