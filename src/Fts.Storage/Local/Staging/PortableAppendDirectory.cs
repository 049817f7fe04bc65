using Fts.Native;
using Fts.Storage.Local.Portable;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Staging;

/// <summary>
/// The directory of an append, accessed by its real path. Files are locked against the other sessions of this process only
/// (<see cref="PortablePartialUploads"/>).
/// </summary>
internal sealed class PortableAppendDirectory(string directory) : IAppendDirectory
{
    private const FileShare ShareAll = FileShare.ReadWrite | FileShare.Delete;

    /// <summary>Returns the key under which the target of an append is locked.</summary>
    public static string GetTargetLockKey(string directory, ulong inode, string name) =>
        $"{Path.Combine(directory, StagingNames.GetAppendRecordName(inode, name))}\0target";

    public AppendTargetState TryOpenTarget(string name, out LockedFile? target)
    {
        target = null;
        string path = Path.Combine(directory, name);
        FileEntry? entry = PortableRootDirectory.RunTranslated(() => PortableRootDirectory.GetRealEntry(path));
        if (entry is null)
        {
            return AppendTargetState.Missing;
        }

        if (entry is not { Kind: EntryKind.File })
        {
            throw new StoreException(StoreError.NotAFile, $"{path} is not a regular file.");
        }

        (ulong inode, ulong id) = GetIds(path);
        string key = GetTargetLockKey(directory, inode, name);
        if (!PortablePartialUploads.TryAcquire(key))
        {
            return AppendTargetState.Busy;
        }

        try
        {
            SafeFileHandle opened = File.OpenHandle(path, FileMode.Open, FileAccess.Write, ShareAll);
            target = new LockedFile(opened, inode, id, () => PortablePartialUploads.Release(key));
        }
        catch (FileNotFoundException)
        {
            return AppendTargetState.Missing;
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception);
        }
        finally
        {
            if (target is null)
            {
                PortablePartialUploads.Release(key);
            }
        }

        if (GetIds(path) == (inode, id))
        {
            return AppendTargetState.Locked;
        }

        target.Dispose(); // another file replaced the target before it was locked
        target = null;
        return AppendTargetState.Busy;
    }

    public LockedFile? TryCreateRecord(string name) => TryOpenRecord(name, FileMode.CreateNew);

    public LockedFile? TryAcquireRecord(string name) => TryOpenRecord(name, FileMode.Open);

    public SafeFileHandle? OpenStagingFile(string name)
    {
        string path = Path.Combine(directory, name);
        return PortableRootDirectory.RunTranslated(() => PortableRootDirectory.GetRealEntry(path) is { Kind: EntryKind.File }
            ? File.OpenHandle(path, FileMode.Open, FileAccess.Read, ShareAll)
            : null);
    }

    public void DiscardCachedHash(LockedFile target)
    {
        // The portable store caches no hashes.
    }

    public void Delete(string name)
    {
        try
        {
            File.Delete(Path.Combine(directory, name));
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            // The file is hidden, and a later sweep deletes it.
        }
    }

    public void Flush() => DirectoryFlush.Flush(directory);

    private static (ulong Inode, ulong Id) GetIds(string path) =>
        FileStatus.TryGet(path, out FileStatus status) ? (status.Inode, status.Id) : default;

    /// <summary>
    /// Opens or creates a record, and locks it. Returns null if it is locked, or if its existence does not match <paramref name="mode"/>.
    /// </summary>
    private LockedFile? TryOpenRecord(string name, FileMode mode)
    {
        string path = Path.Combine(directory, name);
        if (!PortablePartialUploads.TryAcquire(path))
        {
            return null;
        }

        SafeFileHandle? opened = null;
        try
        {
            bool exists = PortableRootDirectory.GetRealEntry(path) is not null;
            opened = exists == (mode == FileMode.Open) ? File.OpenHandle(path, mode, FileAccess.ReadWrite, ShareAll) : null;
            return opened is null ? null : new LockedFile(opened, unlock: () => PortablePartialUploads.Release(path));
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception);
        }
        finally
        {
            if (opened is null)
            {
                PortablePartialUploads.Release(path);
            }
        }
    }
}
