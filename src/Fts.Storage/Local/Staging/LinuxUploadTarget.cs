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
/// Where what is written to a path belongs: a link that stays inside is followed to what it leads to, so that this is replaced and the pending file lies
/// beside it. Whoever finds one disposes it, or hands its folder on.
/// </summary>
/// <param name="DirectoryHandle">The folder, open by name only (O_PATH).</param>
/// <param name="Name">The name in it, which is no link.</param>
/// <param name="Committed">What is there, or null.</param>
/// <param name="DirectoryPath">The path of the folder relative to the root. It may contain links to directories.</param>
internal readonly record struct LinuxUploadTarget(SafeFileHandle DirectoryHandle, string Name, FileStatus? Committed, string DirectoryPath) : IDisposable
{
    /// <summary>What is there, as the names of pending files count it.</summary>
    public FileEntry? CommittedFile => Committed is { IsFile: true } status ? status.ToEntry(Name) : null;

    /// <summary>As many links in a chain as the kernel itself follows.</summary>
    private const int MaxLinks = 40;

    /// <summary>Finds it. A link that leads nowhere or out is refused; so is whatever is there, a link itself, where <paramref name="mustBeNew"/> says so.</summary>
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
                    // A link that led to a missing name has nothing to replace.
                    return exists || links == 0
                        ? new LinuxUploadTarget(parent, name, exists ? status : null, directory)
                        : throw new StoreException(StoreError.Denied, $"{path} is a link that leads nowhere.");
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

    /// <summary>Where a link leads, as a folder relative to the root (perhaps with <c>..</c>, which is the kernel's to judge) and a name in it.</summary>
    private static (string Folder, string Name) ResolveLink(SafeFileHandle parent, string directory, string name)
    {
        string target = TryReadLink(parent, name) ?? throw LinuxRootDirectory.CreateLastError(name);
        int slash = target.LastIndexOf('/');
        string last = target[(slash + 1)..];
        return target.StartsWith('/') ? throw CreateException(EXDEV, name)
            : last is "" or "." or ".." ? throw CreateException(EISDIR, name)
            : (slash < 0 ? directory : $"{directory}/{target[..slash]}", last);
    }
}
