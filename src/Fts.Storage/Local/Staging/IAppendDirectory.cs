using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Staging;

/// <summary>The results of opening the target of an append.</summary>
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
/// <remarks>
/// Links are not followed. <see cref="DiscardCachedHash"/> and <see cref="Delete"/> do not throw. Every other member throws
/// <see cref="StoreException"/> on failure.
/// </remarks>
internal interface IAppendDirectory
{
    /// <summary>
    /// Opens a committed file for writing, and locks it against other appends. The target is null unless it was locked. The caller disposes
    /// it.
    /// </summary>
    /// <exception cref="StoreException">The entry is not a regular file, or cannot be written.</exception>
    AppendTargetState TryOpenTarget(string name, out LockedFile? target);

    /// <summary>Creates and locks a record. Returns null if a record of this name exists. The caller disposes the record.</summary>
    LockedFile? TryCreateRecord(string name);

    /// <summary>
    /// Opens and locks the record of an unfinished append. Returns null if no record exists, or if a session is applying the append. The
    /// caller disposes the record.
    /// </summary>
    LockedFile? TryAcquireRecord(string name);

    /// <summary>
    /// Opens a staging file for reading. Returns null if no staging file of this server has the name. The caller disposes the handle.
    /// </summary>
    SafeFileHandle? OpenStagingFile(string name);

    /// <summary>Deletes the hash that is cached with an open file. Does not report failure.</summary>
    void DiscardCachedHash(LockedFile target);

    /// <summary>Deletes a staging file or record. Does not report failure, because a later sweep deletes the file.</summary>
    void Delete(string name);

    /// <summary>Flushes the entries of the directory to stable storage.</summary>
    void Flush();
}

/// <summary>An open file that is locked against other sessions. Disposing it closes and unlocks it.</summary>
/// <param name="handle">The handle. This object owns it.</param>
/// <param name="inode">The inode number, or 0 if the system has none. It does not change if the file system is mounted again.</param>
/// <param name="id">The <see cref="FileEntry.Id"/>, which also depends on the device.</param>
/// <param name="unlock">Unlocks the file after it was closed. Null if closing the file unlocks it.</param>
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
