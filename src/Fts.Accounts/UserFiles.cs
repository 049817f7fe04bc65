using Fts.Storage;

namespace Fts.Accounts;

/// <summary>
/// One account's view of a store, and the only door to it: every call asks the permission first, then the store. Throws
/// <see cref="StoreException"/> with <see cref="StoreError.Denied"/> where the account may not.
/// </summary>
public sealed class UserFiles(Account account, IFileStore store)
{
    /// <summary>Whose view this is.</summary>
    public Account Account { get; } = account;

    /// <summary>Whether the account may do all of this.</summary>
    public bool May(Permissions permissions) => (Account.Permissions & permissions) == permissions;

    /// <summary>What is at a path, or null.</summary>
    public ValueTask<FileEntry?> FindAsync(StorePath path, CancellationToken cancellationToken)
    {
        Demand(Permissions.List);
        return store.FindAsync(path, cancellationToken);
    }

    /// <summary>What is at a path, for one who may read files: needs no permission to list.</summary>
    public ValueTask<FileEntry?> FindReadableAsync(StorePath path, CancellationToken cancellationToken)
    {
        Demand(Permissions.Read);
        return store.FindAsync(path, cancellationToken);
    }

    /// <summary>Whether a folder is there to be made current; needs no permission to list it.</summary>
    public async ValueTask<bool> IsFolderAsync(StorePath path, CancellationToken cancellationToken) =>
        await store.FindAsync(path, cancellationToken).ConfigureAwait(false) is { Kind: EntryKind.Folder };

    /// <summary>The entries of a folder.</summary>
    public ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath folder, CancellationToken cancellationToken)
    {
        Demand(Permissions.List);
        return store.ListAsync(folder, cancellationToken);
    }

    /// <summary>Opens a file for reading.</summary>
    public ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken)
    {
        Demand(Permissions.Read);
        return store.OpenReadAsync(path, cancellationToken);
    }

    /// <summary>Opens a pending file. Without <see cref="Permissions.Overwrite"/> only new names are open, and the commit makes sure of it.</summary>
    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        Demand(Permissions.Create);
        if (!May(Permissions.Overwrite) && !start.CreateOnly)
        {
            if (start.KeepsContent || await store.FindAsync(path, cancellationToken).ConfigureAwait(false) is not null)
            {
                throw Denied(Permissions.Overwrite);
            }

            start = WriteStart.Create;
        }

        return await store.OpenWriteAsync(path, start, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a folder.</summary>
    public ValueTask CreateFolderAsync(StorePath path, CancellationToken cancellationToken)
    {
        Demand(Permissions.CreateFolder);
        return store.CreateFolderAsync(path, cancellationToken);
    }

    /// <summary>Removes a file.</summary>
    public ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken)
    {
        Demand(Permissions.Delete);
        return store.DeleteFileAsync(path, cancellationToken);
    }

    /// <summary>Removes an empty folder.</summary>
    public ValueTask DeleteFolderAsync(StorePath path, CancellationToken cancellationToken)
    {
        Demand(Permissions.Delete);
        return store.DeleteFolderAsync(path, cancellationToken);
    }

    /// <summary>Renames; replacing what is there needs <see cref="Permissions.Overwrite"/> too.</summary>
    public ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken)
    {
        Demand(Permissions.Rename);
        return store.RenameAsync(source, target, replace && May(Permissions.Overwrite), cancellationToken);
    }

    /// <summary>Sets facts of a file or folder.</summary>
    public ValueTask SetFactsAsync(StorePath path, FileFacts facts, CancellationToken cancellationToken)
    {
        Demand(Permissions.SetFacts);
        return store.SetFactsAsync(path, facts, cancellationToken);
    }

    private void Demand(Permissions permission)
    {
        if (!May(permission))
        {
            throw Denied(permission);
        }
    }

    private StoreException Denied(Permissions permission) => new(StoreError.Denied, $"{Account.Name} may not {permission}.");
}
