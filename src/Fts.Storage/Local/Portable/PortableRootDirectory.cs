using Fts.Storage.Local.Linux;
using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Portable;

/// <summary>
/// A folder that paths and links do not lead out of, by .NET's file calls alone: for systems and sandboxes without openat2. Links are resolved by hand, one
/// component at a time, before each call. Between the look and the call a local process can swap a link in; only <see cref="RootDirectory"/> excludes that.
/// </summary>
internal sealed class PortableRootDirectory : IRootDirectory
{
    private static readonly Lock s_naming = new();

    private readonly PortableWalk _walk;

    private readonly ProtectedEntries? _protected;

    public PortableRootDirectory(string folder, ProtectedEntries? protectedEntries)
    {
        _protected = protectedEntries;
        string real = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        // The root itself is the owner's to choose, and may be a link; /tmp is one on some systems.
        _walk = new PortableWalk(Guard(() => Directory.ResolveLinkTarget(real, returnFinalTarget: true))?.FullName ?? real);
        _ = Facts(_walk.Root) is { Kind: EntryKind.Folder } ? true : throw new StoreException(StoreError.NotFound, $"{folder} is not a folder.");
    }

    public void Dispose()
    {
    }

    public FileEntry? Find(StorePath path)
    {
        if (!PortableWalk.IsSpellable(path))
        {
            return null;
        }

        return _walk.Resolve(path, followLast: false, out string real) switch
        {
            null => IsHidden(real) ? null : Guard(() => Facts(real) is not { } entry ? (FileEntry?)null
                : (entry.Kind == EntryKind.Other && Followed(path) is { } target ? target : entry) with { Name = path.Name }),
            StoreError.NotFound or StoreError.NotAFolder => null,
            { } error => throw new StoreException(error, path.Value),
        };
    }

    public IFolderReader OpenFolder(StorePath folder)
    {
        string real = Existing(folder, EntryKind.Folder, StoreError.NotAFolder);
        return Guard(() => new PortableFolderReader(this, real, folder));
    }

    public SafeFileHandle OpenRead(StorePath path, out long length)
    {
        string real = Existing(path, EntryKind.File, StoreError.NotAFile);
        SafeFileHandle handle = Guard(() => File.OpenHandle(real, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        length = Guard(() => RandomAccess.GetLength(handle));
        return handle;
    }

    public IPendingFile OpenPending(StorePath path, WriteStart start)
    {
        string itself = Addressed(path, followLast: false, StoreError.BadName);
        FileEntry? facts = Guard(() => Facts(itself));
        if (facts is not null && start.CreateOnly)
        {
            throw new StoreException(StoreError.Exists, path.Value);
        }

        string real = facts is null ? itself : Addressed(path, followLast: true, StoreError.BadName);
        FileEntry? committed = Guard(() => Facts(real));
        if (committed is null && facts is not null)
        {
            throw new StoreException(StoreError.Denied, $"{path} is a link that leads nowhere.");
        }

        return committed is { Kind: not EntryKind.File }
            ? throw new StoreException(StoreError.NotAFile, path.Value)
            : Guard(() => PortablePendingFile.Open(real, FolderPathOf(real), committed, start));
    }

    public PendingUpload? FindPending(StorePath path, string uploader) =>
        PortableWalk.IsSpellable(path) && _walk.Resolve(path, followLast: true, out string real) is null ? Guard(() => PortablePendingFile.Find(real, uploader)) : null;

    public bool GiveUpPending(StorePath path, string uploader) =>
        PortableWalk.IsSpellable(path) && _walk.Resolve(path, followLast: true, out string real) is null && Guard(() => PortablePendingFile.GiveUp(real, uploader));

    /// <summary>Folders only: no link is followed, and what cannot be read is passed over, for the next sweep comes.</summary>
    public int Sweep(DateTime before, PartialUploadIndex index, CancellationToken cancellationToken) => Guard(() =>
    {
        int removed = 0;
        foreach (string pending in PortablePendingFile.AllIn(_walk.Root, recursive: true))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (PortablePendingFile.TryRemove(pending, before))
            {
                removed++;
            }
            else if (PortablePendingFile.FindAt(pending) is { } left)
            {
                index.Find(new PartialUploadPlace(FolderPathOf(pending), left.Name), left.Length, left.Modified);
            }
        }

        return removed;
    });

    public bool HasPartialUpload(in PartialUploadPlace place)
    {
        string path = PathOf(place);
        return Guard(() => PortablePendingFile.FindAt(path)) is not null;
    }

    public void RemovePartialUpload(in PartialUploadPlace place)
    {
        string path = PathOf(place);
        Guard(() => PortablePendingFile.TryRemove(path));
    }

    public void CreateFolder(StorePath path)
    {
        string real = Addressed(path, followLast: false, StoreError.BadName);
        GuardNaming(() => Facts(real) is null ? Directory.CreateDirectory(real) : throw new StoreException(StoreError.Exists, path.Value));
    }

    public void CreateLink(StorePath path, StorePath target, string text)
    {
        string pointed = Addressed(target, followLast: true, StoreError.NotFound), real = Addressed(path, followLast: false, StoreError.BadName);
        DemandNotHolding(real, StoreError.BadName, path);
        FileEntry there = Guard(() => Facts(pointed)) ?? throw new StoreException(StoreError.NotFound, target.Value);
        if (there.Kind == EntryKind.Other)
        {
            throw new StoreException(StoreError.NotAFile, target.Value);
        }

        // Windows has two kinds of links.
        GuardNaming(() => Facts(real) is not null ? throw new StoreException(StoreError.Exists, path.Value)
            : there.Kind == EntryKind.Folder ? Directory.CreateSymbolicLink(real, text) : File.CreateSymbolicLink(real, text));
    }

    public void DeleteFile(StorePath path, string? uploader)
    {
        string real = Addressed(path, followLast: false, StoreError.NotFound);
        DemandNotHolding(real, StoreError.Denied, path);
        Guard(() =>
        {
            FileEntry? facts = Facts(real);
            if (facts is { Kind: EntryKind.Folder })
            {
                throw new StoreException(StoreError.NotAFile, path.Value);
            }

            // Found before the file is deleted, because the names of its partial uploads depend on its metadata.
            string[] uploads = uploader is not null && _walk.Resolve(path, followLast: true, out string target) is null
                ? [.. PortablePendingFile.SlotsOf(target, uploader, Facts(target))]
                : [];
            if (facts is not null)
            {
                File.Delete(real);
            }

            bool isDiscarded = false;
            foreach (string upload in uploads)
            {
                isDiscarded |= PortablePendingFile.TryRemove(upload);
            }

            return isDiscarded || facts is not null ? true : throw new StoreException(StoreError.NotFound, path.Value);
        });
    }

    public void DeleteFolder(StorePath path)
    {
        string real = Itself(path, out FileEntry facts);
        DemandNotHolding(real, StoreError.Denied, path);
        Guard(() =>
        {
            if (facts.Kind != EntryKind.Folder)
            {
                throw new StoreException(StoreError.NotAFolder, path.Value);
            }

            PortableRenaming.DeleteFolder(real, path.Value);
            return true;
        });
    }

    public void Rename(StorePath source, StorePath target, bool replace)
    {
        string from = Itself(source, out FileEntry moved), to = Addressed(target, followLast: false, StoreError.BadName);
        DemandNotHolding(from, StoreError.Denied, source);
        DemandNotHolding(to, StoreError.BadName, target);
        GuardNaming(() =>
        {
            FileEntry? there = Facts(to);
            bool isOne = from != to && PortableRenaming.MayBeOne(moved, there);
            StoreError? refused = there is not null && !replace && !isOne ? StoreError.Exists
                : to.StartsWith(from + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? StoreError.NotSupported
                : there is { Kind: EntryKind.Folder } && moved.Kind != EntryKind.Folder ? StoreError.NotAFile
                : there is { Kind: not EntryKind.Folder } && moved.Kind == EntryKind.Folder ? StoreError.NotAFolder
                : null;
            if (refused is { } error)
            {
                throw new StoreException(error, $"{source} to {target}");
            }

            return isOne ? PortableRenaming.MoveByThirdName(from, to, replace) : from == to || PortableRenaming.Move(from, to, there, replace);
        });
    }

    public void SetFacts(StorePath path, FileFacts facts)
    {
        string real = Addressed(path, followLast: true, StoreError.NotFound);
        FileEntry there = Guard(() => Facts(real)) ?? throw new StoreException(StoreError.NotFound, path.Value);
        if (there.Kind == EntryKind.Other)
        {
            throw new StoreException(StoreError.NotAFile, path.Value);
        }

        if (facts.UnixMode is not null && (real == _walk.Root || _protected?.Current.HoldsProtected(real) == true))
        {
            throw new StoreException(StoreError.Denied, $"The mode of {path} cannot be set: it leads to the root or to a protected entry.");
        }

        Guard(() =>
        {
            if (facts.UnixMode is { } mode)
            {
                if (OperatingSystem.IsWindows())
                {
                    throw new StoreException(StoreError.NotSupported, path.Value);
                }

                File.SetUnixFileMode(real, mode);
            }

            if (facts.Modified is { } modified && there.Kind == EntryKind.File)
            {
                File.SetLastWriteTimeUtc(real, modified);
            }
            else if (facts.Modified is not null)
            {
                Directory.SetLastWriteTimeUtc(real, facts.Modified.Value);
            }

            return true;
        });
    }

    public void FlushFolder(StorePath folder)
    {
        if (_walk.Resolve(folder, followLast: true, out string real) is null && Directory.Exists(real))
        {
            FolderFlush.Run(real);
        }
    }

    public long FreeSpace(StorePath folder)
    {
        string real = Existing(folder, EntryKind.Folder, StoreError.NotAFolder);
        return Guard(() => new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(real)! : real).AvailableFreeSpace);
    }

    /// <summary>What a link found in a listing leads to, or null when that is nowhere or outside.</summary>
    internal FileEntry? Followed(StorePath path) => _walk.Resolve(path, followLast: true, out string real) is null && !IsHidden(real) ? Facts(real) : null;

    /// <summary>Whether a real path is that of a protected entry. Only its last component may be a link.</summary>
    internal bool IsHidden(string real) => _protected?.Current.IsHidden(real) == true;

    /// <summary>What is at a real path, not following it; null where there is nothing.</summary>
    internal static FileEntry? Facts(string real)
    {
        var info = new FileInfo(real);
        if (!info.Exists && !Directory.Exists(real) && info.LinkTarget is null)
        {
            return null;
        }

        FileAttributes attributes = info.Attributes;
        (bool isSpecial, ulong id) = LinuxCalls.Kind(real);
        EntryKind kind = attributes.HasFlag(FileAttributes.ReparsePoint) || isSpecial ? EntryKind.Other
            : attributes.HasFlag(FileAttributes.Directory) ? EntryKind.Folder
            : EntryKind.File;
        return new FileEntry(
            info.Name, kind, kind == EntryKind.File ? info.Length : 0, info.LastWriteTimeUtc, OperatingSystem.IsWindows() ? null : info.UnixFileMode & (UnixFileMode)0x1FF, id,
            IsLink: attributes.HasFlag(FileAttributes.ReparsePoint));
    }

    internal static T Guard<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception exception) when (SystemErrors.IsRefusal(exception))
        {
            throw SystemErrors.Translate(exception);
        }
    }

    /// <summary>
    /// For whatever gives a name that must be free. Many of these calls look whether it is and then take it, .NET's moves among them (outside Windows), so that
    /// of two at once both would succeed and one file be lost: here they wait for one another. Other processes are not kept out.
    /// </summary>
    internal static T GuardNaming<T>(Func<T> call)
    {
        lock (s_naming)
        {
            return Guard(call);
        }
    }

    /// <summary>The real path of something that may or may not be there, in a folder that is.</summary>
    private string Addressed(StorePath path, bool followLast, StoreError ifUnspellable)
    {
        if (!PortableWalk.IsSpellable(path))
        {
            throw new StoreException(ifUnspellable, path.Value);
        }

        if (_walk.Resolve(path, followLast, out string real) is { } error)
        {
            throw new StoreException(error, path.Value);
        }

        DemandVisible(real, ifUnspellable, path);
        return real;
    }

    /// <summary>The path of the folder of a real path, relative to the root and with slashes.</summary>
    private string FolderPathOf(string real) => Path.GetRelativePath(_walk.Root, Path.GetDirectoryName(real)!).Replace(Path.DirectorySeparatorChar, '/');

    private string PathOf(in PartialUploadPlace place) => Path.GetFullPath(Path.Combine(_walk.Root, place.Folder, place.Name));

    private void DemandVisible(string real, StoreError ifHidden, StorePath path)
    {
        if (IsHidden(real))
        {
            throw new StoreException(ifHidden, $"{path} is protected.");
        }
    }

    private void DemandNotHolding(string real, StoreError ifHolding, StorePath path)
    {
        if (_protected?.Current.HoldsProtected(real) == true)
        {
            throw new StoreException(ifHolding, $"{path} leads to a protected entry.");
        }
    }

    private string Existing(StorePath path, EntryKind kind, StoreError otherwise)
    {
        string real = Addressed(path, followLast: true, StoreError.NotFound);
        FileEntry facts = Guard(() => Facts(real)) ?? throw new StoreException(StoreError.NotFound, path.Value);
        return facts.Kind == kind ? real : throw new StoreException(otherwise, path.Value);
    }

    private string Itself(StorePath path, out FileEntry facts)
    {
        string real = Addressed(path, followLast: false, StoreError.NotFound);
        facts = Guard(() => Facts(real)) ?? throw new StoreException(StoreError.NotFound, path.Value);
        return real;
    }
}
