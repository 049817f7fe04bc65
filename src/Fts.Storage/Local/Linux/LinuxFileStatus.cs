using Fts.Native;

namespace Fts.Storage.Local.Linux;

/// <summary>Classifies entries, and creates a <see cref="FileEntry"/> from the status that statx(2) returns.</summary>
internal static class LinuxFileStatus
{
    /// <summary>Returns the entry with this name and status.</summary>
    public static FileEntry ToEntry(this in FileStatus status, string name)
    {
        EntryKind otherKind = status.IsDirectory ? EntryKind.Directory : EntryKind.Other;
        EntryKind kind = status.IsFile ? EntryKind.File : otherKind;
        var mode = (UnixFileMode)(status.Mode & 0x1FF);
        return new FileEntry(name, kind, status.IsFile ? status.Length : 0, status.LastModified, mode, status.Id);
    }

    /// <summary>Returns the entry with this name and status, which was read without following a link.</summary>
    public static FileEntry ToUnfollowedEntry(this in FileStatus status, string name) =>
        status.ToEntry(name) with { IsLink = status.IsLink };

    /// <summary>
    /// Returns the <see cref="FileEntry.Id"/> of the entry at a real path, and whether the entry is a device, FIFO or socket. Does not
    /// follow a symbolic link.
    /// </summary>
    /// <returns>False and 0 if the entry does not exist, or on systems other than Linux.</returns>
    /// <remarks>The file functions of .NET report devices, FIFOs and sockets as files.</remarks>
    public static (bool IsSpecial, ulong Id) GetTypeAndId(string path) =>
        FileStatus.TryGet(path, out FileStatus status) ? (!status.IsFile && !status.IsDirectory && !status.IsLink, status.Id) : default;

    /// <summary>Returns whether a real path is a directory, or a symbolic link to one.</summary>
    public static bool IsDirectory(string path) =>
        SystemCallNumbers.IsSupported
            ? FileStatus.TryGet(path, flags: 0, out FileStatus status) && status.IsDirectory
            : Directory.Exists(path);
}
