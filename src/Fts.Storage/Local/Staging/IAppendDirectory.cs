using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Staging;

/// <summary>Whether the target of an append could be opened.</summary>
internal enum AppendTargetState
{
    /// <summary>No entry has the name.</summary>
    Missing,
    /// <summary>The file is open and locked.</summary>
    Locked,
    /// <summary>Another session or process has locked the file.</summary>
    Busy,
}

/// <summary>The directory of an append. It contains the target, the staging file and the record (<see cref="AppendRecord"/>).</summary>
/// <remarks>No name is followed if it is a link. Every member throws <see cref="StoreException"/>.</remarks>
internal interface IAppendDirectory
{
    /// <summary>Opens a committed file for writing, and locks it against other appends. The caller disposes it.</summary>
    /// <exception cref="StoreException">The entry is not a regular file, or cannot be written.</exception>
    AppendTargetState TryOpenTarget(string name, out LockedFile? target);

    /// <summary>Creates and locks a record. Returns null if one exists. The caller disposes it.</summary>
    LockedFile? TryCreateRecord(string name);

    /// <summary>
    /// Opens and locks the record of a process that ended. Returns null if no record exists, or if the append is being applied. The caller
    /// disposes it.
    /// </summary>
    LockedFile? TryAcquireRecord(string name);

    /// <summary>Opens a staging file for reading. Returns null if this server has none of this name. The caller disposes it.</summary>
    SafeFileHandle? OpenStagingFile(string name);

    /// <summary>Deletes the hash that is cached with an open file. Does not report failure.</summary>
    void DiscardCachedHash(LockedFile target);

    /// <summary>Deletes a staging file or record. Does not report failure, because a later sweep deletes it.</summary>
    void Delete(string name);

    /// <summary>Flushes the entries of the directory to stable storage.</summary>
    void Flush();
}

/// <summary>An open file that is locked against other sessions. Disposing it closes and unlocks it.</summary>
/// <param name="handle">The handle. This object owns it.</param>
/// <param name="inode">The inode number, or 0 if the system has none. It does not change if the file system is mounted again.</param>
/// <param name="id">The <see cref="FileEntry.Id"/>, which also depends on the device.</param>
/// <param name="unlock">Unlocks the file if closing it does not, or null.</param>
internal sealed class LockedFile(SafeFileHandle handle, ulong inode = 0, ulong id = 0, Action? unlock = null) : IDisposable
{
    public SafeFileHandle Handle => handle;

    public ulong Inode => inode;

    public ulong Id => id;

    public void Dispose()
    {
        handle.Dispose();
        unlock?.Invoke();
    }
}
