using System.Runtime.CompilerServices;
using Fts.Accounts.Recording;
using Fts.Storage;

namespace Fts.Accounts;

/// <summary>
/// The access of one account to a store. Sessions use a store only through this class. The methods check the account's permissions before
/// they use the store.
/// </summary>
/// <param name="account">The account whose permissions the methods check.</param>
/// <param name="store">The store that contains the files. This class does not dispose it.</param>
/// <param name="clientId">
/// Identifies the client's machine, for example by the client's address. Only the same account with the same client ID can resume a partial
/// upload. Null: every client of the account can resume it.
/// </param>
/// <remarks>
/// A method throws <see cref="StoreException"/> with <see cref="StoreError.Denied"/> if the account lacks a required permission. The
/// methods do not catch the exceptions of the store.
/// </remarks>
public sealed class UserFiles(Account account, IFileStore store, string? clientId = null)
{
    /// <summary>The account.</summary>
    public Account Account { get; } = account;

    /// <summary>
    /// Identifies the owner of partial uploads (<see cref="WriteStart.Uploader"/>): the account name and the client ID. Several clients can
    /// share an account, so the name alone is not enough.
    /// </summary>
    public string Uploader { get; } = $"{account?.Name}\n{clientId}";

    /// <summary>Returns whether the account has all of these permissions.</summary>
    public bool HasPermission(Permissions permissions) => (Account.Permissions & permissions) == permissions;

    /// <summary>Returns the entry at a path, or null if none exists. Requires <see cref="Permissions.List"/>.</summary>
    public ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.List);
        return store.GetEntryAsync(path, cancellationToken);
    }

    /// <summary>
    /// Returns the entry at a path, or null if none exists. Requires <see cref="Permissions.Read"/>, but not
    /// <see cref="Permissions.List"/>.
    /// </summary>
    public ValueTask<FileEntry?> GetReadableEntryAsync(StorePath path, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Read);
        return store.GetEntryAsync(path, cancellationToken);
    }

    /// <summary>
    /// Returns the cached SHA-256 of a file. Returns null if none is cached, or if the file has changed since <paramref name="file"/> was
    /// read. Requires <see cref="Permissions.Read"/>, because the hash depends on the content.
    /// </summary>
    public ValueTask<byte[]?> GetCachedHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Read);
        return store.GetCachedHashAsync(path, file, cancellationToken);
    }

    /// <summary>
    /// Caches the SHA-256 of a file, whose entry <paramref name="hashed"/> was read before the content was hashed. Requires
    /// <see cref="Permissions.Read"/> only, because the file does not change.
    /// </summary>
    public ValueTask CacheHashAsync(StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Read);
        return store.CacheHashAsync(path, hashed, sha256, cancellationToken);
    }

    /// <summary>Returns whether a directory exists. Requires no permission, so that every client can change into it.</summary>
    public async ValueTask<bool> DirectoryExistsAsync(StorePath path, CancellationToken cancellationToken) =>
        await store.GetEntryAsync(path, cancellationToken).ConfigureAwait(false) is { Kind: EntryKind.Directory };

    /// <summary>Returns the entries of a directory in no particular order. Requires <see cref="Permissions.List"/>.</summary>
    public ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.List);
        return store.ListAsync(directory, cancellationToken);
    }

    /// <summary>Opens a file for reading. Requires <see cref="Permissions.Read"/>.</summary>
    public ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Read);
        return store.OpenReadAsync(path, cancellationToken);
    }

    /// <summary>
    /// Returns the partial upload of <see cref="Uploader"/> to a path, or null if none exists or the account lacks
    /// <see cref="Permissions.Create"/>.
    /// </summary>
    public async ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, CancellationToken cancellationToken) =>
        HasPermission(Permissions.Create)
            ? await store.GetPartialUploadAsync(path, Uploader, cancellationToken).ConfigureAwait(false)
            : null;

    /// <summary>
    /// Opens an upload. Requires <see cref="Permissions.Create"/>. Without <see cref="Permissions.Overwrite"/>, the file must not exist.
    /// The commit checks this condition again.
    /// </summary>
    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Create);
        if (!HasPermission(Permissions.Overwrite) && !start.IsCreateOnly)
        {
            // Without an uploader, an upload that starts with existing content can only continue a file, which requires Overwrite. With an
            // uploader, it may instead resume a partial upload, which is not a file yet.
            bool needsExistingFile = start.ShouldKeepContent && start.Uploader is null;
            if (needsExistingFile || await store.GetEntryAsync(path, cancellationToken).ConfigureAwait(false) is not null)
            {
                throw CreateDeniedException(Permissions.Overwrite);
            }

            start = start with { IsCreateOnly = true };
        }

        return await store.OpenWriteAsync(path, start, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Creates a directory. Requires <see cref="Permissions.CreateDirectory"/>.</summary>
    public ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.CreateDirectory);
        return store.CreateDirectoryAsync(path, cancellationToken);
    }

    /// <summary>
    /// Creates a symbolic link to an existing entry in the link's directory or below this directory. Requires
    /// <see cref="Permissions.Create"/>.
    /// </summary>
    /// <param name="path">The path of the link.</param>
    /// <param name="target">The file or directory to which the link points.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public ValueTask CreateLinkAsync(StorePath path, StorePath target, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Create);
        return store.CreateLinkAsync(path, target, cancellationToken);
    }

    /// <summary>
    /// Deletes a file and the partial upload of <see cref="Uploader"/> to the same path. Requires <see cref="Permissions.Delete"/>.
    /// </summary>
    /// <remarks>
    /// If only the partial upload exists, it is discarded, so that a new upload does not resume it. If the file cannot be deleted, the
    /// partial upload stays.
    /// </remarks>
    public ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Delete);
        return store.DeleteFileAsync(path, Uploader, cancellationToken);
    }

    /// <summary>Deletes an empty directory. Requires <see cref="Permissions.Delete"/>.</summary>
    public ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Delete);
        return store.DeleteDirectoryAsync(path, cancellationToken);
    }

    /// <summary>Deletes a directory and its contents. The targets of links stay. Requires <see cref="Permissions.Delete"/>.</summary>
    /// <param name="directory">The directory. The root is refused (<see cref="StoreError.Denied"/>).</param>
    /// <param name="progress">Called for each entry. Null for no calls.</param>
    /// <param name="cancellationToken">Cancels the call. Entries that are not deleted yet remain.</param>
    public ValueTask DeleteTreeAsync(StorePath directory, Action? progress, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Delete);
        return directory.IsRoot
            ? throw new StoreException(StoreError.Denied, "The root directory cannot be deleted.")
            : DirectoryTree.DeleteAsync(store, directory, progress, cancellationToken);
    }

    /// <summary>
    /// Returns the total size in bytes of all files in a directory and below it. Links do not count. Requires
    /// <see cref="Permissions.List"/>.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <param name="progress">Called for each entry. Null for no calls.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public ValueTask<long> GetTreeSizeAsync(StorePath directory, Action? progress, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.List);
        return DirectoryTree.GetSizeAsync(store, directory, progress, cancellationToken);
    }

    /// <summary>
    /// Returns the number of bytes that can still be stored in a directory, or null if the number is unknown. Requires
    /// <see cref="Permissions.List"/>.
    /// </summary>
    public ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.List);
        return store.GetFreeSpaceAsync(directory, cancellationToken);
    }

    /// <inheritdoc cref="CopyAsync(StorePath, StorePath, Action{long}, Action, CancellationToken)"/>
    public ValueTask CopyAsync(StorePath source, StorePath target, Action<long>? progress, CancellationToken cancellationToken) =>
        CopyAsync(source, target, progress, committing: null, cancellationToken);

    /// <summary>
    /// Copies a file. Requires <see cref="Permissions.Read"/> and <see cref="Permissions.Create"/>, and also
    /// <see cref="Permissions.Overwrite"/> if the target exists.
    /// </summary>
    /// <param name="source">The file to copy.</param>
    /// <param name="target">The path of the copy.</param>
    /// <param name="progress">Receives the number of bytes of each copied block. Null for no reports.</param>
    /// <param name="committing">
    /// Called immediately before the commit, which cannot be cancelled and can take a long time. Null for no call.
    /// </param>
    /// <param name="cancellationToken">Cancels the copying.</param>
    /// <remarks>The target is replaced in one step. If the call fails or is cancelled, the target is unchanged.</remarks>
    public async ValueTask CopyAsync(
        StorePath source, StorePath target, Action<long>? progress, Action? committing, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Read);
        IFileWriter writer = await OpenWriteAsync(target, WriteStart.Replace, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closing = writer.ConfigureAwait(false);
        await FileConcatenation.AppendAndCommitAsync(store, [source], writer, progress, committing, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc cref="CombineAsync(StorePath, IReadOnlyList{StorePath}, Action{long}, Action, CancellationToken)"/>
    public ValueTask CombineAsync(
        StorePath target, IReadOnlyList<StorePath> parts, Action<long>? progress, CancellationToken cancellationToken) =>
        CombineAsync(target, parts, progress, committing: null, cancellationToken);

    /// <summary>
    /// Appends files to the target in order, and then deletes these files. Creates the target if it does not exist. Requires
    /// <see cref="Permissions.Read"/>, <see cref="Permissions.Create"/> and <see cref="Permissions.Delete"/>, and
    /// <see cref="Permissions.Overwrite"/> if the target exists.
    /// </summary>
    /// <param name="target">
    /// The path of the result. If the target is also the first part, its content is used only once, and the file is not deleted.
    /// </param>
    /// <param name="parts">The files to append. No file may occur twice.</param>
    /// <param name="progress">Receives the number of bytes of each copied block. Null for no reports.</param>
    /// <param name="committing">
    /// Called immediately before the commit, which cannot be cancelled and can take a long time. Null for no call.
    /// </param>
    /// <param name="cancellationToken">Cancels the copying.</param>
    /// <remarks>
    /// The commit appends the parts to the target. If the process is killed during the commit, the store completes or undoes the commit.
    /// The target and the parts are unchanged if the call fails before the commit or is cancelled.
    /// </remarks>
    public async ValueTask CombineAsync(
        StorePath target, IReadOnlyList<StorePath> parts, Action<long>? progress, Action? committing, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parts);
        RequirePermission(Permissions.Read);
        RequirePermission(Permissions.Delete);
        FileEntry? existingTarget = await store.GetEntryAsync(target, cancellationToken).ConfigureAwait(false);
        var added = new List<StorePath>();
        HashSet<string> paths = [];
        HashSet<ulong> ids = [];
        for (int at = 0; at < parts.Count; at++)
        {
            FileEntry? part = await store.GetEntryAsync(parts[at], cancellationToken).ConfigureAwait(false);
            bool isTarget = parts[at] == target || AreSameFile(existingTarget, part);
            if (isTarget && at > 0)
            {
                throw new StoreException(StoreError.NotSupported, $"{target} is the target and can occur only as the first part.");
            }

            // No part may occur twice, because the result would then be longer than the files that it replaces, and could exceed a quota.
            // Without ids, names that differ only in case may be the same file.
            bool isNew = part is { Id: not 0 }
                ? paths.Add(parts[at].Value) & ids.Add(part.Value.Id)
                : paths.Add(parts[at].Value.ToUpperInvariant());
            if (!isNew)
            {
                throw new StoreException(StoreError.NotSupported, $"{parts[at]} occurs twice among the parts.");
            }

            if (!isTarget)
            {
                added.Add(parts[at]);
            }
        }

        // Without the permission to overwrite, OpenWriteAsync rejects Append, and accepts Replace only for a new file.
        WriteStart start = HasPermission(Permissions.Overwrite) ? WriteStart.Append : WriteStart.Replace;
        IFileWriter writer = await OpenWriteAsync(target, start, cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            if (writer is IRecordedUpload recorded)
            {
                await recorded.SetPartsAsync(added, cancellationToken).ConfigureAwait(false);
            }

            await FileConcatenation.AppendAndCommitAsync(store, added, writer, progress, committing, cancellationToken)
                .ConfigureAwait(false);
        }

        await DeletePartsAsync(target, added).ConfigureAwait(false);
    }

    /// <summary>
    /// Renames a file, directory or link. Requires <see cref="Permissions.Rename"/>. Without <see cref="Permissions.Overwrite"/>, an
    /// existing target is never replaced.
    /// </summary>
    public ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.Rename);
        return store.RenameAsync(source, target, replace && HasPermission(Permissions.Overwrite), cancellationToken);
    }

    /// <summary>Sets metadata of a file or directory. Requires <see cref="Permissions.SetMetadata"/>.</summary>
    public ValueTask SetMetadataAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken)
    {
        RequirePermission(Permissions.SetMetadata);
        return store.SetMetadataAsync(path, metadata, cancellationToken);
    }

    /// <summary>
    /// Deletes the parts after the commit, but never the target. A store without ids may treat two paths as one file. The target is
    /// therefore recognised by its new metadata, such as length and last-modified time.
    /// </summary>
    private async ValueTask DeletePartsAsync(StorePath target, IReadOnlyList<StorePath> parts)
    {
        FileEntry? combined = await store.GetEntryAsync(target, CancellationToken.None).ConfigureAwait(false);
        foreach (StorePath part in parts)
        {
            FileEntry? existing = await store.GetEntryAsync(part, CancellationToken.None).ConfigureAwait(false);
            // A missing part was already deleted under another spelling.
            if (existing is { } entry && entry with { Name = "" } != combined.GetValueOrDefault() with { Name = "" })
            {
                await store.DeleteFileAsync(part, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// Returns whether two entries are the same file, for example a link and its target, or two spellings on a file system that ignores
    /// case. Returns false if the store has no ids.
    /// </summary>
    private static bool AreSameFile(FileEntry? one, FileEntry? other) => one is { Id: not 0 } && one.Value.Id == other?.Id;

    private void RequirePermission(Permissions permission)
    {
        if (!HasPermission(permission))
        {
            throw CreateDeniedException(permission);
        }
    }

    private StoreException CreateDeniedException(Permissions permission) =>
        new(StoreError.Denied, $"The account {Account.Name} lacks the permission {permission}.");
}
