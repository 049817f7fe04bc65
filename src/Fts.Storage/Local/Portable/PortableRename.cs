using Fts.Storage.Local.Staging;

namespace Fts.Storage.Local.Portable;

/// <summary>Renames and deletes entries by real path, with .NET's file functions.</summary>
internal static class PortableRename
{
    /// <summary>
    /// Returns whether two entries may be the same, because the file system treats their names as equal (<c>a</c> and <c>A</c>, or é as one
    /// character and as two).
    /// </summary>
    /// <remarks>
    /// Without ids, two files with equal metadata count as possibly the same. The caller then uses <see cref="MoveViaTemporaryName"/>,
    /// which is also correct for different files.
    /// </remarks>
    public static bool MayBeSameFile(FileEntry moved, FileEntry? existing)
    {
        if (existing is not { } other)
        {
            return false;
        }

        return moved.Id != 0 ? moved.Id == other.Id : moved with { Name = "" } == other with { Name = "" };
    }

    /// <summary>Renames an entry.</summary>
    /// <param name="from">The old path.</param>
    /// <param name="to">The new path.</param>
    /// <param name="existing">The entry at the new path, or null if none exists.</param>
    /// <param name="replace">Whether an existing entry at the new path may be replaced.</param>
    public static void Move(string from, string to, FileEntry? existing, bool replace)
    {
        // File.Move cannot rename directories. Directory.Move can, and renames a link to a directory instead of following it, but it
        // never replaces an entry.
        if (!File.GetAttributes(from).HasFlag(FileAttributes.Directory))
        {
            File.Move(from, to, overwrite: replace);
            return;
        }

        if (existing is null)
        {
            Directory.Move(from, to);
        }
        else if (existing is not { Kind: EntryKind.Directory })
        {
            MoveReplacing(from, to, File.Delete);
        }
        else if (!PortablePartialUploads.TryRunWithoutPartialUploads(to, () => MoveReplacing(from, to, Directory.Delete)))
        {
            throw new StoreException(StoreError.NotEmpty, $"{to} is not empty, or an upload to the directory is in progress.");
        }
    }

    /// <summary>
    /// Moves a directory, or a link to a directory, to the path of an existing entry, and then deletes the existing entry with
    /// <paramref name="delete"/>. If the move fails, restores the existing entry.
    /// </summary>
    private static void MoveReplacing(string from, string to, Action<string> delete)
    {
        string temporaryPath = Path.Combine(Path.GetDirectoryName(to)!, StagingNames.CreateForRename());
        Directory.Move(to, temporaryPath);
        try
        {
            Directory.Move(from, to);
        }
        catch
        {
            Directory.Move(temporaryPath, to);
            throw;
        }

        delete(temporaryPath);
    }

    /// <summary>Renames an entry through a temporary name, because the new name may be another spelling of the old one.</summary>
    /// <remarks>
    /// Most systems do not change the spelling of a name in one step. After the first step the old name is free. An entry that then still
    /// has the new name is another entry, or another hard link of the same file.
    /// </remarks>
    public static void MoveViaTemporaryName(string from, string to, bool replace)
    {
        string temporaryPath = Path.Combine(Path.GetDirectoryName(to)!, StagingNames.CreateForRename());
        Move(from, temporaryPath, existing: null, replace: false);
        try
        {
            FileEntry? existing = PortableRootDirectory.GetRealEntry(to);
            if (existing is not null && !replace)
            {
                throw new StoreException(StoreError.Exists, $"{to} already exists.");
            }

            Move(temporaryPath, to, existing, replace);
        }
        catch
        {
            Move(temporaryPath, from, existing: null, replace: false);
            throw;
        }

        // If both paths were hard links of one file, rename(2) did nothing, and the file still has the temporary name.
        File.Delete(temporaryPath);
    }

    /// <summary>Deletes a directory that is empty or contains only partial uploads.</summary>
    /// <param name="real">The real path of the directory.</param>
    /// <param name="virtualPath">The path in the store, for the error message.</param>
    public static void DeleteDirectory(string real, string virtualPath)
    {
        // On some systems only the message of .NET's exception identifies a directory that is not empty, so the directory is checked first.
        if (!PortablePartialUploads.TryRunWithoutPartialUploads(real, () => Directory.Delete(real)))
        {
            throw new StoreException(StoreError.NotEmpty, $"{virtualPath} is not empty, or an upload to the directory is in progress.");
        }
    }
}
