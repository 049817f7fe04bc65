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
/// The root directory on Linux, confined by the kernel. <see cref="Open"/> opens every path with openat2(2).
/// </summary>
/// <remarks>
/// The kernel resolves each path beneath the root's handle and refuses a path that leaves it, even if links change during the call. Calls
/// that create, rename or delete an entry use its name in a directory that was opened this way. Absolute links are refused, even if their
/// targets are inside the root.
/// </remarks>
internal sealed class LinuxRootDirectory : IRootDirectory
{
    /// <summary>
    /// The maximum number of attempts to open a path. openat2 returns EAGAIN if a rename coincides with the resolution of <c>..</c>.
    /// </summary>
    private const int MaxAttempts = 1000;

    /// <summary>
    /// The flags for opening a file for reading. O_NONBLOCK prevents blocking if the file is a FIFO without a writer, and has no effect on
    /// regular files.
    /// </summary>
    internal const int ReadFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY;

    private readonly string _path;

    // This object owns the handle, and Dispose closes it. Files and directories that were opened through the handle stay open.
    private readonly SafeFileHandle _root;
    private readonly ProtectedEntries? _protected;

    private LinuxRootDirectory(string path, SafeFileHandle root, ProtectedEntries? protectedEntries) =>
        (_path, _root, _protected) = (Path.GetFullPath(path), root, protectedEntries);

    /// <summary>The protected entries, or null if none can be reached from the root.</summary>
    internal ProtectedSnapshot? Protected => _protected?.Current;

    /// <summary>
    /// Opens the root directory. Returns null if openat2 is not available: on systems other than Linux on x64 or arm64, on Linux before
    /// 5.6, and in a sandbox that blocks it.
    /// </summary>
    /// <exception cref="StoreException">The directory does not exist or cannot be opened.</exception>
    public static LinuxRootDirectory? OpenIfSupported(string directory, ProtectedEntries? protectedEntries)
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

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        var root = new LinuxRootDirectory(directory, handle, protectedEntries)
        {
            FileSystemKind = protectedEntries is null ? LinuxFileSystem.GetRootKind(handle, directory) : FileSystemKind.Other,
        };
        using SafeFileHandle? probe = root.Open(".", O_PATH, out int error);
        if (probe is null)
        {
            root.Dispose();
            return error is ENOSYS or EPERM ? null : throw CreateException(error, directory);
        }

        root.IgnoresCase = LinuxFileSystem.IgnoresCase(handle, directory);
        return root;
    }

    /// <inheritdoc/>
    public bool IgnoresCase { get; private set; }

    /// <summary>
    /// The kind of the root's file system. <see cref="FileSystemKind.Other"/> if another file system is mounted below a root in memory.
    /// Also <see cref="FileSystemKind.Other"/> if the root has protected entries: each call then reads their metadata, possibly from the
    /// disk.
    /// </summary>
    public FileSystemKind FileSystemKind { get; private init; }

    /// <inheritdoc/>
    public bool IsAtItsPath() => TryGetStatus(".", out FileStatus opened, out _)
        && TryGet(_path, flags: 0, out FileStatus current) && current.IsSameFileAs(opened);

    public void Dispose() => _root.Dispose();

    /// <summary>
    /// Returns the calls that the kernel answers from its caches. Returns null if the kernel does not support them or the root is not on a
    /// local disk. Returns null too if the root has protected entries, because each call then reads their metadata, possibly from the disk.
    /// </summary>
    public LinuxCachedCalls? TryCreateCachedCalls() =>
        FileSystemKind == FileSystemKind.Disk && _protected is null ? LinuxCachedCalls.TryCreate(_root) : null;

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

        // The entry may be a link to a missing entry or to a target outside the root. In that case the link itself is reported.
        return GetUnfollowedEntry(path);
    }

    public FileEntry? GetUnfollowedEntry(StorePath path)
    {
        if (path.IsRoot)
        {
            return GetEntry(path);
        }

        using SafeFileHandle? parent = Open(GetRelativePath(path.Parent), O_PATH | O_DIRECTORY, out int error);
        if (parent is null)
        {
            return error is ENOENT or ENOTDIR or ENAMETOOLONG ? null : throw CreateException(error, path.Value);
        }

        if (Statx(parent, path.Name, AT_SYMLINK_NOFOLLOW, out FileStatus status) < 0)
        {
            return Marshal.GetLastPInvokeError() is ENOENT or ENAMETOOLONG ? null : throw CreateLastError(path.Value);
        }

        return Protected?.IsHidden(status.Id) == true ? null : status.ToUnfollowedEntry(path.Name);
    }

    public IDirectoryReader OpenDirectory(StorePath directory)
    {
        SafeFileHandle handle = Open(GetRelativePath(directory), O_RDONLY | O_DIRECTORY, out int error)
            ?? throw CreateException(error, directory.Value);
        return new LinuxDirectoryReader(this, handle, directory);
    }

    public SafeFileHandle OpenRead(StorePath path, out long length)
    {
        // The status is read first, because opening a device or a FIFO can have side effects, such as rewinding a tape or unblocking a
        // writer.
        length = 0;
        if (!TryGetStatus(GetRelativePath(path), out FileStatus status, out int error) || !status.IsFile)
        {
            throw error == 0 ? CreateNotAFileException(path) : CreateException(error, path.Value);
        }

        // ReadFlags contains O_NONBLOCK, because a FIFO may have replaced the file after the check.
        SafeFileHandle file = Open(GetRelativePath(path), ReadFlags, out error) ?? throw CreateException(error, path.Value);
        try
        {
            status = GetStatus(file);
            length = status.Length;
            return status.IsFile ? file : throw CreateNotAFileException(path);
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
            ThrowIfProtectedName(target.DirectoryHandle, target.Name, target.Committed, isLinkOrRenamed: false, path);
            return target.Committed is { IsFile: false }
                ? throw CreateNotAFileException(path)
                : LinuxStagingFile.Open(target, start); // takes ownership of the directory handle
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    public PartialUpload? GetPartialUpload(StorePath path, string uploader) => LinuxPartialUploads.Get(this, path, uploader);

    public bool DiscardPartialUpload(StorePath path, string uploader) => LinuxPartialUploads.Discard(this, path, uploader);

    public int SweepPartialUploads(DateTime before, PartialUploadIndex index, CancellationToken cancellationToken) =>
        LinuxPartialUploads.Sweep(this, before, index, cancellationToken);

    public bool HasUnfinishedAppend(StorePath path) => LinuxAppends.HasUnfinished(this, path);

    public void RecoverAppend(StorePath path) => LinuxAppends.Recover(this, path);

    public void RecoverAppendsIn(StorePath directory) => LinuxAppends.RecoverIn(this, directory);

    public bool HasPartialUploadAt(in PartialUploadLocation location)
    {
        using SafeFileHandle? directory = Open(location.DirectoryPath, O_PATH | O_DIRECTORY, out _);
        return directory is not null && LinuxPartialUploads.GetStatus(directory, location.Name) is not null;
    }

    public void DiscardPartialUploadAt(in PartialUploadLocation location)
    {
        using SafeFileHandle? directory = Open(location.DirectoryPath, O_PATH | O_DIRECTORY, out _);
        if (directory is not null)
        {
            LinuxPartialUploads.TryDelete(directory, location.Name);
        }
    }

    public void CreateDirectory(StorePath path)
    {
        using SafeFileHandle parent = OpenParent(path);
        ThrowIfProtectedName(parent, path.Name, isLinkOrRenamed: false, path);
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
            throw new StoreException(StoreError.NotAFile, $"{target} is neither a file nor a directory.");
        }

        using SafeFileHandle parent = OpenParent(path);
        ThrowIfProtectedName(parent, path.Name, isLinkOrRenamed: true, path);
        if (Symlinkat(text, parent, path.Name) < 0)
        {
            // A file system without links (vfat) returns EPERM.
            throw Marshal.GetLastPInvokeError() == EPERM ? CreateException(EOPNOTSUPP, path.Value) : CreateLastError(path.Value);
        }
    }

    public void DeleteFile(StorePath path, string? uploader)
    {
        using SafeFileHandle parent = OpenParent(path);
        ThrowIfNotRemovable(parent, path);
        // The target is found before the file is deleted, because the names of its partial uploads depend on its metadata.
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
            error = LinuxDirectoryClearing.RunWithoutPartialUploads(parent, path.Name, () => RemoveDirectory(parent, path.Name));
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
        ThrowIfProtectedName(targetParent, target.Name, isLinkOrRenamed: true, target);
        int error = LinuxRename.Rename(sourceParent, source.Name, targetParent, target.Name, replace);
        if (error is ENOTEMPTY or EEXIST && replace)
        {
            error = LinuxDirectoryClearing.RunWithoutPartialUploads(
                targetParent, target.Name, () => LinuxRename.Rename(sourceParent, source.Name, targetParent, target.Name, replace));
        }

        if (error != 0)
        {
            throw error == EINVAL
                ? new StoreException(
                    StoreError.NotSupported,
                    $"{source} cannot be renamed to {target}, because the target is in the source or has a name that is not supported.")
                : CreateException(error, $"Renaming {source} to {target}");
        }
    }

    public void SetMetadata(StorePath path, FileMetadata metadata)
    {
        using SafeFileHandle file = Open(GetRelativePath(path), O_PATH, out int error) ?? throw CreateException(error, path.Value);
        if (metadata.UnixMode is not null
            && GetStatus(file).Id is var id
            && (id == GetStatus(_root).Id || Protected?.IsOnProtectedPath(id) == true))
        {
            throw new StoreException(
                StoreError.Denied,
                $"The mode of {path} cannot be set, because the path is the root or a directory that contains a protected entry.");
        }

        LinuxMetadataSetter.Set(file, metadata, path, () => Open(GetRelativePath(path), ReadFlags, out _));
    }

    public byte[]? GetCachedHash(StorePath path, in FileEntry file)
    {
        using SafeFileHandle? opened = Open(GetRelativePath(path), ReadFlags, out _);
        return opened is not null && LinuxHashAttribute.GetStatusIfUnchanged(opened, file) is { } status
            ? LinuxHashAttribute.Read(opened, status)
            : null;
    }

    public void CacheHash(StorePath path, in FileEntry hashed, ReadOnlySpan<byte> sha256)
    {
        using SafeFileHandle? opened = Open(GetRelativePath(path), ReadFlags, out _);
        if (opened is not null && LinuxHashAttribute.GetStatusIfUnchanged(opened, hashed) is { } status)
        {
            LinuxHashAttribute.Write(opened, status, sha256);
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
        using SafeFileHandle handle = Open(GetRelativePath(directory), O_PATH | O_DIRECTORY, out int error)
            ?? throw CreateException(error, directory.Value);
        FileSystemStatus status;
        ThrowIfFailed(Fstatvfs(handle, &status), directory);
        return (long)UInt128.Min((UInt128)status.FragmentSize * status.AvailableBlocks, long.MaxValue);
    }

    /// <summary>Reads the status of a path relative to the root, following links. Returns false and the error number on failure.</summary>
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
    /// Renames an entry of an open directory. If <paramref name="replace"/> is false, an existing target is not replaced (EEXIST). Returns
    /// 0 or the error number.
    /// </summary>
    /// <remarks>
    /// NFS and FUSE do not support renames without replacement (EINVAL). For an entry that is not a directory, the method then creates a
    /// hard link with the new name, because this never replaces an entry, and deletes the old name.
    /// </remarks>
    internal static int Rename(SafeFileHandle sourceDirectory, string source, SafeFileHandle targetDirectory, string target, bool replace)
    {
        if (Renameat2(sourceDirectory, source, targetDirectory, target, replace ? 0 : RENAME_NOREPLACE) == 0)
        {
            return 0;
        }

        int error = Marshal.GetLastPInvokeError();
        if (error != EINVAL
            || replace
            || Statx(sourceDirectory, source, AT_SYMLINK_NOFOLLOW, out FileStatus status) < 0
            || status.IsDirectory)
        {
            return error;
        }

        return Linkat(sourceDirectory, source, targetDirectory, target, 0) == 0 && Unlinkat(sourceDirectory, source, 0) == 0
            ? 0
            : Marshal.GetLastPInvokeError();
    }

    /// <summary>Returns the status of an open file.</summary>
    internal static FileStatus GetStatus(SafeFileHandle file) =>
        Statx(file, "", AT_EMPTY_PATH, out FileStatus status) == 0 ? status : throw CreateLastError("Reading the status of an open file");

    /// <summary>
    /// Creates an exception for the error of the last call of the C library. The message begins with <paramref name="name"/>, the file or
    /// the operation.
    /// </summary>
    internal static StoreException CreateLastError(string name) => CreateException(Marshal.GetLastPInvokeError(), name);

    private static StoreException CreateNotAFileException(StorePath path) => new(StoreError.NotAFile, $"{path} is not a regular file.");

    /// <summary>Returns a path relative to the root, or <c>.</c> for the root.</summary>
    internal static string GetRelativePath(StorePath path) => path.IsRoot ? "." : path.Relative;

    private static void ThrowIfFailed(int result, StorePath path)
    {
        if (result < 0)
        {
            throw CreateLastError(path.Value);
        }
    }

    /// <summary>Deletes an empty directory. Returns 0 or the error number.</summary>
    private static int RemoveDirectory(SafeFileHandle parent, string name)
    {
        int error = Unlinkat(parent, name, AT_REMOVEDIR) == 0 ? 0 : Marshal.GetLastPInvokeError();
        // POSIX allows EEXIST for a directory that is not empty, and some file systems return it.
        return error == EEXIST ? ENOTEMPTY : error;
    }

    private SafeFileHandle OpenParent(StorePath path) => OpenParent(GetRelativePath(path.Parent), path);

    /// <summary>
    /// Opens a directory as a path only (O_PATH). An error message contains <paramref name="path"/>, the path of an entry in the directory.
    /// </summary>
    internal SafeFileHandle OpenParent(string directory, StorePath path) =>
        Open(directory, O_PATH | O_DIRECTORY, out int error) ?? throw CreateException(error, path.Value);

    /// <summary>
    /// Throws if the entry cannot be deleted or renamed, because it is protected, contains a protected entry, or links to a directory that
    /// contains one. A protected entry is reported as missing.
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

        if (current.IsOnProtectedPath(status.Id))
        {
            throw new StoreException(
                StoreError.Denied, $"{path} cannot be deleted or renamed, because it is part of a protected path.");
        }
    }

    /// <summary>Throws if the name of an entry to create belongs to a protected entry or to a missing protected path.</summary>
    private void ThrowIfProtectedName(SafeFileHandle parent, string name, bool isLinkOrRenamed, StorePath path)
    {
        if (_protected is not null)
        {
            FileStatus? existing = Statx(parent, name, AT_SYMLINK_NOFOLLOW, out FileStatus status) == 0 ? status : null;
            ThrowIfProtectedName(parent, name, existing, isLinkOrRenamed, path);
        }
    }

    /// <summary>
    /// Throws if the name of an entry to create belongs to a protected entry, or to a protected path that does not exist yet.
    /// </summary>
    private void ThrowIfProtectedName(SafeFileHandle parent, string name, FileStatus? existing, bool isLinkOrRenamed, StorePath path)
    {
        if (_protected?.Current is not { } current)
        {
            return;
        }

        bool isProtected = existing is { } status
            ? current.IsHidden(status.Id)
            : current.IsProtectedName(GetStatus(parent).Id, name, isLinkOrRenamed);
        if (isProtected)
        {
            throw new StoreException(StoreError.BadName, $"{path} cannot be created or replaced, because the path is protected.");
        }
    }

    /// <summary>
    /// Opens a path relative to the root. Returns null and the error number if the kernel refuses it. A protected entry is reported as
    /// missing (ENOENT).
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

        // The id is checked in the snapshots before and after the call, because a protected file may be replaced during the call.
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
