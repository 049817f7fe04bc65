namespace Fts.Storage.Mounts;

/// <summary>
/// A store with other stores mounted at some of its paths. A mount hides the entry of the home store with the same path. The directories
/// above a mount point exist even if the home store does not have them.
/// </summary>
/// <remarks>
/// Mount points and the directories above them cannot be renamed, deleted or replaced, and nothing can be renamed or linked between two
/// stores (<see cref="StoreError.Denied"/>, rule <c>mount.point</c>). In a read-only mount, every change is refused (rule
/// <c>mount.read-only</c>). This class does not dispose the stores.
/// </remarks>
public sealed class MountedStore : IFileStore
{
    private const string MountPointRule = "mount.point", ReadOnlyRule = "mount.read-only";

    private readonly MountTable _table;

    /// <summary>Creates a store.</summary>
    /// <param name="home">The store with all paths that are not mounted.</param>
    /// <param name="mounts">The mounts. A mount point can be located in another mount.</param>
    /// <exception cref="ArgumentException">A mount point is the root, or two mount points are equal.</exception>
    public MountedStore(IFileStore home, IReadOnlyList<StoreMount> mounts)
    {
        ArgumentNullException.ThrowIfNull(home);
        ArgumentNullException.ThrowIfNull(mounts);
        _table = new MountTable(home, mounts);
        CanBlockCaller = _table.DistinctMounts.Any(mount => mount.Store.CanBlockCaller);
    }

    /// <inheritdoc/>
    public bool CanBlockCaller { get; }

    /// <inheritdoc/>
    public StorePath GetComparisonPath(StorePath path) => _table.GetComparisonPath(path);

    /// <inheritdoc/>
    public async ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken)
    {
        (StoreMount mount, StorePath inner) = Locate(path);
        if (!_table.IsFixed(path))
        {
            return await mount.Store.GetEntryAsync(inner, cancellationToken).ConfigureAwait(false);
        }

        FileEntry? entry;
        try
        {
            entry = await mount.Store.GetEntryAsync(inner, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException e) when (e.Error is StoreError.NotADirectory or StoreError.NotFound)
        {
            entry = null;
        }

        // A mount point has the name of its path, not the empty name of the root of its store.
        return entry is { Kind: EntryKind.Directory } directory
            ? directory with { Name = path.Name, IsLink = false }
            : new FileEntry(path.Name, EntryKind.Directory, 0, DateTime.UnixEpoch);
    }

    /// <inheritdoc/>
    public async ValueTask<FileEntry?> GetUnfollowedEntryAsync(StorePath path, CancellationToken cancellationToken)
    {
        (StoreMount mount, StorePath inner) = Locate(path);
        return _table.IsFixed(path)
            ? await GetEntryAsync(path, cancellationToken).ConfigureAwait(false)
            : await mount.Store.GetUnfollowedEntryAsync(inner, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken)
    {
        (StoreMount mount, StorePath inner) = Locate(directory);
        IReadOnlyList<string> names = _table.GetFixedNames(directory);
        if (names.Count == 0)
        {
            return await mount.Store.ListAsync(inner, cancellationToken).ConfigureAwait(false);
        }

        IAsyncEnumerable<FileEntry>? entries = null;
        try
        {
            entries = await mount.Store.ListAsync(inner, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException e) when (e.Error is StoreError.NotFound or StoreError.NotADirectory && _table.IsFixed(directory))
        {
            // The directory exists only because a mount point is below it.
        }

        var fixedEntries = new List<FileEntry>();
        foreach (string name in names)
        {
            if (await GetEntryAsync(directory.Child(name), cancellationToken).ConfigureAwait(false) is { } entry)
            {
                fixedEntries.Add(entry);
            }
        }

        return new MountedListing(entries, fixedEntries, entry => _table.IsFixed(directory.Child(entry)));
    }

    /// <inheritdoc/>
    public ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken)
    {
        ThrowIfFixed(path, StoreError.NotAFile);
        (StoreMount mount, StorePath inner) = Locate(path);
        return mount.Store.OpenReadAsync(inner, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        ThrowIfFixed(path, StoreError.NotAFile);
        (StoreMount mount, StorePath inner) = LocateForChange(path);
        try
        {
            return await mount.Store.OpenWriteAsync(inner, start, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException e) when (IsMissingParent(e, path))
        {
            throw CreateMissingParentException(path, e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        (StoreMount mount, StorePath inner) = Locate(path);
        return mount.IsReadOnly || _table.IsFixed(path) ? default : mount.Store.GetPartialUploadAsync(inner, uploader, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<bool> DiscardPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        (StoreMount mount, StorePath inner) = Locate(path);
        return mount.IsReadOnly || _table.IsFixed(path)
            ? new(false)
            : mount.Store.DiscardPartialUploadAsync(inner, uploader, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<int> SweepPartialUploadsAsync(DateTime before, CancellationToken cancellationToken)
    {
        int count = 0;
        foreach (StoreMount mount in _table.DistinctMounts.Where(mount => !mount.IsReadOnly))
        {
            count += await mount.Store.SweepPartialUploadsAsync(before, cancellationToken).ConfigureAwait(false);
        }

        return count;
    }

    /// <inheritdoc/>
    public async ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        ThrowIfFixed(path, StoreError.Exists);
        (StoreMount mount, StorePath inner) = LocateForChange(path);
        try
        {
            await mount.Store.CreateDirectoryAsync(inner, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException e) when (IsMissingParent(e, path))
        {
            throw CreateMissingParentException(path, e);
        }
    }

    /// <inheritdoc/>
    public ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken)
    {
        ThrowIfFixed(path, StoreError.NotAFile);
        (StoreMount mount, StorePath inner) = LocateForChange(path);
        return mount.Store.DeleteFileAsync(inner, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DeleteFileAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        ThrowIfFixed(path, StoreError.NotAFile);
        (StoreMount mount, StorePath inner) = LocateForChange(path);
        return mount.Store.DeleteFileAsync(inner, uploader, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        (StoreMount mount, StorePath inner) = LocateForRemoval(path);
        return mount.Store.DeleteDirectoryAsync(inner, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken)
    {
        (StoreMount sourceMount, StorePath innerSource) = LocateForRemoval(source);
        (StoreMount targetMount, StorePath innerTarget) = LocateForRemoval(target);
        if (sourceMount != targetMount)
        {
            throw CreateDeniedException(MountPointRule, $"{source} and {target} are located in different mounts.");
        }

        // In a directory above a mount, the text of a link can lead to entries that the mount hides.
        if (source.Parent != target.Parent && _table.GetFixedNames(target.Parent).Count > 0
            && await sourceMount.Store.GetUnfollowedEntryAsync(innerSource, cancellationToken).ConfigureAwait(false) is { IsLink: true })
        {
            throw CreateDeniedException(MountPointRule, $"{source} is a link, which cannot be moved to a directory above a mount.");
        }

        await sourceMount.Store.RenameAsync(innerSource, innerTarget, replace, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask SetMetadataAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken)
    {
        (StoreMount mount, StorePath inner) = LocateForRemoval(path);
        return mount.Store.SetMetadataAsync(inner, metadata, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask CreateLinkAsync(StorePath path, StorePath target, CancellationToken cancellationToken)
    {
        ThrowIfFixed(path, StoreError.Exists);
        (StoreMount mount, StorePath inner) = LocateForChange(path);
        // Through a link to a directory above a mount point, the entries that the mount hides would be visible.
        (StoreMount targetMount, StorePath innerTarget) = Locate(target);
        return mount == targetMount && !_table.IsFixed(target)
            ? mount.Store.CreateLinkAsync(inner, innerTarget, cancellationToken)
            : throw CreateDeniedException(MountPointRule, $"{path} and {target} are located in different mounts.");
    }

    /// <inheritdoc/>
    public async ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken)
    {
        (StoreMount mount, StorePath inner) = Locate(directory);
        try
        {
            return await mount.Store.GetFreeSpaceAsync(inner, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException e) when (e.Error is StoreError.NotFound or StoreError.NotADirectory && _table.IsFixed(directory))
        {
            return null; // nothing can be stored in a directory that exists only because a mount point is below it
        }
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetCachedHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken)
    {
        (StoreMount mount, StorePath inner) = Locate(path);
        return mount.Store.GetCachedHashAsync(inner, file, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask CacheHashAsync(StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken)
    {
        (StoreMount mount, StorePath inner) = Locate(path);
        return mount.IsReadOnly ? default : mount.Store.CacheHashAsync(inner, hashed, sha256, cancellationToken);
    }

    private (StoreMount Mount, StorePath Inner) Locate(StorePath path) => _table.Find(path);

    private (StoreMount Mount, StorePath Inner) LocateForChange(StorePath path)
    {
        (StoreMount Mount, StorePath Inner) located = Locate(path);
        return located.Mount.IsReadOnly ? throw CreateDeniedException(ReadOnlyRule, $"{path} is located in a read-only mount.") : located;
    }

    /// <summary>Returns the store of an entry that is renamed, removed, replaced or changed itself.</summary>
    private (StoreMount Mount, StorePath Inner) LocateForRemoval(StorePath path) => _table.IsFixed(path)
        ? throw CreateDeniedException(MountPointRule, $"{path} is a mount point or a directory above one.")
        : LocateForChange(path);

    private void ThrowIfFixed(StorePath path, StoreError error)
    {
        if (_table.IsFixed(path))
        {
            throw new StoreException(error, $"{path} is a mount point or a directory above one.");
        }
    }

    private bool IsMissingParent(StoreException e, StorePath path) =>
        e.Error is StoreError.NotFound or StoreError.NotADirectory && _table.IsFixed(path.Parent);

    private static StoreException CreateMissingParentException(StorePath path, StoreException cause) => new(
        StoreError.Denied, $"{path.Parent} exists only because a mount point is below it.", cause) { Rule = MountPointRule };

    private static StoreException CreateDeniedException(string rule, string message) => new(StoreError.Denied, message) { Rule = rule };
}
