using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Fts.Storage.Local.Linux.LinuxCalls;
using static Fts.Storage.Local.SystemErrors;

namespace Fts.Storage.Local.Linux;

/// <summary>Sets facts through a handle, so that no name is looked up twice.</summary>
internal static class LinuxFactsSetter
{
    /// <summary>Sets facts of what <paramref name="file"/> names (O_PATH). <paramref name="openAgain"/> opens it for reading, where nothing else will do; null where it may not be read.</summary>
    public static void Set(SafeFileHandle file, FileFacts facts, StorePath path, Func<SafeFileHandle?> openAgain)
    {
        LinuxFacts there = RootDirectory.FactsOf(file);
        if (!there.IsFile && !there.IsFolder)
        {
            throw new StoreException(StoreError.NotAFile, path.Value);
        }

        // Before the mode, which may be one that lets nobody read the file any more, or write to it.
        using SafeFileHandle? open = facts.Modified is not null && there.IsFile && LinuxHash.MayBeThere(file) ? openAgain() : null;
        byte[]? hash = open is not null && RootDirectory.FactsOf(open) is var now && now.IsSameAs(there) ? LinuxHash.Take(open, now) : null;
        if (facts.UnixMode is { } mode)
        {
            // A folder keeps its setgid and sticky bits, which its owner gave it for those who share it; a file keeps neither setuid nor setgid.
            SetMode(file, there, (uint)mode | (there.IsFolder ? there.Mode & 0x600u : 0), path, openAgain);
        }

        if (facts.Modified is { } modified)
        {
            SetModified(file, modified, path);
        }

        if (hash is not null && RootDirectory.FactsOf(open!) is var then && then.Length == there.Length)
        {
            LinuxHash.Remember(open!, then, hash);
        }
    }

    private static void SetMode(SafeFileHandle file, LinuxFacts there, uint mode, StorePath path, Func<SafeFileHandle?> openAgain)
    {
        if (Fchmodat2(file, "", mode, AT_EMPTY_PATH) == 0)
        {
            return;
        }

        if (Marshal.GetLastPInvokeError() != ENOSYS)
        {
            throw RootDirectory.LastError(path.Value);
        }

        // Before Linux 6.6 only what is open can be changed without its name; a file its owner may not read is refused then.
        using SafeFileHandle open = openAgain() ?? throw RootDirectory.LastError(path.Value);
        if (RootDirectory.FactsOf(open) is var now && !now.IsSameAs(there))
        {
            throw new StoreException(StoreError.Busy, $"{path} was replaced meanwhile.");
        }

        if (Fchmod(open, mode) < 0)
        {
            throw RootDirectory.LastError(path.Value);
        }
    }

    private static unsafe void SetModified(SafeFileHandle file, DateTime modifiedUtc, StorePath path)
    {
        long ticks = (modifiedUtc - DateTime.UnixEpoch).Ticks;
        (long seconds, long rest) = Math.DivRem(ticks, TimeSpan.TicksPerSecond);
        LinuxTime* times = stackalloc LinuxTime[2];
        times[0].Nanoseconds = UTIME_OMIT;
        // Before 1970 the remainder is negative, and the call wants it positive.
        times[1] = rest < 0
            ? new LinuxTime { Seconds = seconds - 1, Nanoseconds = (rest + TimeSpan.TicksPerSecond) * 100 }
            : new LinuxTime { Seconds = seconds, Nanoseconds = rest * 100 };
        if (Utimensat(file, "", times, AT_EMPTY_PATH) < 0)
        {
            // Linux 5.6 and 5.7 have openat2, but cannot set the time of a file that is only named.
            throw Marshal.GetLastPInvokeError() == EINVAL ? Exception(ENOSYS, path.Value) : RootDirectory.LastError(path.Value);
        }
    }
}
