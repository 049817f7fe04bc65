using System.Runtime.InteropServices;
using Fts.Native;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.Errno;
using static Fts.Native.FileCalls;
using static Fts.Storage.Local.SystemErrors;

namespace Fts.Storage.Local.Linux;

/// <summary>Sets facts through a handle, so that no name is looked up twice.</summary>
internal static class LinuxMetadataSetter
{
    /// <summary>Sets facts of what <paramref name="file"/> names (O_PATH). <paramref name="openAgain"/> opens it for reading, where nothing else will do; null where it may not be read.</summary>
    public static void Set(SafeFileHandle file, FileMetadata status, StorePath path, Func<SafeFileHandle?> openAgain)
    {
        FileStatus there = LinuxRootDirectory.GetStatus(file);
        if (!there.IsFile && !there.IsDirectory)
        {
            throw new StoreException(StoreError.NotAFile, path.Value);
        }

        // Before the mode, which may be one that lets nobody read the file any more, or write to it.
        using SafeFileHandle? open = status.LastModified is not null && there.IsFile && LinuxHashAttribute.MayExist(file) ? openAgain() : null;
        byte[]? hash = open is not null && LinuxRootDirectory.GetStatus(open) is var now && now.IsSameFileAs(there) ? LinuxHashAttribute.ReadAndInvalidate(open, now) : null;
        if (status.UnixMode is { } mode)
        {
            // A folder keeps its setgid and sticky bits, which its owner gave it for those who share it; a file keeps neither setuid nor setgid.
            SetMode(file, there, (uint)mode | (there.IsDirectory ? there.Mode & 0x600u : 0), path, openAgain);
        }

        if (status.LastModified is { } modified)
        {
            SetLastModified(file, modified, path);
        }

        if (hash is not null && LinuxRootDirectory.GetStatus(open!) is var then && then.Length == there.Length)
        {
            LinuxHashAttribute.Write(open!, then, hash);
        }
    }

    private static void SetMode(SafeFileHandle file, FileStatus there, uint mode, StorePath path, Func<SafeFileHandle?> openAgain)
    {
        if (Fchmodat2(file, "", mode, AT_EMPTY_PATH) == 0)
        {
            return;
        }

        if (Marshal.GetLastPInvokeError() != ENOSYS)
        {
            throw LinuxRootDirectory.CreateLastError(path.Value);
        }

        // Before Linux 6.6 only what is open can be changed without its name; a file its owner may not read is refused then.
        using SafeFileHandle open = openAgain() ?? throw LinuxRootDirectory.CreateLastError(path.Value);
        if (LinuxRootDirectory.GetStatus(open) is var now && !now.IsSameFileAs(there))
        {
            throw new StoreException(StoreError.Busy, $"{path} was replaced meanwhile.");
        }

        if (Fchmod(open, mode) < 0)
        {
            throw LinuxRootDirectory.CreateLastError(path.Value);
        }
    }

    private static unsafe void SetLastModified(SafeFileHandle file, DateTime modifiedUtc, StorePath path)
    {
        long ticks = (modifiedUtc - DateTime.UnixEpoch).Ticks;
        (long seconds, long rest) = Math.DivRem(ticks, TimeSpan.TicksPerSecond);
        TimeSpec* times = stackalloc TimeSpec[2];
        times[0].Nanoseconds = UTIME_OMIT;
        // Before 1970 the remainder is negative, and the call wants it positive.
        times[1] = rest < 0
            ? new TimeSpec { Seconds = seconds - 1, Nanoseconds = (rest + TimeSpan.TicksPerSecond) * 100 }
            : new TimeSpec { Seconds = seconds, Nanoseconds = rest * 100 };
        if (Utimensat(file, "", times, AT_EMPTY_PATH) < 0)
        {
            // Linux 5.6 and 5.7 have openat2, but cannot set the time of a file that is only named.
            throw Marshal.GetLastPInvokeError() == EINVAL ? CreateException(ENOSYS, path.Value) : LinuxRootDirectory.CreateLastError(path.Value);
        }
    }
}
