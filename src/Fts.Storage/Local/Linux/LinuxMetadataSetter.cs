using System.Runtime.InteropServices;
using Fts.Native;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.Errno;
using static Fts.Native.FileCalls;
using static Fts.Storage.Local.SystemErrors;

namespace Fts.Storage.Local.Linux;

/// <summary>Sets the metadata of an open file or directory.</summary>
internal static class LinuxMetadataSetter
{
    /// <summary>Sets metadata of a file or directory.</summary>
    /// <param name="file">The file or directory, open as a path only (O_PATH).</param>
    /// <param name="metadata">The metadata to set.</param>
    /// <param name="path">The path, for error messages.</param>
    /// <param name="openForReading">
    /// Opens the path again, for reading, or returns null if it cannot be read. Another file may have replaced the file in the meantime.
    /// </param>
    public static void Set(SafeFileHandle file, FileMetadata metadata, StorePath path, Func<SafeFileHandle?> openForReading)
    {
        FileStatus existing = LinuxRootDirectory.GetStatus(file);
        if (!existing.IsFile && !existing.IsDirectory)
        {
            throw new StoreException(StoreError.NotAFile, $"{path} is neither a file nor a directory.");
        }

        // The file is opened before its mode is set, because the new mode may deny reading and writing.
        bool mayHaveHash = metadata.LastModified is not null && existing.IsFile && LinuxHashAttribute.MayExist(file);
        using SafeFileHandle? opened = mayHaveHash ? openForReading() : null;
        byte[]? hash = opened is not null && LinuxRootDirectory.GetStatus(opened) is var status && status.IsSameFileAs(existing)
            ? LinuxHashAttribute.ReadOrDiscard(opened, status)
            : null;
        // The time is set first, because setting it fails before Linux 5.8, and a failed call must set no value.
        if (metadata.LastModified is { } lastModified)
        {
            SetLastModified(file, lastModified, path);
        }

        if (metadata.UnixMode is { } mode)
        {
            // A directory keeps its setgid and sticky bits, which its owner set for shared use. A file keeps neither setuid nor setgid.
            SetMode(file, existing, (uint)mode | (existing.IsDirectory ? existing.Mode & 0x600u : 0), path, openForReading);
        }

        if (hash is not null && LinuxRootDirectory.GetStatus(opened!) is var newStatus && newStatus.Length == existing.Length)
        {
            LinuxHashAttribute.Write(opened!, newStatus, hash);
        }
    }

    /// <summary>Sets the mode, through another handle if the kernel does not support O_PATH handles in this call.</summary>
    private static void SetMode(SafeFileHandle file, FileStatus existing, uint mode, StorePath path, Func<SafeFileHandle?> openForReading)
    {
        if (Fchmodat2(file, "", mode, AT_EMPTY_PATH) == 0)
        {
            return;
        }

        if (Marshal.GetLastPInvokeError() != ENOSYS)
        {
            throw LinuxRootDirectory.CreateLastError(path.Value);
        }

        // Before Linux 6.6, fchmodat2 does not exist, and the file must be opened for reading. The call fails for a file that the server
        // cannot read.
        using SafeFileHandle opened = openForReading() ?? throw LinuxRootDirectory.CreateLastError(path.Value);
        if (!LinuxRootDirectory.GetStatus(opened).IsSameFileAs(existing))
        {
            throw new StoreException(StoreError.Busy, $"Another session or process replaced {path} during the call.");
        }

        if (Fchmod(opened, mode) < 0)
        {
            throw LinuxRootDirectory.CreateLastError(path.Value);
        }
    }

    private static unsafe void SetLastModified(SafeFileHandle file, DateTime lastModifiedUtc, StorePath path)
    {
        TimeSpec* times = stackalloc TimeSpec[2];
        times[0].Nanoseconds = UTIME_OMIT;
        times[1] = TimeSpec.FromUtc(lastModifiedUtc);
        if (Utimensat(file, "", times, AT_EMPTY_PATH) < 0)
        {
            // Linux 5.6 and 5.7 have openat2, but cannot set the time through an O_PATH handle.
            throw Marshal.GetLastPInvokeError() == EINVAL
                ? CreateException(ENOSYS, path.Value)
                : LinuxRootDirectory.CreateLastError(path.Value);
        }
    }
}
