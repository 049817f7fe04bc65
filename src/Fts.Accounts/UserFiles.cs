using System.Runtime.CompilerServices;
using Fts.Storage;

namespace Fts.Accounts;

/// <summary>
/// One account's view of a store, and the only door to it: every call asks the permission first, then the store. Throws
/// <see cref="StoreException"/> with <see cref="StoreError.Denied"/> where the account may not.
/// </summary>
/// <param name="account">Whose.</param>
/// <param name="store">Of what.</param>
/// <param name="from">Where the account comes from: an upload that broke off is continued from the same place. Null where that does not matter.</param>
public sealed class UserFiles(Account account, IFileStore store, string? from = null)
{
    /// <summary>Whose view this is.</summary>
    public Account Account { get; } = account;

    /// <summary>
    /// By what its uploads are told from those of others. By the account alone one device's half file would be another's, where many share an account.
    /// </summary>
    public string Uploader { get; } = $"{account?.Name}\n{from}";

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

    /// <summary>The SHA-256 remembered with a file that is still what the caller saw, or null; it tells of what is in the file, and so asks for the permission to read it.</summary>
    public ValueTask<byte[]?> FindHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken)
    {
        Demand(Permissions.Read);
        return store.FindHashAsync(path, file, cancellationToken);
    }

    /// <summary>Remembers the SHA-256 of a file that was read: no change of it, and so no permission to change it is needed.</summary>
    public ValueTask RememberHashAsync(StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken)
    {
        Demand(Permissions.Read);
        return store.RememberHashAsync(path, hashed, sha256, cancellationToken);
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

    /// <summary>What an upload of one's own that broke off left to be continued. Who may make files may ask, whether or not names are his to list.</summary>
    public async ValueTask<PendingUpload?> FindPendingAsync(StorePath path, CancellationToken cancellationToken) =>
        May(Permissions.Create) ? await store.FindPendingAsync(path, Uploader, cancellationToken).ConfigureAwait(false) : null;

    /// <summary>Opens a pending file. Without <see cref="Permissions.Overwrite"/> only new names are open, and the commit makes sure of it.</summary>
    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        Demand(Permissions.Create);
        if (!May(Permissions.Overwrite) && !start.CreateOnly)
        {
            // An upload of one's own that broke off is no file yet: it may be continued.
            if ((start.KeepsContent && start.Uploader is null) || await store.FindAsync(path, cancellationToken).ConfigureAwait(false) is not null)
            {
                throw Denied(Permissions.Overwrite);
            }

            start = start with { CreateOnly = true };
        }

        return await store.OpenWriteAsync(path, start, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a folder.</summary>
    public ValueTask CreateFolderAsync(StorePath path, CancellationToken cancellationToken)
    {
        Demand(Permissions.CreateFolder);
        return store.CreateFolderAsync(path, cancellationToken);
    }

    /// <summary>Makes a link to a file or folder beside it or below it.</summary>
    /// <param name="path">The link's name.</param>
    /// <param name="target">What it leads to.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public ValueTask CreateLinkAsync(StorePath path, StorePath target, CancellationToken cancellationToken)
    {
        Demand(Permissions.Create);
        return store.CreateLinkAsync(path, target, cancellationToken);
    }

    /// <summary>
    /// Deletes a file and the account's own partial upload to that name. If only the partial upload exists, it alone is discarded, because a new upload
    /// must not continue it. If the file cannot be deleted, the partial upload stays.
    /// </summary>
    public ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken)
    {
        Demand(Permissions.Delete);
        return store.DeleteFileAsync(path, Uploader, cancellationToken);
    }

    /// <summary>Removes an empty folder.</summary>
    public ValueTask DeleteFolderAsync(StorePath path, CancellationToken cancellationToken)
    {
        Demand(Permissions.Delete);
        return store.DeleteFolderAsync(path, cancellationToken);
    }

    /// <summary>Removes a folder with all that is in it; links themselves, never what they lead to. Cancelled, it leaves what it had not come to.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="progress">Called for every entry.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public ValueTask DeleteTreeAsync(StorePath folder, Action? progress, CancellationToken cancellationToken)
    {
        Demand(Permissions.Delete);
        return folder.IsRoot ? throw new StoreException(StoreError.Denied, "The top folder stays.") : FolderTree.DeleteAsync(store, folder, progress, cancellationToken);
    }

    /// <summary>The bytes of all files in a folder and below it; links do not count.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="progress">Called for every entry.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public ValueTask<long> MeasureTreeAsync(StorePath folder, Action? progress, CancellationToken cancellationToken)
    {
        Demand(Permissions.List);
        return FolderTree.MeasureAsync(store, folder, progress, cancellationToken);
    }

    /// <summary>Bytes that can still be stored in a folder; null where there is no telling.</summary>
    public ValueTask<long?> FindFreeSpaceAsync(StorePath folder, CancellationToken cancellationToken)
    {
        Demand(Permissions.List);
        return store.FindFreeSpaceAsync(folder, cancellationToken);
    }

    /// <summary>Copies a file; the target shows all of it or what it was before. Replacing a file needs <see cref="Permissions.Overwrite"/>.</summary>
    /// <param name="source">The file to copy.</param>
    /// <param name="target">Its new name.</param>
    /// <param name="progress">Told how many bytes were copied, as they are.</param>
    /// <param name="cancellationToken">Ends it early; the target stays what it was.</param>
    public ValueTask CopyAsync(StorePath source, StorePath target, Action<long>? progress, CancellationToken cancellationToken) =>
        CopyAsync(source, target, progress, committing: null, cancellationToken);

    /// <summary>Copies a file, and calls <paramref name="committing"/> before the commit, which may take long.</summary>
    internal async ValueTask CopyAsync(
        StorePath source, StorePath target, Action<long>? progress, Action? committing, CancellationToken cancellationToken)
    {
        Demand(Permissions.Read);
        IFileWriter writer = await OpenWriteAsync(target, WriteStart.Replace, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closing = writer.ConfigureAwait(false);
        await FileJoin.CopyAsync(store, [source], writer, progress, committing, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Puts files at the end of another, in their order, and removes them once they are there; a target that does not exist is made. It shows all of it or
    /// what it was before.
    /// </summary>
    /// <param name="target">The name of the whole; it may be that of the first part, whose content then counts once and which stays.</param>
    /// <param name="parts">The files to join, each once.</param>
    /// <param name="progress">Told how many bytes were copied, as they are.</param>
    /// <param name="cancellationToken">Ends it early; the target stays what it was, and so do the parts.</param>
    public ValueTask CombineAsync(StorePath target, IReadOnlyList<StorePath> parts, Action<long>? progress, CancellationToken cancellationToken) =>
        CombineAsync(target, parts, progress, committing: null, cancellationToken);

    /// <summary>Joins files, and calls <paramref name="committing"/> before the commit, which may take long.</summary>
    internal async ValueTask CombineAsync(
        StorePath target, IReadOnlyList<StorePath> parts, Action<long>? progress, Action? committing, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parts);
        Demand(Permissions.Read);
        Demand(Permissions.Delete);
        FileEntry? whole = await store.FindAsync(target, cancellationToken).ConfigureAwait(false);
        var added = new List<StorePath>();
        HashSet<string> paths = [];
        HashSet<ulong> ids = [];
        for (int at = 0; at < parts.Count; at++)
        {
            FileEntry? part = await store.FindAsync(parts[at], cancellationToken).ConfigureAwait(false);
            bool isTarget = parts[at] == target || IsOne(whole, part);
            if (isTarget && at > 0)
            {
                throw new StoreException(StoreError.NotSupported, $"{target} cannot become a part of itself.");
            }

            // The result is never longer than the files that it replaces: a part used twice would let an account exceed its storage.
            // A store without ids may treat two spellings as one file.
            bool isNew = part is { Id: not 0 } ? paths.Add(parts[at].Value) & ids.Add(part.Value.Id) : paths.Add(parts[at].Value.ToUpperInvariant());
            if (!isNew)
            {
                throw new StoreException(StoreError.NotSupported, $"{parts[at]} is named twice.");
            }

            if (!isTarget)
            {
                added.Add(parts[at]);
            }
        }

        // Who may not overwrite may still make a new file, which this open then insists on.
        WriteStart start = May(Permissions.Overwrite) ? WriteStart.Append : WriteStart.Replace;
        IFileWriter writer = await OpenWriteAsync(target, start, cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            await FileJoin.CopyAsync(store, added, writer, progress, committing, cancellationToken).ConfigureAwait(false);
        }

        await DeletePartsAsync(target, added).ConfigureAwait(false);
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

    /// <summary>
    /// The target is never removed as a part of its own, not even where nothing tells that the store takes two paths for one file: what a part shows then is the
    /// new length and time.
    /// </summary>
    private async ValueTask DeletePartsAsync(StorePath target, IReadOnlyList<StorePath> parts)
    {
        FileEntry? whole = await store.FindAsync(target, CancellationToken.None).ConfigureAwait(false);
        foreach (StorePath part in parts)
        {
            FileEntry? there = await store.FindAsync(part, CancellationToken.None).ConfigureAwait(false);
            // One that is gone was named before in another spelling.
            if (there is { } entry && entry with { Name = "" } != whole.GetValueOrDefault() with { Name = "" })
            {
                await store.DeleteFileAsync(part, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether two paths lead to one file: <c>a</c> and <c>A</c> where the file system ignores case, a link and what it leads to. No where the store cannot tell.</summary>
    private static bool IsOne(FileEntry? one, FileEntry? other) => one is { Id: not 0 } && one.Value.Id == other?.Id;

    private void Demand(Permissions permission)
    {
        if (!May(permission))
        {
            throw Denied(permission);
        }
    }

    private StoreException Denied(Permissions permission) => new(StoreError.Denied, $"{Account.Name} may not {permission}.");
}
