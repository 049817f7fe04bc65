using System.Runtime.InteropServices;
using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;
using static Fts.Storage.Local.Linux.LinuxCalls;
using static Fts.Storage.Local.SystemErrors;

namespace Fts.Storage.Local.Linux;

/// <summary>
/// A folder that cannot be left, on Linux: the only file that hands a path to the operating system there. The kernel resolves every name beneath the
/// root's handle and refuses the ones that leave it, however links change meanwhile; what changes a folder names one component of a folder opened that way.
/// Absolute links count as leaving, wherever they lead.
/// </summary>
internal sealed class RootDirectory : IRootDirectory
{
    /// <summary>openat2 gives up with EAGAIN when something was renamed while it walked a <c>..</c>; a neighbour that renames all day must not hold us forever.</summary>
    private const int MaxAttempts = 1000;

    /// <summary>O_NONBLOCK: a FIFO without a writer would hold the caller forever. It means nothing for a regular file.</summary>
    private const int ReadFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY;

    // The store's own, closed with it. Files and folders opened through it live on.
    private readonly SafeFileHandle _root;
    private readonly ProtectedEntries? _protected;

    private RootDirectory(SafeFileHandle root, ProtectedEntries? protectedEntries) => (_root, _protected) = (root, protectedEntries);

    /// <summary>The protected entries, which no client can reach; null if no check is needed.</summary>
    internal ProtectedSnapshot? Protected => _protected?.Current;

    /// <summary>Opens the root, or answers null where the kernel (before 5.6) or a sandbox has no openat2.</summary>
    public static RootDirectory? TryOpen(string folder, ProtectedEntries? protectedEntries)
    {
        if (!IsSupported)
        {
            return null;
        }

        int descriptor = Openat(AT_FDCWD, folder, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        if (descriptor < 0)
        {
            throw LastError(folder);
        }

        var root = new RootDirectory(new SafeFileHandle(descriptor, ownsHandle: true), protectedEntries);
        using SafeFileHandle? probe = root.Open(".", O_PATH, out int error);
        if (probe is null)
        {
            root.Dispose();
            return error is ENOSYS or EPERM ? null : throw Exception(error, folder);
        }

        return root;
    }

    public void Dispose() => _root.Dispose();

    public FileEntry? Find(StorePath path)
    {
        if (TryFind(RelativeOf(path), out LinuxFacts facts, out int error))
        {
            return facts.ToEntry(path.Name);
        }

        if (error is not (ENOENT or ENOTDIR or EXDEV or ELOOP or ENAMETOOLONG))
        {
            throw Exception(error, path.Value);
        }

        // Perhaps a link that leads nowhere or out: then the link itself is what can be seen.
        using SafeFileHandle? parent = Open(RelativeOf(path.Parent), O_PATH | O_DIRECTORY, out error);
        if (parent is null)
        {
            return error is ENOENT or ENOTDIR or ENAMETOOLONG ? null : throw Exception(error, path.Value);
        }

        return Statx(parent, path.Name, AT_SYMLINK_NOFOLLOW, out facts) == 0 ? Protected?.IsHidden(facts.Id) == true ? null
            : facts.ToEntry(path.Name) with { IsLink = facts.IsLink }
            : Marshal.GetLastPInvokeError() is ENOENT or ENAMETOOLONG ? null : throw LastError(path.Value);
    }

    public IFolderReader OpenFolder(StorePath folder) =>
        new LinuxFolderReader(this, Open(RelativeOf(folder), O_RDONLY | O_DIRECTORY, out int error) ?? throw Exception(error, folder.Value), folder);

    public SafeFileHandle OpenRead(StorePath path, out long length)
    {
        // Looked at first, for to open a device or a FIFO can do something: rewind a tape, let a writer go on that waits for a reader.
        length = 0;
        if (!TryFind(RelativeOf(path), out LinuxFacts facts, out int error) || !facts.IsFile)
        {
            throw error == 0 ? new StoreException(StoreError.NotAFile, path.Value) : Exception(error, path.Value);
        }

        // O_NONBLOCK: one put here since would hold the caller forever. It means nothing for a regular file.
        SafeFileHandle file = Open(RelativeOf(path), ReadFlags, out error) ?? throw Exception(error, path.Value);
        try
        {
            facts = FactsOf(file);
            length = facts.Length;
            return facts.IsFile ? file : throw new StoreException(StoreError.NotAFile, path.Value);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public IPendingFile OpenPending(StorePath path, WriteStart start)
    {
        LinuxTarget target = LinuxTarget.Find(this, path, mustBeNew: start.CreateOnly);
        try
        {
            DemandCreatable(target.Folder, target.Name, target.Committed, canBringEntries: false, path);
            return target.Committed is { IsFile: false } ? throw Exception(EISDIR, path.Value)
                : LinuxPendingFile.Open(target, start); // which owns the folder's handle from here on
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    public PendingUpload? FindPending(StorePath path, string uploader) => LinuxPendingSlot.Find(this, path, uploader);

    public bool GiveUpPending(StorePath path, string uploader) => LinuxPendingSlot.GiveUp(this, path, uploader);

    public int Sweep(DateTime before, PartialUploadIndex index, CancellationToken cancellationToken) => new LinuxPendingSweep(this, before, index).Run(cancellationToken);

    public bool HasPartialUpload(in PartialUploadPlace place)
    {
        using SafeFileHandle? folder = Open(place.Folder, O_PATH | O_DIRECTORY, out _);
        return folder is not null && LinuxPendingSlot.Find(folder, place.Name) is not null;
    }

    public void RemovePartialUpload(in PartialUploadPlace place)
    {
        using SafeFileHandle? folder = Open(place.Folder, O_PATH | O_DIRECTORY, out _);
        if (folder is not null)
        {
            LinuxPendingSlot.TryRemove(folder, place.Name);
        }
    }

    public void CreateFolder(StorePath path)
    {
        using SafeFileHandle parent = OpenParent(path);
        DemandCreatable(parent, path.Name, canBringEntries: false, path);
        ThrowIfFailed(Mkdirat(parent, path.Name, 0x1FF), path);
    }

    public void CreateLink(StorePath path, StorePath target, string text)
    {
        if (!TryFind(RelativeOf(target), out LinuxFacts facts, out int error))
        {
            throw Exception(error, target.Value);
        }

        if (!facts.IsFile && !facts.IsFolder)
        {
            throw new StoreException(StoreError.NotAFile, target.Value);
        }

        using SafeFileHandle parent = OpenParent(path);
        DemandCreatable(parent, path.Name, canBringEntries: true, path);
        if (Symlinkat(text, parent, path.Name) < 0)
        {
            // EPERM is how a file system says that it knows no links (vfat).
            throw Marshal.GetLastPInvokeError() == EPERM ? Exception(EOPNOTSUPP, path.Value) : LastError(path.Value);
        }
    }

    public void DeleteFile(StorePath path, string? uploader)
    {
        using SafeFileHandle parent = OpenParent(path);
        DemandRemovable(parent, path);
        // Found before the file is deleted, because the names of its partial uploads depend on its metadata.
        using LinuxTarget? target = uploader is null ? null : LinuxPendingSlot.TryFind(this, path);
        int error = Unlinkat(parent, path.Name, 0) == 0 ? 0 : Marshal.GetLastPInvokeError();
        bool isDiscarded = error is 0 or ENOENT && target is { } found && LinuxPendingSlot.GiveUp(found, uploader!);
        if (error != 0 && !isDiscarded)
        {
            throw Exception(error, path.Value);
        }
    }

    public void DeleteFolder(StorePath path)
    {
        using SafeFileHandle parent = OpenParent(path);
        DemandRemovable(parent, path);
        int error = RemoveFolder(parent, path.Name);
        if (error == ENOTEMPTY)
        {
            error = LinuxFolderClearing.Run(parent, path.Name, () => RemoveFolder(parent, path.Name));
        }

        if (error != 0)
        {
            throw Exception(error, path.Value);
        }
    }

    public void Rename(StorePath source, StorePath target, bool replace)
    {
        using SafeFileHandle sourceParent = OpenParent(source);
        using SafeFileHandle targetParent = OpenParent(target);
        DemandRemovable(sourceParent, source);
        DemandCreatable(targetParent, target.Name, canBringEntries: true, target);
        int error = LinuxRenaming.Rename(sourceParent, source.Name, targetParent, target.Name, replace);
        if (error is ENOTEMPTY or EEXIST && replace)
        {
            error = LinuxFolderClearing.Run(
                targetParent, target.Name, () => LinuxRenaming.Rename(sourceParent, source.Name, targetParent, target.Name, replace));
        }

        if (error != 0)
        {
            throw error == EINVAL ? new StoreException(StoreError.NotSupported, $"{source} cannot be moved into itself.") : Exception(error, $"{source} to {target}");
        }
    }

    public void SetFacts(StorePath path, FileFacts facts)
    {
        using SafeFileHandle file = Open(RelativeOf(path), O_PATH, out int error) ?? throw Exception(error, path.Value);
        if (facts.UnixMode is not null && FactsOf(file).Id is var id && (id == FactsOf(_root).Id || Protected?.HoldsProtected(id) == true))
        {
            throw new StoreException(StoreError.Denied, $"The mode of {path} cannot be set: it leads to the root or to a protected entry.");
        }

        LinuxFactsSetter.Set(file, facts, path, () => Open(RelativeOf(path), ReadFlags, out _));
    }

    public byte[]? FindHash(StorePath path, in FileEntry file)
    {
        using SafeFileHandle? open = Open(RelativeOf(path), ReadFlags, out _);
        return open is not null && LinuxHash.FactsIfStill(open, file) is { } facts ? LinuxHash.Find(open, facts) : null;
    }

    public void RememberHash(StorePath path, in FileEntry hashed, ReadOnlySpan<byte> sha256)
    {
        using SafeFileHandle? open = Open(RelativeOf(path), ReadFlags, out _);
        if (open is not null && LinuxHash.FactsIfStill(open, hashed) is { } facts)
        {
            LinuxHash.Remember(open, facts, sha256);
        }
    }

    public void FlushFolder(StorePath folder)
    {
        using SafeFileHandle? handle = Open(RelativeOf(folder), O_PATH | O_DIRECTORY, out int error);
        if (handle is not null)
        {
            LinuxFolderFlush.Run(handle, folder.Value);
        }
        else if (error is not (ENOENT or ENOTDIR))
        {
            throw Exception(error, folder.Value);
        }
    }

    public unsafe long FreeSpace(StorePath folder)
    {
        using SafeFileHandle handle = Open(RelativeOf(folder), O_PATH | O_DIRECTORY, out int error) ?? throw Exception(error, folder.Value);
        // struct statvfs: block size, fragment size, blocks, free blocks, free blocks for ordinary users, ...; longer than any C library's.
        ulong* facts = stackalloc ulong[32];
        ThrowIfFailed(Fstatvfs(handle, facts), folder);
        return (long)UInt128.Min((UInt128)facts[1] * facts[4], long.MaxValue);
    }

    /// <summary>What a name relative to the root leads to, following links that stay inside.</summary>
    internal bool TryFind(string relative, out LinuxFacts facts, out int error)
    {
        facts = default;
        using SafeFileHandle? file = Open(relative, O_PATH, out error);
        if (file is null)
        {
            return false;
        }

        facts = FactsOf(file);
        return true;
    }

    /// <summary>
    /// Renames one component of an open folder; 0, or the error. A file system that knows no "without replacing" (EINVAL: NFS, FUSE) gives the file a second
    /// name, which never replaces either, and then loses the first.
    /// </summary>
    internal static int Rename(SafeFileHandle sourceFolder, string source, SafeFileHandle targetFolder, string target, bool replace)
    {
        if (Renameat2(sourceFolder, source, targetFolder, target, replace ? 0 : RENAME_NOREPLACE) == 0)
        {
            return 0;
        }

        int error = Marshal.GetLastPInvokeError();
        if (error != EINVAL || replace || Statx(sourceFolder, source, AT_SYMLINK_NOFOLLOW, out LinuxFacts facts) < 0 || facts.IsFolder)
        {
            return error;
        }

        return Linkat(sourceFolder, source, targetFolder, target, 0) == 0 && Unlinkat(sourceFolder, source, 0) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    internal static LinuxFacts FactsOf(SafeFileHandle file) => Statx(file, "", AT_EMPTY_PATH, out LinuxFacts facts) == 0 ? facts : throw LastError("An open file");

    internal static StoreException LastError(string what) => Exception(Marshal.GetLastPInvokeError(), what);

    internal static string RelativeOf(StorePath path) => path.IsRoot ? "." : path.Relative;

    private static void ThrowIfFailed(int result, StorePath path)
    {
        if (result < 0)
        {
            throw LastError(path.Value);
        }
    }

    /// <summary>POSIX lets rmdir say EEXIST for "not empty", and some file systems do.</summary>
    private static int RemoveFolder(SafeFileHandle parent, string name) =>
        Unlinkat(parent, name, AT_REMOVEDIR) == 0 ? 0 : Marshal.GetLastPInvokeError() is var error && error == EEXIST ? ENOTEMPTY : error;

    private SafeFileHandle OpenParent(StorePath path) => OpenParent(RelativeOf(path.Parent), path);

    internal SafeFileHandle OpenParent(string folder, StorePath path) => Open(folder, O_PATH | O_DIRECTORY, out int error) ?? throw Exception(error, path.Value);

    /// <summary>
    /// Throws if the entry is protected, as if it did not exist, or if it is a directory that leads to a protected entry.
    /// </summary>
    private void DemandRemovable(SafeFileHandle parent, StorePath path)
    {
        if (_protected is null || Statx(parent, path.Name, AT_SYMLINK_NOFOLLOW, out LinuxFacts facts) < 0)
        {
            return;
        }

        ProtectedSnapshot current = _protected.Current;
        if (current.IsHidden(facts.Id))
        {
            throw Exception(ENOENT, path.Value);
        }

        if (current.HoldsProtected(facts.Id))
        {
            throw new StoreException(StoreError.Denied, $"{path} leads to a protected entry.");
        }
    }

    private void DemandCreatable(SafeFileHandle parent, string name, bool canBringEntries, StorePath path)
    {
        if (_protected is not null)
        {
            DemandCreatable(parent, name, Statx(parent, name, AT_SYMLINK_NOFOLLOW, out LinuxFacts facts) == 0 ? facts : null, canBringEntries, path);
        }
    }

    /// <summary>Throws if the name is that of a protected entry, or of a protected path that does not exist yet.</summary>
    private void DemandCreatable(SafeFileHandle parent, string name, LinuxFacts? existing, bool canBringEntries, StorePath path)
    {
        if (_protected?.Current is { } current
            && (existing is { } facts ? current.IsHidden(facts.Id) : current.IsReserved(FactsOf(parent).Id, name, canBringEntries)))
        {
            throw new StoreException(StoreError.BadName, $"{path} is a protected name.");
        }
    }

    /// <summary>
    /// Opens a path; all opening of names is done here. Returns null and the error number if the kernel refuses it. A protected entry
    /// appears not to exist.
    /// </summary>
    internal unsafe SafeFileHandle? Open(string relative, int flags, out int error)
    {
        ProtectedSnapshot? before = Protected;
        var how = new OpenHow { Flags = (uint)(flags | O_CLOEXEC), Resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
        nint descriptor;
        for (int attempt = 0; ; attempt++)
        {
            descriptor = Openat2(_root, relative, &how);
            error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (error is not (EINTR or EAGAIN) || attempt == MaxAttempts)
            {
                break;
            }
        }

        if (error != 0)
        {
            return null;
        }

        var opened = new SafeFileHandle(descriptor, ownsHandle: true);
        if (before is null)
        {
            return opened;
        }

        // Compared with both snapshots: a protected file may have been replaced while it was opened.
        try
        {
            ulong id = FactsOf(opened).Id;
            if (!before.IsHidden(id) && Protected?.IsHidden(id) != true)
            {
                return opened;
            }
        }
        catch
        {
            opened.Dispose();
            throw;
        }

        opened.Dispose();
        error = ENOENT;
        return null;
    }
}
