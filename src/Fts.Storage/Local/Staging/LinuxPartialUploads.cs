using System.Runtime.InteropServices;
using Fts.Storage.Local.Linux;
using Microsoft.Win32.SafeHandles;
using static Fts.Storage.Local.Linux.LinuxCalls;
using static Fts.Storage.Local.SystemErrors;

namespace Fts.Storage.Local.Staging;

/// <summary>What was found under the name of a pending file.</summary>
internal enum SlotState
{
    /// <summary>Nothing.</summary>
    Empty,
    /// <summary>A pending file that nobody writes; it is ours now, and locked.</summary>
    Taken,
    /// <summary>A pending file that somebody writes, in this process or another.</summary>
    Busy,
    /// <summary>Something that no server of ours put there: a link, a folder, another user's file, one that has a second name.</summary>
    Foreign,
}

/// <summary>
/// A pending file under its name. Who writes it holds a lock on it, which the kernel takes back whatever way its process ends: what is there and not locked
/// is an upload that broke off. The lock is the open file's (OFD), so that it also holds between the sessions of one process.
/// </summary>
internal static class LinuxPendingSlot
{
    private static readonly int s_flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

    /// <summary>Opens and locks what is there, if it is a pending file that nobody writes. The caller disposes the handle.</summary>
    public static SlotState TryTake(SafeFileHandle folder, string name, out SafeFileHandle? handle, out LinuxFacts facts)
    {
        while (true)
        {
            (handle, facts) = (null, default);
            int descriptor = Openat(folder, name, O_RDWR | s_flags, 0);
            if (descriptor < 0)
            {
                return Marshal.GetLastPInvokeError() switch
                {
                    ENOENT => SlotState.Empty,
                    ELOOP or EISDIR or ENXIO or EACCES or EPERM => SlotState.Foreign,
                    _ => throw RootDirectory.LastError(name),
                };
            }

            var opened = new SafeFileHandle(descriptor, ownsHandle: true);
            SlotState state = !IsOurs(opened, out _) ? SlotState.Foreign : TryLock(opened) ? SlotState.Taken : SlotState.Busy;
            if (state == SlotState.Taken && IsStill(folder, name, opened, out facts))
            {
                handle = opened;
                return state;
            }

            opened.Dispose();
            if (state != SlotState.Taken)
            {
                return state;
            }
        }
    }

    /// <summary>
    /// Locks a file that was just made under this name; false when another was faster. Also when that one is done with it already: then it is no pending file any
    /// more, and to write it would be to write what was committed.
    /// </summary>
    public static bool TryReserve(SafeFileHandle folder, string name, SafeFileHandle file) => TryLock(file) && IsStill(folder, name, file, out _);

    /// <summary>What an uploader can continue; null where there is nothing.</summary>
    public static PendingUpload? Find(RootDirectory root, StorePath path, string uploader)
    {
        using LinuxTarget? target = TryFind(root, path);
        foreach (string slot in target is { } found ? PendingNames.All(found.Name, uploader, found.CommittedFile) : [])
        {
            if (Find(target!.Value.Folder, slot) is { } facts)
            {
                return new PendingUpload(facts.Length, facts.Modified);
            }
        }

        return null;
    }

    /// <summary>Removes what an uploader can continue; false where there is nothing.</summary>
    public static bool GiveUp(RootDirectory root, StorePath path, string uploader)
    {
        using LinuxTarget? target = TryFind(root, path);
        return target is { } found && GiveUp(found, uploader);
    }

    /// <summary>
    /// Removes an uploader's partial uploads to a target, which may have been deleted since it was found. Returns false if there are none.
    /// </summary>
    public static bool GiveUp(in LinuxTarget target, string uploader)
    {
        bool isRemoved = false;
        foreach (string slot in PendingNames.All(target.Name, uploader, target.CommittedFile))
        {
            isRemoved |= TryRemove(target.Folder, slot);
        }

        return isRemoved;
    }

    /// <summary>The facts of an upload that can be continued; null where there is none.</summary>
    public static unsafe LinuxFacts? Find(SafeFileHandle folder, string name)
    {
        int descriptor = Openat(folder, name, O_RDONLY | s_flags, 0);
        if (descriptor < 0)
        {
            return null;
        }

        using var opened = new SafeFileHandle(descriptor, ownsHandle: true);
        var holder = new LinuxLock { Type = F_WRLCK };
        return IsOurs(opened, out LinuxFacts facts) && (Fcntl(opened, F_OFD_GETLK, &holder) < 0 || holder.Type == F_UNLCK) ? facts : null;
    }

    /// <summary>Removes what is there if nobody writes it and, where <paramref name="before"/> says so, if it was last written before then.</summary>
    public static bool TryRemove(SafeFileHandle folder, string name, DateTime? before = null)
    {
        if (TryTake(folder, name, out SafeFileHandle? handle, out LinuxFacts facts) != SlotState.Taken)
        {
            return false;
        }

        using (handle)
        {
            return (before is null || facts.Modified < before) && Unlinkat(folder, name, 0) == 0;
        }
    }

    /// <summary>Returns the target of uploads to a path; null if no upload is possible.</summary>
    public static LinuxTarget? TryFind(RootDirectory root, StorePath path)
    {
        try
        {
            return LinuxTarget.Find(root, path);
        }
        catch (StoreException e) when (e.Error is StoreError.NotFound or StoreError.NotAFolder or StoreError.Denied or StoreError.BadName)
        {
            return null; // nothing can be uploaded there, so nothing was
        }
    }

    /// <summary>Locks a file for its writer; false when another holds it.</summary>
    private static unsafe bool TryLock(SafeFileHandle file)
    {
        var whole = new LinuxLock { Type = F_WRLCK };
        // A file system that knows no locks leaves several writers to themselves; the last commit still wins whole.
        return Fcntl(file, F_OFD_SETLK, &whole) == 0 || Marshal.GetLastPInvokeError() is not (EAGAIN or EACCES);
    }

    /// <summary>Between opening and locking, a writer may have committed the file or given it up, and another may be in its place.</summary>
    private static bool IsStill(SafeFileHandle folder, string name, SafeFileHandle file, out LinuxFacts facts) =>
        Statx(folder, name, AT_SYMLINK_NOFOLLOW, out facts) == 0 && facts.IsSameAs(RootDirectory.FactsOf(file));

    /// <summary>Somebody with an account on this machine may have put a second name for a file of his choice there, to have it written.</summary>
    private static bool IsOurs(SafeFileHandle file, out LinuxFacts facts)
    {
        facts = RootDirectory.FactsOf(file);
        return facts.IsFile && facts.Links <= 1 && facts.Owner == Geteuid();
    }
}
