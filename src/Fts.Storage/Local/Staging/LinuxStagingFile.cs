using System.Runtime.InteropServices;
using Fts.Storage.Local.Linux;
using Microsoft.Win32.SafeHandles;
using static Fts.Storage.Local.Linux.LinuxCalls;
using static Fts.Storage.Local.SystemErrors;

namespace Fts.Storage.Local.Staging;

/// <summary>
/// A pending file beside its target, locked while it is open. It holds the folder's handle and not its path: a folder renamed meanwhile takes the upload with
/// it, and a link put in the folder's place leads nothing astray. The commit replaces whatever the name is by then, a link itself. An upload's has the name
/// that its continuation will look for, so that a killed server leaves it just as <see cref="Keep"/> does; all others have random ones.
/// </summary>
internal sealed class LinuxPendingFile : IPendingFile
{
    /// <summary>Others come and go in the same place; more often than this in a row they do so on purpose.</summary>
    private const int MaxAttempts = 100;

    private readonly SafeFileHandle _folder;
    private readonly string _name;
    private readonly bool _createOnly;
    private readonly string? _slot;
    private string _pendingName;
    private bool _isLeft;
    private bool _disposed;

    private LinuxPendingFile(in LinuxTarget target, WriteStart start, string pendingName, SafeFileHandle handle, string? slot, long? keptLength)
    {
        (_folder, _name, CommittedLength, _createOnly) = (target.Folder, target.Name, target.Committed?.Length, start.CreateOnly);
        FolderPath = target.FolderPath;
        (_pendingName, Handle, _slot, KeptLength) = (pendingName, handle, slot, keptLength);
    }

    public SafeFileHandle Handle { get; }

    public long? CommittedLength { get; }

    public long? KeptLength { get; }

    public string? KeptName => _slot;

    public string FolderPath { get; }

    /// <summary>Makes the file, or takes the one that is continued. The target's folder becomes the pending file's own unless this throws.</summary>
    public static LinuxPendingFile Open(in LinuxTarget target, WriteStart start)
    {
        // A rename asks nothing of the file it replaces; a read-only file must be as safe from it as from being opened for writing.
        if (target.Committed is not null && Faccessat2(target.Folder, target.Name, W_OK, AT_EACCESS) < 0 && Marshal.GetLastPInvokeError() is EACCES or EROFS)
        {
            throw RootDirectory.LastError(target.Name);
        }

        LinuxPendingFile pending = start.Uploader is not null ? OpenUpload(target, start, start.Uploader) : NewApart(target, start, slot: null);
        // A new file gets its mode when it is created. A partial upload was readable only for its owner.
        uint? mode = target.Committed is { } facts ? facts.Mode & 0x1FFu : pending.KeptLength is not null ? (uint?)FileModes.NewFile : null;
        if (mode is { } bits && Fchmod(pending.Handle, bits) < 0 && Marshal.GetLastPInvokeError() is not (EPERM or EOPNOTSUPP))
        {
            // EPERM, EOPNOTSUPP: a file system without permission bits has none to lose.
            StoreException failure = RootDirectory.LastError(target.Name);
            pending.Abandon();
            throw failure;
        }

        return pending;
    }

    public SafeFileHandle? OpenCommitted()
    {
        int descriptor = Openat(_folder, _name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError() == ENOENT ? null : throw RootDirectory.LastError(_name);
        }

        var committed = new SafeFileHandle(descriptor, ownsHandle: true);
        if (RootDirectory.FactsOf(committed).IsFile)
        {
            return committed;
        }

        committed.Dispose();
        throw new StoreException(StoreError.NotAFile, _name);
    }

    public ulong FolderId => RootDirectory.FactsOf(_folder).Id;

    public void BeginFlush() => _ = SyncFileRange(Handle, 0, 0, SYNC_FILE_RANGE_WRITE);

    public void Flush()
    {
        if (Fdatasync(Handle) < 0)
        {
            throw RootDirectory.LastError(_name);
        }
    }

    public void FlushFolder() => LinuxFolderFlush.Run(_folder, _name);

    public void Commit()
    {
        int error = RootDirectory.Rename(_folder, _pendingName, _folder, _name, replace: !_createOnly);
        if (error != 0)
        {
            throw Exception(error, _name);
        }

        _isLeft = true;
    }

    public void Enter()
    {
        if (!TryEnter())
        {
            throw new StoreException(StoreError.Busy, $"{_name} is being uploaded by another.");
        }
    }

    public bool Keep()
    {
        if (_slot is not null && FileModes.NewFile is not null)
        {
            _ = Fchmod(Handle, (uint)FileModes.AtRest); // EPERM, EOPNOTSUPP: a file system without permission bits
        }

        return _isLeft |= TryEnter();
    }

    private bool TryEnter()
    {
        // The second attempt is for a place that became free in between; after that somebody is writing there, or it is not ours to clear.
        bool mayBeFree = _slot is not null && _pendingName != _slot;
        for (int attempt = 0; mayBeFree && attempt < MaxAttempts; attempt++)
        {
            if (RootDirectory.Rename(_folder, _pendingName, _folder, _slot!, replace: false) == 0)
            {
                _pendingName = _slot!;
                return true;
            }

            mayBeFree = LinuxPendingSlot.TryRemove(_folder, _slot!) || attempt == 0;
        }

        return _slot is not null && _pendingName == _slot;
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!_isLeft)
        {
            // Failing leaves a file nobody can see; whoever breaks off an upload has no use for the reason.
            _ = Unlinkat(_folder, _pendingName, 0);
        }

        Handle.Dispose();
        _folder.Dispose();
    }

    private static LinuxPendingFile OpenUpload(in LinuxTarget target, WriteStart start, string uploader)
    {
        if (!start.KeepsContent)
        {
            if (target.CommittedFile is { } file)
            {
                LinuxPendingSlot.TryRemove(target.Folder, PendingNames.For(target.Name, uploader, file)); // given up, too
            }

            return Begin(target, start, PendingNames.For(target.Name, uploader));
        }

        foreach (string slot in PendingNames.All(target.Name, uploader, target.CommittedFile))
        {
            switch (LinuxPendingSlot.TryTake(target.Folder, slot, out SafeFileHandle? taken, out LinuxFacts facts))
            {
                case SlotState.Taken:
                    return new LinuxPendingFile(target, start, slot, taken!, slot, facts.Length);
                case SlotState.Busy:
                    throw new StoreException(StoreError.Busy, $"{target.Name} is being uploaded by another.");
            }
        }

        return NewApart(target, start, PendingNames.For(target.Name, uploader, target.CommittedFile));
    }

    /// <summary>One that begins anew expects nothing in its place. What is there and nobody writes is given up.</summary>
    private static LinuxPendingFile Begin(in LinuxTarget target, WriteStart start, string slot)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (New(target, start, slot, slot) is { } first)
            {
                return first;
            }

            switch (LinuxPendingSlot.TryTake(target.Folder, slot, out SafeFileHandle? taken, out _))
            {
                case SlotState.Taken:
                    GiveUp(target.Folder, slot, taken!);
                    break;
                case SlotState.Busy or SlotState.Foreign:
                    return NewApart(target, start, slot);
            }
        }

        throw new StoreException(StoreError.Busy, $"{target.Name} is being uploaded by many others.");
    }

    /// <summary>Makes one under a name of its own. A sweep that comes by before it is locked may take it away: then another.</summary>
    private static LinuxPendingFile NewApart(in LinuxTarget target, WriteStart start, string? slot)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (New(target, start, PendingNames.New(), slot) is { } made)
            {
                return made;
            }
        }

        throw new StoreException(StoreError.Busy, $"{target.Name} cannot be held.");
    }

    /// <summary>Makes an empty one; null where its name is taken.</summary>
    private static LinuxPendingFile? New(in LinuxTarget target, WriteStart start, string pendingName, string? slot)
    {
        // From the start, the mode grants no more than that of the replaced file; the umask may remove more bits.
        uint mode = target.Committed is { } facts ? facts.Mode & 0x1FFu : 0x1B6;
        int descriptor = Openat(target.Folder, pendingName, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError() == EEXIST ? null : throw RootDirectory.LastError(target.Name);
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (LinuxPendingSlot.TryReserve(target.Folder, pendingName, handle))
        {
            return new LinuxPendingFile(target, start, pendingName, handle, slot, keptLength: null);
        }

        handle.Dispose(); // somebody continues it already, or gave it up
        return null;
    }

    /// <summary>Takes an upload's file away that nobody will continue. Freeing its blocks can take long: that waits for the handle, on another thread.</summary>
    private static void GiveUp(SafeFileHandle folder, string slot, SafeFileHandle taken)
    {
        if (Unlinkat(folder, slot, 0) < 0 && Marshal.GetLastPInvokeError() != ENOENT)
        {
            StoreException failure = RootDirectory.LastError(slot);
            taken.Dispose();
            throw failure;
        }

        _ = Task.Run(taken.Dispose);
    }

    /// <summary>Removes what was made, or leaves what was continued, and not the folder: the caller that is told still owns it.</summary>
    private void Abandon()
    {
        if (KeptLength is null)
        {
            _ = Unlinkat(_folder, _pendingName, 0);
        }

        Handle.Dispose();
    }
}
