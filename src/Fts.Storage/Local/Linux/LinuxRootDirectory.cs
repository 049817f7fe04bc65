using System.Runtime.InteropServices;
using Fts.Native;
using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.Errno;
using static Fts.Native.FileCalls;
using static Fts.Native.FileStatus;
using static Fts.Storage.Local.SystemErrors;

namespace Fts.Storage.Local.Linux;

/// <summary>
/// A folder that cannot be left, on Linux: the only file that hands a path to the operating system there. The kernel resolves every name beneath the
/// root's handle and refuses the ones that leave it, however links change meanwhile; what changes a folder names one component of a folder opened that way.
/// Absolute links count as leaving, wherever they lead.
/// </summary>
internal sealed class LinuxRootDirectory : IRootDirectory
{
    /// <summary>openat2 gives up with EAGAIN when something was renamed while it walked a <c>..</c>; a neighbour that renames all day must not hold us forever.</summary>
    private const int MaxAttempts = 1000;

    /// <summary>O_NONBLOCK: a FIFO without a writer would hold the caller forever. It means nothing for a regular file.</summary>
    private const int ReadFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY;

    // The store's own, closed with it. Files and folders opened through it live on.
    private readonly SafeFileHandle _root;
    private readonly ProtectedEntries? _protected;

    private LinuxRootDirectory(SafeFileHandle root, ProtectedEntries? protectedEntries) => (_root, _protected) = (root, protectedEntries);

    /// <summary>The protected entries, which no client can reach; null if no check is needed.</summary>
    internal ProtectedSnapshot? Protected => _protected?.Current;

    /// <summary>Opens the root, or answers null where the kernel (before 5.6) or a sandbox has no openat2.</summary>
    public static LinuxRootDirectory? TryOpen(string directory, ProtectedEntries? protectedEntries)
    {
        if (!SystemCallNumbers.IsSupported)
        {
            return null;
        }

        int descriptor = Openat(AT_FDCWD, directory, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        if (descriptor < 0)
        {
            throw CreateLastError(directory);
        }

        var root = new LinuxRootDirectory(new SafeFileHandle(descriptor, ownsHandle: true), protectedEntries);
        using SafeFileHandle? probe = root.Open(".", O_PATH, out int error);
        if (probe is null)
        {
            root.Dispose();
            return error is ENOSYS or EPERM ? null : throw CreateException(error, directory);
        }

        return root;
    }

    public void Dispose() => _root.Dispose();

    public FileEntry? GetEntry(StorePath path)
    {
        if (TryGetStatus(GetRelativePath(path), out FileStatus status, out int error))
        {
            return status.ToEntry(path.Name);
        }

        if (error is not (ENOENT or ENOTDIR or EXDEV or ELOOP or ENAMETOOLONG))
        {
            throw CreateException(error, path.Value);
        }

        // Perhaps a link that leads nowhere or out: then the link itself is what can be seen.
        using SafeFileHandle? parent = Open(GetRelativePath(path.Parent), O_PATH | O_DIRECTORY, out error);
        if (parent is null)
        {
            return error is ENOENT or ENOTDIR or ENAMETOOLONG ? null : throw CreateException(error, path.Value);
        }

        return Statx(parent, path.Name, AT_SYMLINK_NOFOLLOW, out status) == 0 ? Protected?.IsHidden(status.Id) == true ? null
            : status.ToEntry(path.Name) with { IsLink = status.IsLink }
            : Marshal.GetLastPInvokeError() is ENOENT or ENAMETOOLONG ? null : throw CreateLastError(path.Value);
    }

    public IDirectoryReader OpenDirectory(StorePath directory) =>
        new LinuxDirectoryReader(this, Open(GetRelativePath(directory), O_RDONLY | O_DIRECTORY, out int error) ?? throw CreateException(error, directory.Value), directory);

    public SafeFileHandle OpenRead(StorePath path, out long length)
    {
        // Looked at first, for to open a device or a FIFO can do something: rewind a tape, let a writer go on that waits for a reader.
        length = 0;
        if (!TryGetStatus(GetRelativePath(path), out FileStatus status, out int error) || !status.IsFile)
        {
            throw error == 0 ? new StoreException(StoreError.NotAFile, path.Value) : CreateException(error, path.Value);
        }

        // O_NONBLOCK: one put here since would hold the caller forever. It means nothing for a regular file.
        SafeFileHandle file = Open(GetRelativePath(path), ReadFlags, out error) ?? throw CreateException(error, path.Value);
        try
        {
            status = GetStatus(file);
            length = status.Length;
            return status.IsFile ? file : throw new StoreException(StoreError.NotAFile, path.Value);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public IStagingFile OpenStagingFile(StorePath path, WriteStart start)
    {
        LinuxUploadTarget target = LinuxUploadTarget.Find(this, path, mustBeNew: start.IsCreateOnly);
        try
        {
            ThrowIfProtectedName(target.DirectoryHandle, target.Name, target.Committed, canBringEntries: false, path);
            return target.Committed is { IsFile: false } ? throw CreateException(EISDIR, path.Value)
                : LinuxStagingFile.Open(target, start); // which owns the folder's handle from here on
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    public PartialUpload? GetPartialUpload(StorePath path, string uploader) => LinuxPartialUploads.Find(this, path, uploader);

    public bool DiscardPartialUpload(StorePath path, string uploader) => LinuxPartialUploads.Discard(this, path, uploader);

    public int SweepPartialUploads(DateTime before, PartialUploadIndex index, CancellationToken cancellationToken) => LinuxPartialUploads.Sweep(this, before, index, cancellationToken);

    public bool HasPartialUpload(in PartialUploadLocation place)
    {
        using SafeFileHandle? directory = Open(place.DirectoryPath, O_PATH | O_DIRECTORY, out _);
        return directory is not null && LinuxPartialUploads.Find(directory, place.Name) is not null;
    }

    public void DiscardListedPartialUpload(in PartialUploadLocation place)
    {
        using SafeFileHandle? directory = Open(place.DirectoryPath, O_PATH | O_DIRECTORY, out _);
        if (directory is not null)
        {
            LinuxPartialUploads.TryRemove(directory, place.Name);
        }
    }

    public void CreateDirectory(StorePath path)
    {
        using SafeFileHandle parent = OpenParent(path);
        ThrowIfProtectedName(parent, path.Name, canBringEntries: false, path);
        ThrowIfFailed(Mkdirat(parent, path.Name, 0x1FF), path);
    }

    public void CreateLink(StorePath path, StorePath target, string text)
    {
        if (!TryGetStatus(GetRelativePath(target), out FileStatus status, out int error))
        {
            throw CreateException(error, target.Value);
        }

        if (!status.IsFile && !status.IsDirectory)
        {
            throw new StoreException(StoreError.NotAFile, target.Value);
        }

        using SafeFileHandle parent = OpenParent(path);
        ThrowIfProtectedName(parent, path.Name, canBringEntries: true, path);
        if (Symlinkat(text, parent, path.Name) < 0)
        {
            // EPERM is how a file system says that it knows no links (vfat).
            throw Marshal.GetLastPInvokeError() == EPERM ? CreateException(EOPNOTSUPP, path.Value) : CreateLastError(path.Value);
        }
    }

    public void DeleteFile(StorePath path, string? uploader)
    {
        using SafeFileHandle parent = OpenParent(path);
        ThrowIfNotRemovable(parent, path);
        // Found before the file is deleted, because the names of its partial uploads depend on its metadata.
        using LinuxUploadTarget? target = uploader is null ? null : LinuxPartialUploads.TryFindTarget(this, path);
        int error = Unlinkat(parent, path.Name, 0) == 0 ? 0 : Marshal.GetLastPInvokeError();
        bool isDiscarded = error is 0 or ENOENT && target is { } found && LinuxPartialUploads.Discard(found, uploader!);
        if (error != 0 && !isDiscarded)
        {
            throw CreateException(error, path.Value);
        }
    }

    public void DeleteDirectory(StorePath path)
    {
        using SafeFileHandle parent = OpenParent(path);
        ThrowIfNotRemovable(parent, path);
        int error = RemoveDirectory(parent, path.Name);
        if (error == ENOTEMPTY)
        {
            error = LinuxDirectoryClearing.RunOnCleared(parent, path.Name, () => RemoveDirectory(parent, path.Name));
        }

        if (error != 0)
        {
            throw CreateException(error, path.Value);
        }
    }

    public void Rename(StorePath source, StorePath target, bool replace)
    {
        using SafeFileHandle sourceParent = OpenParent(source);
        using SafeFileHandle targetParent = OpenParent(target);
        ThrowIfNotRemovable(sourceParent, source);
        ThrowIfProtectedName(targetParent, target.Name, canBringEntries: true, target);
        int error = LinuxRename.Rename(sourceParent, source.Name, targetParent, target.Name, replace);
        if (error is ENOTEMPTY or EEXIST && replace)
        {
            error = LinuxDirectoryClearing.RunOnCleared(
                targetParent, target.Name, () => LinuxRename.Rename(sourceParent, source.Name, targetParent, target.Name, replace));
        }

        if (error != 0)
        {
            throw error == EINVAL ? new StoreException(StoreError.NotSupported, $"{source} cannot be moved into itself.") : CreateException(error, $"{source} to {target}");
        }
    }

    public void SetMetadata(StorePath path, FileMetadata status)
    {
        using SafeFileHandle file = Open(GetRelativePath(path), O_PATH, out int error) ?? throw CreateException(error, path.Value);
        if (status.UnixMode is not null && GetStatus(file).Id is var id && (id == GetStatus(_root).Id || Protected?.LeadsToProtected(id) == true))
        {
            throw new StoreException(StoreError.Denied, $"The mode of {path} cannot be set: it leads to the root or to a protected entry.");
        }

        LinuxMetadataSetter.Set(file, status, path, () => Open(GetRelativePath(path), ReadFlags, out _));
    }

    public byte[]? GetCachedHash(StorePath path, in FileEntry file)
    {
        using SafeFileHandle? open = Open(GetRelativePath(path), ReadFlags, out _);
        return open is not null && LinuxHashAttribute.GetStatusIfUnchanged(open, file) is { } status ? LinuxHashAttribute.Read(open, status) : null;
    }

    public void CacheHash(StorePath path, in FileEntry hashed, ReadOnlySpan<byte> sha256)
    {
        using SafeFileHandle? open = Open(GetRelativePath(path), ReadFlags, out _);
        if (open is not null && LinuxHashAttribute.GetStatusIfUnchanged(open, hashed) is { } status)
        {
            LinuxHashAttribute.Write(open, status, sha256);
        }
    }

    public void FlushDirectory(StorePath directory)
    {
        using SafeFileHandle? handle = Open(GetRelativePath(directory), O_PATH | O_DIRECTORY, out int error);
        if (handle is not null)
        {
            DirectoryFlush.Flush(handle, directory.Value);
        }
        else if (error is not (ENOENT or ENOTDIR))
        {
            throw CreateException(error, directory.Value);
        }
    }

    public unsafe long GetFreeSpace(StorePath directory)
    {
        using SafeFileHandle handle = Open(GetRelativePath(directory), O_PATH | O_DIRECTORY, out int error) ?? throw CreateException(error, directory.Value);
        FileSystemStatus status;
        ThrowIfFailed(Fstatvfs(handle, &status), directory);
        return (long)UInt128.Min((UInt128)status.FragmentSize * status.AvailableBlocks, long.MaxValue);
    }

    /// <summary>What a name relative to the root leads to, following links that stay inside.</summary>
    internal bool TryGetStatus(string relative, out FileStatus status, out int error)
    {
        status = default;
        using SafeFileHandle? file = Open(relative, O_PATH, out error);
        if (file is null)
        {
            return false;
        }

        status = GetStatus(file);
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
        if (error != EINVAL || replace || Statx(sourceFolder, source, AT_SYMLINK_NOFOLLOW, out FileStatus status) < 0 || status.IsDirectory)
        {
            return error;
        }

        return Linkat(sourceFolder, source, targetFolder, target, 0) == 0 && Unlinkat(sourceFolder, source, 0) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    internal static FileStatus GetStatus(SafeFileHandle file) => Statx(file, "", AT_EMPTY_PATH, out FileStatus status) == 0 ? status : throw CreateLastError("An open file");

    internal static StoreException CreateLastError(string what) => CreateException(Marshal.GetLastPInvokeError(), what);

    internal static string GetRelativePath(StorePath path) => path.IsRoot ? "." : path.Relative;

    private static void ThrowIfFailed(int result, StorePath path)
    {
        if (result < 0)
        {
            throw CreateLastError(path.Value);
        }
    }

    /// <summary>POSIX lets rmdir say EEXIST for "not empty", and some file systems do.</summary>
    private static int RemoveDirectory(SafeFileHandle parent, string name) =>
        Unlinkat(parent, name, AT_REMOVEDIR) == 0 ? 0 : Marshal.GetLastPInvokeError() is var error && error == EEXIST ? ENOTEMPTY : error;

    private SafeFileHandle OpenParent(StorePath path) => OpenParent(GetRelativePath(path.Parent), path);

    internal SafeFileHandle OpenParent(string directory, StorePath path) => Open(directory, O_PATH | O_DIRECTORY, out int error) ?? throw CreateException(error, path.Value);

    /// <summary>
    /// Throws if the entry is protected, as if it did not exist, or if it is a directory that leads to a protected entry.
    /// </summary>
    private void ThrowIfNotRemovable(SafeFileHandle parent, StorePath path)
    {
        if (_protected is null || Statx(parent, path.Name, AT_SYMLINK_NOFOLLOW, out FileStatus status) < 0)
        {
            return;
        }

        ProtectedSnapshot current = _protected.Current;
        if (current.IsHidden(status.Id))
        {
            throw CreateException(ENOENT, path.Value);
        }

        if (current.LeadsToProtected(status.Id))
        {
            throw new StoreException(StoreError.Denied, $"{path} leads to a protected entry.");
        }
    }

    private void ThrowIfProtectedName(SafeFileHandle parent, string name, bool canBringEntries, StorePath path)
    {
        if (_protected is not null)
        {
            ThrowIfProtectedName(parent, name, Statx(parent, name, AT_SYMLINK_NOFOLLOW, out FileStatus status) == 0 ? status : null, canBringEntries, path);
        }
    }

    /// <summary>Throws if the name is that of a protected entry, or of a protected path that does not exist yet.</summary>
    private void ThrowIfProtectedName(SafeFileHandle parent, string name, FileStatus? existing, bool canBringEntries, StorePath path)
    {
        if (_protected?.Current is { } current
            && (existing is { } status ? current.IsHidden(status.Id) : current.IsProtectedName(GetStatus(parent).Id, name, canBringEntries)))
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
            ulong id = GetStatus(opened).Id;
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
