using Fts.Storage.Local.Staging;

namespace Fts.Storage.Local.Portable;

/// <summary>Moves what lies at one real path to another, by .NET's file calls.</summary>
internal static class PortableRename
{
    /// <summary>
    /// Whether two paths may lead to one entry, because the file system takes both for one name (<c>a</c> and <c>A</c>, é as one character and as two). Where
    /// nothing tells files apart, two that are alike in all else may be taken for one; <see cref="MoveViaTemporaryName"/> bears with that.
    /// </summary>
    public static bool MayBeSameFile(FileEntry moved, FileEntry? there) => there is { } other && (moved.Id != 0 ? moved.Id == other.Id : moved with { Name = "" } == other with { Name = "" });

    /// <summary>Moves one entry over another, or to a name that is free.</summary>
    public static bool Move(string from, string to, FileEntry? there, bool replace)
    {
        // Directory.Move is the call that takes a link to a folder for the link it is, and it never replaces.
        if (!File.GetAttributes(from).HasFlag(FileAttributes.Directory))
        {
            File.Move(from, to, overwrite: replace);
            return true;
        }

        if (there is null)
        {
            Directory.Move(from, to);
        }
        else if (there is not { Kind: EntryKind.Directory })
        {
            MoveReplacing(from, to, File.Delete);
        }
        else if (!PortablePartialUploads.TryRunOnCleared(to, () => MoveReplacing(from, to, Directory.Delete)))
        {
            throw new StoreException(StoreError.NotEmpty, to);
        }

        return true;
    }

    /// <summary>Moves a folder or a link over an entry. The entry is restored if that fails.</summary>
    private static void MoveReplacing(string from, string to, Action<string> delete)
    {
        string aside = Path.Combine(Path.GetDirectoryName(to)!, StagingNames.CreateForRename());
        Directory.Move(to, aside);
        try
        {
            Directory.Move(from, to);
        }
        catch
        {
            Directory.Move(aside, to);
            throw;
        }

        delete(aside);
    }

    /// <summary>
    /// Moves an entry to what may be another spelling of its own name, which most systems do not do in one step, and must not be taken for another that is to be
    /// replaced. Once it is out of the way, its name is free; what still stands there is another, or a second name of the same file.
    /// </summary>
    public static bool MoveViaTemporaryName(string from, string to, bool replace)
    {
        string aside = Path.Combine(Path.GetDirectoryName(to)!, StagingNames.CreateForRename());
        Move(from, aside, there: null, replace: false);
        try
        {
            FileEntry? there = PortableRootDirectory.GetRealEntry(to);
            if (there is not null && !replace)
            {
                throw new StoreException(StoreError.Exists, to);
            }

            Move(aside, to, there, replace);
        }
        catch
        {
            Move(aside, from, there: null, replace: false);
            throw;
        }

        // A file that is moved to a second name of its own stays under both.
        File.Delete(aside);
        return true;
    }

    /// <summary>Removes a folder that is empty except for partial uploads.</summary>
    /// <param name="real">The folder.</param>
    /// <param name="shown">Its path in the store, for the message.</param>
    public static void DeleteDirectory(string real, string shown)
    {
        // On some systems only the message of .NET's exception identifies "not empty", so the folder is checked first.
        if (!PortablePartialUploads.TryRunOnCleared(real, () => Directory.Delete(real)))
        {
            throw new StoreException(StoreError.NotEmpty, shown);
        }
    }
}
