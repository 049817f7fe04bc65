using System.Runtime.InteropServices;
using Fts.Native;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.Errno;
using static Fts.Native.FileCalls;

namespace Fts.Storage.Local.Linux;

/// <summary>
/// Looks up and opens entries that the kernel has in its caches (RESOLVE_CACHED, Linux 5.12). A method returns false if the kernel would
/// wait for the disk, or if the call fails. The caller then makes the ordinary call on a worker thread.
/// </summary>
/// <remarks>No path crosses into another mounted file system, because calls on that file system could block.</remarks>
internal sealed class LinuxCachedCalls
{
    private const ulong Resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV | RESOLVE_CACHED;

    private readonly SafeFileHandle _root;

    private LinuxCachedCalls(SafeFileHandle root) => _root = root;

    /// <summary>
    /// Returns the calls for a root, or null if the kernel does not support them. The caller disposes the handle of the root.
    /// </summary>
    public static LinuxCachedCalls? TryCreate(SafeFileHandle root)
    {
        var calls = new LinuxCachedCalls(root);
        using SafeFileHandle? probe = calls.TryOpen(".", O_PATH);
        return probe is null && Marshal.GetLastPInvokeError() != EAGAIN ? null : calls;
    }

    /// <summary>Reads the metadata of an existing entry, following links.</summary>
    public bool TryGetEntry(StorePath path, out FileEntry? entry)
    {
        bool isFound = TryGetStatus(LinuxRootDirectory.GetRelativePath(path), out FileStatus status);
        entry = isFound ? status.ToEntry(path.Name) : null;
        return isFound;
    }

    /// <summary>Opens a regular file for reading. The caller disposes the handle.</summary>
    public bool TryOpenRead(StorePath path, out OpenedFile opened)
    {
        opened = default;
        string relative = LinuxRootDirectory.GetRelativePath(path);
        if (!TryGetStatus(relative, out FileStatus status)
            || !status.IsFile
            || TryOpen(relative, LinuxRootDirectory.ReadFlags) is not { } file)
        {
            return false;
        }

        if (FileStatus.Statx(file, "", AT_EMPTY_PATH, out status) == 0 && status.IsFile)
        {
            opened = new OpenedFile(file, status.Length, FileSystemKind.Disk);
            return true;
        }

        file.Dispose();
        return false;
    }

    /// <summary>Checks that a directory exists and can be listed.</summary>
    public bool TryCheckDirectory(StorePath path, out bool exists)
    {
        using SafeFileHandle? directory = TryOpen(LinuxRootDirectory.GetRelativePath(path), O_RDONLY | O_DIRECTORY);
        return exists = directory is not null;
    }

    /// <summary>Reads the status of a path relative to the root, following links.</summary>
    private bool TryGetStatus(string relative, out FileStatus status)
    {
        status = default;
        using SafeFileHandle? file = TryOpen(relative, O_PATH);
        return file is not null && FileStatus.Statx(file, "", AT_EMPTY_PATH, out status) == 0;
    }

    /// <summary>Opens a path relative to the root. Returns null if the call fails or would wait for the disk.</summary>
    private unsafe SafeFileHandle? TryOpen(string relative, int flags)
    {
        var how = new OpenHow { Flags = (uint)(flags | O_CLOEXEC), Resolve = Resolve };
        nint descriptor = Openat2(_root, relative, &how);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }
}
