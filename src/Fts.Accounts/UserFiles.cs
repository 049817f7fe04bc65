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
    public bool HasPermission(Permissions permissions) => (Account.Permissions & permissions) == permissions;

    /// <summary>What is at a path, or null.</summary>
    public ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.List);
        return store.GetEntryAsync(path, cancellationToken);
    }

    /// <summary>What is at a path, for one who may read files: needs no permission to list.</summary>
    public ValueTask<FileEntry?> GetReadableEntryAsync(StorePath path, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Read);
        return store.GetEntryAsync(path, cancellationToken);
    }

    /// <summary>The SHA-256 remembered with a file that is still what the caller saw, or null; it tells of what is in the file, and so asks for the permission to read it.</summary>
    public ValueTask<byte[]?> GetCachedHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Read);
        return store.GetCachedHashAsync(path, file, cancellationToken);
    }

    /// <summary>Remembers the SHA-256 of a file that was read: no change of it, and so no permission to change it is needed.</summary>
    public ValueTask CacheHashAsync(StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Read);
        return store.CacheHashAsync(path, hashed, sha256, cancellationToken);
    }

    /// <summary>Whether a folder is there to be made current; needs no permission to list it.</summary>
    public async ValueTask<bool> DirectoryExistsAsync(StorePath path, CancellationToken cancellationToken) =>
        await store.GetEntryAsync(path, cancellationToken).ConfigureAwait(false) is { Kind: EntryKind.Directory };

    /// <summary>The entries of a folder.</summary>
    public ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.List);
        return store.ListAsync(directory, cancellationToken);
    }

    /// <summary>Opens a file for reading.</summary>
    public ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Read);
        return store.OpenReadAsync(path, cancellationToken);
    }

    /// <summary>What an upload of one's own that broke off left to be continued. Who may make files may ask, whether or not names are his to list.</summary>
    public async ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, CancellationToken cancellationToken) =>
        HasPermission(Permissions.Create) ? await store.GetPartialUploadAsync(path, Uploader, cancellationToken).ConfigureAwait(false) : null;

    /// <summary>Opens a pending file. Without <see cref="Permissions.Overwrite"/> only new names are open, and the commit makes sure of it.</summary>
    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Create);
        if (!HasPermission(Permissions.Overwrite) && !start.IsCreateOnly)
        {
            // An upload of one's own that broke off is no file yet: it may be continued.
            if ((start.ShouldKeepContent && start.Uploader is null) || await store.GetEntryAsync(path, cancellationToken).ConfigureAwait(false) is not null)
            {
                throw CreateDeniedException(Permissions.Overwrite);
            }

            start = start with { IsCreateOnly = true };
        }

        return await store.OpenWriteAsync(path, start, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a folder.</summary>
    public ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.CreateDirectory);
        return store.CreateDirectoryAsync(path, cancellationToken);
    }

    /// <summary>Makes a link to a file or folder beside it or below it.</summary>
    /// <param name="path">The link's name.</param>
    /// <param name="target">What it leads to.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public ValueTask CreateLinkAsync(StorePath path, StorePath target, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Create);
        return store.CreateLinkAsync(path, target, cancellationToken);
    }

    /// <summary>
    /// Deletes a file and the account's own partial upload to that name. If only the partial upload exists, it alone is discarded, because a new upload
    /// must not continue it. If the file cannot be deleted, the partial upload stays.
    /// </summary>
    public ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Delete);
        return store.DeleteFileAsync(path, Uploader, cancellationToken);
    }

    /// <summary>Removes an empty folder.</summary>
    public ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Delete);
        return store.DeleteDirectoryAsync(path, cancellationToken);
    }

    /// <summary>Removes a folder with all that is in it; links themselves, never what they lead to. Cancelled, it leaves what it had not come to.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="progress">Called for every entry.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public ValueTask DeleteTreeAsync(StorePath directory, Action? progress, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Delete);
        return directory.IsRoot ? throw new StoreException(StoreError.Denied, "The top folder stays.") : DirectoryTree.DeleteAsync(store, directory, progress, cancellationToken);
    }

    /// <summary>The bytes of all files in a folder and below it; links do not count.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="progress">Called for every entry.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public ValueTask<long> GetTreeSizeAsync(StorePath directory, Action? progress, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.List);
        return DirectoryTree.GetSizeAsync(store, directory, progress, cancellationToken);
    }

    /// <summary>Bytes that can still be stored in a folder; null where there is no telling.</summary>
    public ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.List);
        return store.GetFreeSpaceAsync(directory, cancellationToken);
    }

    /// <summary>Copies a file; the target shows all of it or what it was before. Replacing a file needs <see cref="Permissions.Overwrite"/>.</summary>
    /// <param name="source">The file to copy.</param>
    /// <param name="target">Its new name.</param>
    /// <param name="progress">Told how many bytes were copied, as they are.</param>
    /// <param name="cancellationToken">Ends it early; the target stays what it was.</param>
    public ValueTask CopyAsync(StorePath source, StorePath target, Action<long>? progress, CancellationToken cancellationToken) =>
        CopyAsync(source, target, progress, committing: null, cancellationToken);

    /// <summary>Copies a file, and calls <paramref name="committing"/> before the commit, which may take long.</summary>
    public async ValueTask CopyAsync(
        StorePath source, StorePath target, Action<long>? progress, Action? committing, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Read);
        IFileWriter writer = await OpenWriteAsync(target, WriteStart.Replace, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closing = writer.ConfigureAwait(false);
        await FileConcatenation.AppendAndCommitAsync(store, [source], writer, progress, committing, cancellationToken).ConfigureAwait(false);
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
    public async ValueTask CombineAsync(
        StorePath target, IReadOnlyList<StorePath> parts, Action<long>? progress, Action? committing, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parts);
        RequirePermission(Permissions.Read);
        RequirePermission(Permissions.Delete);
        FileEntry? whole = await store.GetEntryAsync(target, cancellationToken).ConfigureAwait(false);
        var added = new List<StorePath>();
        HashSet<string> paths = [];
        HashSet<ulong> ids = [];
        for (int at = 0; at < parts.Count; at++)
        {
            FileEntry? part = await store.GetEntryAsync(parts[at], cancellationToken).ConfigureAwait(false);
            bool isTarget = parts[at] == target || AreSameFile(whole, part);
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
        WriteStart start = HasPermission(Permissions.Overwrite) ? WriteStart.Append : WriteStart.Replace;
        IFileWriter writer = await OpenWriteAsync(target, start, cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            await FileConcatenation.AppendAndCommitAsync(store, added, writer, progress, committing, cancellationToken).ConfigureAwait(false);
        }

        await DeletePartsAsync(target, added).ConfigureAwait(false);
    }

    /// <summary>Renames; replacing what is there needs <see cref="Permissions.Overwrite"/> too.</summary>
    public ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Rename);
        return store.RenameAsync(source, target, replace && HasPermission(Permissions.Overwrite), cancellationToken);
    }

    /// <summary>Sets facts of a file or folder.</summary>
    public ValueTask SetMetadataAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.SetMetadata);
        return store.SetMetadataAsync(path, metadata, cancellationToken);
    }

    /// <summary>
    /// The target is never removed as a part of its own, not even where nothing tells that the store takes two paths for one file: what a part shows then is the
    /// new length and time.
    /// </summary>
    private async ValueTask DeletePartsAsync(StorePath target, IReadOnlyList<StorePath> parts)
    {
        FileEntry? whole = await store.GetEntryAsync(target, CancellationToken.None).ConfigureAwait(false);
        foreach (StorePath part in parts)
        {
            FileEntry? there = await store.GetEntryAsync(part, CancellationToken.None).ConfigureAwait(false);
            // One that is gone was named before in another spelling.
            if (there is { } entry && entry with { Name = "" } != whole.GetValueOrDefault() with { Name = "" })
            {
                await store.DeleteFileAsync(part, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether two paths lead to one file: <c>a</c> and <c>A</c> where the file system ignores case, a link and what it leads to. No where the store cannot tell.</summary>
    private static bool AreSameFile(FileEntry? one, FileEntry? other) => one is { Id: not 0 } && one.Value.Id == other?.Id;

    private void RequirePermission(Permissions permission)
    {
        if (!HasPermission(permission))
        {
            throw CreateDeniedException(permission);
        }
    }

    private StoreException CreateDeniedException(Permissions permission) => new(StoreError.Denied, $"{Account.Name} may not {permission}.");
}
