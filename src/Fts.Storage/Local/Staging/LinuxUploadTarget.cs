using System.Runtime.InteropServices;
using Fts.Native;
using Fts.Storage.Local.Linux;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.Errno;
using static Fts.Native.FileStatus;
using static Fts.Storage.Local.SystemErrors;

namespace Fts.Storage.Local.Staging;

/// <summary>
/// The file that an upload to a path creates or replaces. Links are followed: the upload replaces the target of a link, and the staging
/// file is located beside that target.
/// </summary>
/// <remarks>
/// The caller of <see cref="Find"/> disposes the target, or passes the ownership of the directory handle to a
/// <see cref="LinuxStagingFile"/>.
/// </remarks>
/// <param name="DirectoryHandle">The directory, open as a path only (O_PATH).</param>
/// <param name="Name">The name in the directory. It is not a link.</param>
/// <param name="Committed">The status of the existing entry, or null if none exists.</param>
/// <param name="DirectoryPath">The path of the directory relative to the root. It may contain links to directories.</param>
internal readonly record struct LinuxUploadTarget(SafeFileHandle DirectoryHandle, string Name, FileStatus? Committed, string DirectoryPath)
    : IDisposable
{
    /// <summary>
    /// The existing file, from whose metadata the names of partial uploads are computed, or null if no regular file exists.
    /// </summary>
    public FileEntry? CommittedFile => Committed is { IsFile: true } status ? status.ToEntry(Name) : null;

    /// <summary>The maximum number of links in a chain, as in the kernel.</summary>
    private const int MaxLinks = 40;

    /// <summary>Finds the target of an upload.</summary>
    /// <param name="root">The root of the store.</param>
    /// <param name="path">The path of the upload.</param>
    /// <param name="mustBeNew">Whether an existing entry is refused, even if it is a link.</param>
    /// <exception cref="StoreException">A link points to a missing entry or outside the root, or the directory does not exist.</exception>
    public static LinuxUploadTarget Find(LinuxRootDirectory root, StorePath path, bool mustBeNew = false)
    {
        string directory = LinuxRootDirectory.GetRelativePath(path.Parent), name = path.Name;
        for (int links = 0; links <= MaxLinks; links++)
        {
            SafeFileHandle parent = root.OpenParent(directory, path);
            try
            {
                bool exists = Statx(parent, name, AT_SYMLINK_NOFOLLOW, out FileStatus status) == 0;
                if (!exists && Marshal.GetLastPInvokeError() != ENOENT)
                {
                    throw LinuxRootDirectory.CreateLastError(path.Value);
                }

                if (exists && mustBeNew)
                {
                    throw CreateException(EEXIST, path.Value);
                }

                if (!exists || !status.IsLink)
                {
                    // An upload to a link whose target is missing is refused.
                    return exists || links == 0
                        ? new LinuxUploadTarget(parent, name, exists ? status : null, directory)
                        : throw new StoreException(StoreError.Denied, $"{path} is a link to a missing entry.");
                }

                (directory, name) = ResolveLink(parent, directory, name);
                parent.Dispose();
            }
            catch
            {
                parent.Dispose();
                throw;
            }
        }

        throw CreateException(ELOOP, path.Value);
    }

    public void Dispose() => DirectoryHandle.Dispose();

    /// <summary>Returns the target of a link, as a directory relative to the root and a name in it.</summary>
    /// <remarks>The directory may contain <c>..</c>. When it is opened, the kernel refuses a path that leaves the root.</remarks>
    private static (string DirectoryPath, string Name) ResolveLink(SafeFileHandle parent, string directory, string name)
    {
        string target = TryReadLink(parent, name) ?? throw LinuxRootDirectory.CreateLastError(name);
        int slash = target.LastIndexOf('/');
        string last = target[(slash + 1)..];
        if (target.StartsWith('/'))
        {
            throw CreateException(EXDEV, name);
        }

        return last is "" or "." or ".."
            ? throw CreateException(EISDIR, name)
            : (slash < 0 ? directory : $"{directory}/{target[..slash]}", last);
    }
}
