using System.Runtime.CompilerServices;
using Fts.Accounts.Gate;
using Fts.Accounts.Recording;
using Fts.Storage;

namespace Fts.Accounts;

/// <summary>
/// The access of one account to a store. Sessions use a store only through this class. Each method checks the account's permissions on all
/// paths that it uses before it uses the store.
/// </summary>
/// <param name="account">The account whose permissions the methods check.</param>
/// <param name="store">The store that contains the files. This class does not dispose it.</param>
/// <param name="clientId">
/// Identifies the client's machine, for example by the client's address. Only the same account with the same client ID can resume a partial
/// upload. Null: every client of the account can resume it.
/// </param>
/// <remarks>
/// If the account lacks a required permission, a method throws <see cref="StoreException"/> with <see cref="StoreError.Denied"/> and the
/// rule name (<see cref="StoreException.Rule"/>). The content of the store matters only if the account can create or change the path. All
/// other exceptions are those of the store.
/// </remarks>
public sealed class UserFiles(Account account, IFileStore store, string? clientId = null)
{
    /// <summary>The account, with rules that compare paths as the store does.</summary>
    private readonly Account _account = account is null || account.Rules.IsUniform || store is null
        ? account!
        : account with { Rules = account.Rules.ForStore(store) };

    /// <summary>The account.</summary>
    public Account Account { get; } = account!;

    /// <summary>The rules of the account, which compare paths as the store does.</summary>
    public PermissionRules Rules => _account.Rules;

    /// <summary>
    /// Identifies the owner of partial uploads (<see cref="WriteStart.Uploader"/>): the account name and the client ID. Several clients can
    /// share an account, so the name alone is not enough.
    /// </summary>
    public string Uploader { get; } = $"{account?.Name}\n{clientId}";

    /// <summary>Returns whether the account has all of these permissions on a path.</summary>
    public bool HasPermission(Permissions permissions, StorePath path) =>
        (Rules.GetPermissions(path) & permissions) == permissions;

    /// <summary>Returns the entry at a path, or null if none exists. Requires <see cref="Permissions.List"/>.</summary>
    public ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken)
    {
        Require(FileAction.List, path);
        return store.GetEntryAsync(path, cancellationToken);
    }

    /// <summary>
    /// Returns the entry at a path, or null if none exists. Requires <see cref="Permissions.Read"/>, but not
    /// <see cref="Permissions.List"/>.
    /// </summary>
    public ValueTask<FileEntry?> GetReadableEntryAsync(StorePath path, CancellationToken cancellationToken)
    {
        Require(FileAction.Read, path);
        return store.GetEntryAsync(path, cancellationToken);
    }

    /// <summary>
    /// Returns the entry whose length the client requests, or null if none exists. Requires <see cref="Permissions.List"/> or
    /// <see cref="Permissions.Read"/>.
    /// </summary>
    public ValueTask<FileEntry?> GetSizedEntryAsync(StorePath path, CancellationToken cancellationToken)
    {
        Require(FileAction.GetSize, path);
        return store.GetEntryAsync(path, cancellationToken);
    }

    /// <summary>
    /// Returns the entry to rename, or null if none exists. Requires <see cref="Permissions.Rename"/> on the path and on all paths below
    /// it.
    /// </summary>
    public ValueTask<FileEntry?> GetRenameSourceAsync(StorePath path, CancellationToken cancellationToken)
    {
        Require(FileAction.Rename, path);
        return store.GetEntryAsync(path, cancellationToken);
    }

    /// <summary>
    /// Returns the cached SHA-256 of a file. Returns null if none is cached, or if the file has changed since <paramref name="file"/> was
    /// read. Requires <see cref="Permissions.Read"/>, because the hash depends on the content.
    /// </summary>
    public ValueTask<byte[]?> GetCachedHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken)
    {
        Require(FileAction.Read, path);
        return store.GetCachedHashAsync(path, file, cancellationToken);
    }

    /// <summary>
    /// Caches the SHA-256 of a file, whose entry <paramref name="hashed"/> was read before the content was hashed. Requires
    /// <see cref="Permissions.Read"/> only, because the file does not change.
    /// </summary>
    public ValueTask CacheHashAsync(StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken)
    {
        Require(FileAction.Read, path);
        return store.CacheHashAsync(path, hashed, sha256, cancellationToken);
    }

    /// <summary>
    /// Throws if the account cannot change into a directory. Requires any permission on the directory or on a path below it.
    /// </summary>
    /// <exception cref="StoreException">A permission is missing, or the directory does not exist.</exception>
    /// <remarks>
    /// Whether the directory exists is checked only if the account has <see cref="Permissions.List"/>, <see cref="Permissions.Read"/> or
    /// <see cref="Permissions.CreateDirectory"/> on it. Otherwise, the call would reveal names in an upload-only directory.
    /// </remarks>
    public ValueTask EnterDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        Require(FileAction.Enter, path);
        bool canFindNames =
            (Rules.GetPermissions(path) & (Permissions.List | Permissions.Read | Permissions.CreateDirectory)) != 0;
        return canFindNames ? ThrowIfNotADirectoryAsync(path, cancellationToken) : default;
    }

    /// <summary>
    /// Returns the entries of a directory in no particular order. Requires <see cref="Permissions.List"/>. Entries on which the account has
    /// no permission are not returned.
    /// </summary>
    public ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken)
    {
        Require(FileAction.List, directory);
        return Rules.GetHiddenNames(directory) is { } hidden
            ? ListWithoutAsync(hidden, directory, cancellationToken)
            : store.ListAsync(directory, cancellationToken);
    }

    /// <summary>Opens a file for reading. Requires <see cref="Permissions.Read"/>.</summary>
    public ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken)
    {
        Require(FileAction.Read, path);
        return store.OpenReadAsync(path, cancellationToken);
    }

    /// <summary>
    /// Returns the partial upload of <see cref="Uploader"/> to a path. Returns null if none exists, or if the account cannot upload to the
    /// path.
    /// </summary>
    public ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, CancellationToken cancellationToken)
    {
        Permissions uploads = Rules.GetPermissions(path) & (Permissions.Create | Permissions.Append | Permissions.Overwrite);
        return uploads == Permissions.None ? default : store.GetPartialUploadAsync(path, Uploader, cancellationToken);
    }

    /// <summary>
    /// Opens an upload. Requires <see cref="Permissions.Create"/> if the file does not exist. If the file exists, requires
    /// <see cref="Permissions.Append"/> for an upload that begins at its end, and <see cref="Permissions.Overwrite"/> for all others.
    /// </summary>
    /// <remarks>
    /// The commit checks again whether the file exists, if that decides (<see cref="WriteStart.IsCreateOnly"/>,
    /// <see cref="WriteStart.MustExist"/>, <see cref="WriteStart.MustKeepExistingBytes"/>).
    /// </remarks>
    public ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken) =>
        UploadGate.IsUnrestricted(_account, path)
            ? store.OpenWriteAsync(path, start, cancellationToken)
            : OpenRestrictedWriteAsync(path, start, cancellationToken);

    /// <summary>Creates a directory. Requires <see cref="Permissions.CreateDirectory"/>.</summary>
    public ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        Require(FileAction.CreateDirectory, path);
        return store.CreateDirectoryAsync(path, cancellationToken);
    }

    /// <summary>
    /// Creates a symbolic link to an existing entry in the link's directory or below this directory. Requires
    /// <see cref="Permissions.Create"/> on the link and <see cref="Permissions.Read"/> on the target. On the target, the account also needs
    /// all permissions that it has on the link, because these apply to every path through the link.
    /// </summary>
    /// <param name="path">The path of the link.</param>
    /// <param name="target">The file or directory to which the link points.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public ValueTask CreateLinkAsync(StorePath path, StorePath target, CancellationToken cancellationToken)
    {
        Require(FileAction.LinkTo, target);
        Require(FileAction.Create, path);
        Require(AccessRules.DecideAlias(Rules, FileAction.LinkTo, target, alias: path));
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
        Require(FileAction.Delete, path);
        return store.DeleteFileAsync(path, Uploader, cancellationToken);
    }

    /// <summary>Deletes an empty directory. Requires <see cref="Permissions.Delete"/>.</summary>
    public ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        Require(FileAction.Delete, path);
        return store.DeleteDirectoryAsync(path, cancellationToken);
    }

    /// <summary>
    /// Deletes a directory and its contents. The targets of links stay. Requires <see cref="Permissions.Delete"/> on the directory and on
    /// all paths below it.
    /// </summary>
    /// <param name="directory">The directory. The root is refused (<see cref="StoreError.Denied"/>).</param>
    /// <param name="progress">Called for each entry. Null for no calls.</param>
    /// <param name="cancellationToken">Cancels the call. Entries that are not deleted yet remain.</param>
    public ValueTask DeleteTreeAsync(StorePath directory, Action? progress, CancellationToken cancellationToken)
    {
        Require(FileAction.DeleteTree, directory);
        return directory.IsRoot
            ? throw new StoreException(StoreError.Denied, "The root directory cannot be deleted.")
            : DirectoryTree.DeleteAsync(store, directory, progress, cancellationToken);
    }

    /// <summary>
    /// Returns the total size in bytes of all files in a directory and below it. Links do not count. Requires
    /// <see cref="Permissions.List"/>. Paths below the directory without this permission do not count.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <param name="progress">Called for each entry. Null for no calls.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public ValueTask<long> GetTreeSizeAsync(StorePath directory, Action? progress, CancellationToken cancellationToken)
    {
        Require(FileAction.List, directory);
        Func<StorePath, bool>? isCounted = Rules.IsUniform ? null : path => HasPermission(Permissions.List, path);
        return DirectoryTree.GetSizeAsync(store, directory, isCounted, progress, cancellationToken);
    }

    /// <summary>
    /// Returns the number of bytes that can still be stored in a directory, or null if the number is unknown. Requires
    /// <see cref="Permissions.List"/>.
    /// </summary>
    public ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken)
    {
        Require(FileAction.List, directory);
        return store.GetFreeSpaceAsync(directory, cancellationToken);
    }

    /// <inheritdoc cref="CopyAsync(StorePath, StorePath, Action{long}, Action, CancellationToken)"/>
    public ValueTask CopyAsync(StorePath source, StorePath target, Action<long>? progress, CancellationToken cancellationToken) =>
        CopyAsync(source, target, progress, committing: null, cancellationToken);

    /// <summary>
    /// Copies a file. Requires <see cref="Permissions.Read"/> on the source. Requires <see cref="Permissions.Create"/> on the target, or
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
        Require(FileAction.Read, source);
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
    /// <see cref="Permissions.Read"/> and <see cref="Permissions.Delete"/> on the files. Requires <see cref="Permissions.Create"/> on the
    /// target, or <see cref="Permissions.Append"/> if the target exists.
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
        foreach (StorePath part in parts.Where(part => part != target))
        {
            Require(FileAction.Read, part);
            Require(FileAction.Delete, part);
        }

        if (!HasPermission(Permissions.Append, target))
        {
            Require(FileAction.Create, target);
        }

        IReadOnlyList<StorePath> added = await CombinedParts.SelectAsync(store, target, parts, cancellationToken).ConfigureAwait(false);
        IFileWriter writer = await OpenWriteAsync(target, WriteStart.Append, cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            if (writer is IRecordedUpload recorded)
            {
                await recorded.SetPartsAsync(added, cancellationToken).ConfigureAwait(false);
            }

            await FileConcatenation.AppendAndCommitAsync(store, added, writer, progress, committing, cancellationToken)
                .ConfigureAwait(false);
        }

        await CombinedParts.DeleteAsync(store, target, added).ConfigureAwait(false);
    }

    /// <summary>
    /// Renames a file, directory or link. Requires <see cref="Permissions.Rename"/> on the source. Requires
    /// <see cref="Permissions.Create"/> on the target, or <see cref="Permissions.Overwrite"/> if the target exists and is replaced. For a
    /// directory, the permissions are also required on all paths below it.
    /// </summary>
    public ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken)
    {
        Require(FileAction.Rename, source);
        bool isUnrestricted = Rules.IsUniform && HasPermission(Permissions.Create | Permissions.Overwrite, target);
        return isUnrestricted
            ? store.RenameAsync(source, target, replace, cancellationToken)
            : new RenameGate(_account, store).RenameAsync(source, target, replace, cancellationToken);
    }

    /// <summary>Sets metadata of a file or directory. Requires <see cref="Permissions.SetMetadata"/>.</summary>
    public ValueTask SetMetadataAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken)
    {
        Require(FileAction.SetMetadata, path);
        return store.SetMetadataAsync(path, metadata, cancellationToken);
    }

    private async ValueTask<IAsyncEnumerable<FileEntry>> ListWithoutAsync(
        HashSet<string> hidden, StorePath directory, CancellationToken cancellationToken)
    {
        IAsyncEnumerable<FileEntry> entries = await store.ListAsync(directory, cancellationToken).ConfigureAwait(false);
        return entries.Where(entry => !hidden.Contains(entry.Name));
    }

    private async ValueTask<IFileWriter> OpenRestrictedWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        WriteStart restricted = await new UploadGate(_account, store).RestrictAsync(path, start, cancellationToken).ConfigureAwait(false);
        return await store.OpenWriteAsync(path, restricted, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask ThrowIfNotADirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        FileEntry? entry = await store.GetEntryAsync(path, cancellationToken).ConfigureAwait(false);
        if (entry is not { Kind: EntryKind.Directory })
        {
            throw entry is null
                ? new StoreException(StoreError.NotFound, $"{path} does not exist.")
                : new StoreException(StoreError.NotADirectory, $"{path} is not a directory.");
        }
    }

    private void Require(FileAction action, StorePath path) => Require(AccessRules.Decide(Rules, action, path));

    private void Require(in AccessDecision decision)
    {
        if (!decision.IsAllowed)
        {
            throw decision.CreateException(Account.Name);
        }
    }
}
