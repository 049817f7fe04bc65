using Fts.Native;

namespace Fts.Storage.Local.Linux;

/// <summary>Converts the status of an entry that statx(2) returns to a <see cref="FileEntry"/>, and classifies entries.</summary>
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

    /// <summary>
    /// Returns whether the entry at a real path is a device, FIFO or socket, and its <see cref="FileEntry.Id"/>. Does not follow a symbolic
    /// link.
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
