using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Fts.Storage.Local.LinuxCalls;
using static Fts.Storage.Local.SystemErrors;

namespace Fts.Storage.Local;

/// <summary>
/// A pending file beside its target. It holds the folder's handle and not its path: a folder renamed meanwhile takes the upload with it, and a link put
/// in the folder's place leads nothing astray. The commit replaces whatever the name is by then, a link itself. What a killed server leaves behind
/// is not swept here: another server may be writing it.
/// </summary>
internal sealed class LinuxPendingFile : IPendingFile
{
    private readonly SafeFileHandle _folder;
    private readonly string _pendingName;
    private readonly string _name;
    private readonly bool _createOnly;
    private bool _committed;
    private bool _disposed;

    private LinuxPendingFile(SafeFileHandle folder, string pendingName, string name, SafeFileHandle handle, long? committedLength, bool createOnly) =>
        (_folder, _pendingName, _name, Handle, CommittedLength, _createOnly) = (folder, pendingName, name, handle, committedLength, createOnly);

    public SafeFileHandle Handle { get; }

    public long? CommittedLength { get; }

    /// <summary>Makes the file. <paramref name="folder"/> becomes the pending file's own unless this throws.</summary>
    public static LinuxPendingFile Create(SafeFileHandle folder, string name, LinuxFacts? committed, bool createOnly)
    {
        // A rename asks nothing of the file it replaces; a read-only file must be as safe from it as from being opened for writing.
        if (committed is not null && Faccessat2(folder, name, W_OK, AT_EACCESS) < 0 && Marshal.GetLastPInvokeError() is EACCES or EROFS)
        {
            throw RootDirectory.LastError(name);
        }

        string pendingName = PendingNames.New();
        int descriptor = Openat(folder, pendingName, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0x1B6);
        if (descriptor < 0)
        {
            throw RootDirectory.LastError(name);
        }

        var pending = new LinuxPendingFile(folder, pendingName, name, new SafeFileHandle(descriptor, ownsHandle: true), committed?.Length, createOnly);
        if (committed is { } facts && Fchmod(pending.Handle, facts.Mode & 0x1FFu) < 0 && Marshal.GetLastPInvokeError() is not (EPERM or EOPNOTSUPP))
        {
            // EPERM, EOPNOTSUPP: a file system without permission bits has none to lose.
            StoreException failure = RootDirectory.LastError(name);
            pending.Dispose();
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

    public void Commit()
    {
        int error = RootDirectory.Rename(_folder, _pendingName, _folder, _name, replace: !_createOnly);
        if (error != 0)
        {
            throw Exception(error, _name);
        }

        _committed = true;
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!_committed)
        {
            // Failing leaves a file nobody can see; whoever breaks off an upload has no use for the reason.
            _ = Unlinkat(_folder, _pendingName, 0);
        }

        Handle.Dispose();
        _folder.Dispose();
    }
}
