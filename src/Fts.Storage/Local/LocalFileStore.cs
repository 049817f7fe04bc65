using Fts.Storage.Local.Linux;
using Fts.Storage.Local.Portable;
using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>A store of the files in one directory on this machine. No path or link reaches an entry outside that directory.</summary>
/// <remarks>
/// <para>
/// On Linux 5.6 and later the kernel confines every path, unless a sandbox blocks openat2(2) (<see cref="IsConfinedByKernel"/>). On other
/// systems, links are checked one component at a time, and a local process that replaces a link between the check and its use can redirect
/// a call to an entry outside the directory.
/// </para>
/// <para>
/// Links to targets inside the directory work: reads and writes affect the target, and deletions and renames affect the link. Names with a
/// line break cannot be requested and are not listed (<see cref="IUnlistedNameReport"/>). Names that are not UTF-8 are supported only if
/// the kernel confines paths.
/// </para>
/// <para>
/// A call runs on the caller's thread only if it does not wait for a disk: on a memory file system, or if the kernel answers the call from
/// its caches. All other calls run on threads of the store. A cancelled call returns within half a second, even if the disk hangs. Flushes
/// to stable storage (<see cref="LocalStoreOptions.IsDurable"/>) cannot be cancelled. Disposing the store closes the directory. Open files
/// stay open.
/// </para>
/// </remarks>
public sealed class LocalFileStore : IFileStore, IDisposable, IAsyncDisposable
{
    private readonly IRootDirectory _root;
    private readonly LocalCalls _calls;
    private readonly GroupCommit? _groupCommit;
    private readonly AppendQueue _appendQueue;
    private readonly PartialUploadIndex _partialUploads;
    private volatile bool _areAppendsRecovered; // false while the tree may contain unfinished appends of killed processes

    /// <summary>Opens an existing directory.</summary>
    /// <param name="directory">The path of the directory on this machine.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <exception cref="StoreException">The directory does not exist or cannot be opened.</exception>
    /// <exception cref="ArgumentException">
    /// The directory is one of <see cref="LocalStoreOptions.ProtectedPaths"/> or is located in one, its path is empty, or a limit on
    /// partial uploads is invalid.
    /// </exception>
    public LocalFileStore(string directory, LocalStoreOptions? options = null) : this(directory, portable: false, options)
    {
    }

    /// <summary>
    /// Opens an existing directory. If <paramref name="portable"/> is true, uses the path resolution of systems without openat2.
    /// </summary>
    internal LocalFileStore(string directory, bool portable, LocalStoreOptions? options = null, TimeProvider? clock = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        PartialUploadLimits limits = (options?.PartialUploadLimits ?? new PartialUploadLimits()).Validate();
        var protectedEntries = ProtectedEntries.CreateIfReachable(directory, options?.ProtectedPaths ?? []);
        LinuxRootDirectory? confined = portable ? null : LinuxRootDirectory.OpenIfSupported(directory, protectedEntries);
        _root = confined is null ? new PortableRootDirectory(directory, protectedEntries) : confined;
        _partialUploads = new PartialUploadIndex(limits, _root);
        _calls = new LocalCalls(_root.FileSystemKind, confined?.TryCreateCachedCalls(), clock ?? TimeProvider.System);
        _groupCommit = options is { IsDurable: true } ? new GroupCommit(_calls.Workers) : null;
        _appendQueue = new AppendQueue(_calls.Clock);
        IsConfinedByKernel = confined is not null;
    }

    /// <summary>
    /// Whether the kernel confines every path. If so, even a local process that replaces links cannot redirect a call to an entry outside
    /// the directory.
    /// </summary>
    public bool IsConfinedByKernel { get; }

    /// <summary>
    /// Returns whether the path with which the store was opened still leads to the same directory. Returns false after another program has
    /// moved or replaced the directory. The store then still uses the old one. Can block the calling thread.
    /// </summary>
    public bool IsAtItsPath() => _root.IsAtItsPath();

    /// <summary>Returns false: calls that can block run on threads of the store.</summary>
    public bool CanBlockCaller => false;

    /// <inheritdoc/>
    /// <remarks>The file system of the directory decides, when the store is opened.</remarks>
    public StorePath GetComparisonPath(StorePath path) => _root.IgnoresCase ? path.FoldNames() : path;

    /// <inheritdoc/>
    public void Dispose() => _root.Dispose();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    /// <inheritdoc/>
    public async ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (PathRules.IsReserved(path))
        {
            return null;
        }

        await RecoverBeforeFirstSweepAsync(path, cancellationToken).ConfigureAwait(false);
        return await _calls.RunCachedFirstAsync(
            (Root: _root, Path: path),
            static (LinuxCachedCalls cached, (IRootDirectory Root, StorePath Path) x, out FileEntry? entry) =>
                cached.TryGetEntry(x.Path, out entry),
            static x => x.Root.GetEntry(x.Path),
            discard: null,
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<FileEntry?> GetUnfollowedEntryAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (PathRules.IsReserved(path))
        {
            return null;
        }

        await RecoverBeforeFirstSweepAsync(path, cancellationToken).ConfigureAwait(false);
        return await _calls.RunAsync(
            (_root, path), static x => x._root.GetUnfollowedEntry(x.path), discard: null, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfReserved(directory);
        await _calls.RunCachedFirstAsync(
            (Root: _root, Path: directory),
            static (LinuxCachedCalls cached, (IRootDirectory Root, StorePath Path) x, out bool exists) =>
                cached.TryCheckDirectory(x.Path, out exists),
            static x =>
            {
                x.Root.OpenDirectory(x.Path).Dispose();
                return true;
            },
            discard: null,
            cancellationToken).ConfigureAwait(false);
        return new LocalListing(_root, directory, _calls.Workers, mustRecover: !_areAppendsRecovered, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfReserved(path);
        await RecoverBeforeFirstSweepAsync(path, cancellationToken).ConfigureAwait(false);
        (SafeFileHandle handle, long length, FileSystemKind kind) = await _calls.RunCachedFirstAsync(
            (Root: _root, Path: path),
            static (LinuxCachedCalls cached, (IRootDirectory Root, StorePath Path) x, out OpenedFile opened) =>
                cached.TryOpenRead(x.Path, out opened),
            static x => OpenRead(x.Root, x.Path),
            static late => late.Handle.Dispose(),
            cancellationToken).ConfigureAwait(false);
        return new LocalFileReader(handle, length, kind, _calls);
    }

    /// <inheritdoc/>
    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfNotCreatable(path, StoreError.NotAFile);
        if (start.ShouldKeepContent)
        {
            await RecoverAppendAsync(path, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await RecoverBeforeFirstSweepAsync(path, cancellationToken).ConfigureAwait(false);
        }

        IStagingFile staging = await _calls.RunAsync(
            (_root, path, start), static x => x._root.OpenStagingFile(x.path, x.start), static late => CloseUnused(late), cancellationToken)
            .ConfigureAwait(false);
        var fileCalls = new LocalFileCalls(_calls);
        try
        {
            if (start.Offset < staging.BaseOffset)
            {
                // The client overwrites bytes of the committed file. The staging file of the resumed append does not contain these bytes.
                IStagingFile append = staging;
                await fileCalls.RunOnWorkerAsync(() => staging = append.ConvertAppendToFullFile(cancellationToken), cancellationToken)
                    .ConfigureAwait(false);
            }

            long length = staging.ResumedLength ?? staging.BaseOffset;
            SafeFileHandle? committed = null;
            bool mustCopy = staging.ResumedLength is null && start.ShouldKeepContent && !staging.ContainsOnlyNewBytes;
            if (mustCopy && staging.CommittedLength is not null)
            {
                PathRules.ThrowIfPastEnd(start.Offset, staging.CommittedLength.Value, path);
                committed = await _calls.RunAsync(
                    staging, static staging => staging.OpenCommitted(), static late => late?.Dispose(), cancellationToken)
                    .ConfigureAwait(false);
                length = committed is null
                    ? 0
                    : await CopyCommittedAsync(committed, staging, start.Offset, fileCalls, cancellationToken).ConfigureAwait(false);
            }

            try
            {
                // The offset is checked after the copy too, because another upload may have replaced the file by a shorter one.
                PathRules.ThrowIfPastEnd(start.Offset, length, path);
                if (staging.ResumedLength is null && start is { ShouldKeepContent: true, Uploader: not null })
                {
                    await fileCalls.RunAsync(staging, static staging => staging.RenameToPartialUploadName(), cancellationToken)
                        .ConfigureAwait(false);
                }
            }
            catch
            {
                committed?.Dispose();
                throw;
            }

            return new LocalFileWriter(
                staging, start.Offset ?? length, committed, _groupCommit, _partialUploads, _appendQueue, path, fileCalls);
        }
        catch
        {
            await fileCalls.RunCleanupAsync(() => CloseUnused(staging)).ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (path.IsRoot || PathRules.IsReserved(path))
        {
            return null;
        }

        await RecoverBeforeFirstSweepAsync(path, cancellationToken).ConfigureAwait(false);
        return await _calls.RunAsync(
            (_root, path, uploader), static x => x._root.GetPartialUpload(x.path, x.uploader), discard: null, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DiscardPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        !path.IsRoot
        && !PathRules.IsReserved(path)
        && await _calls.RunOnWorkerAsync(() => _root.DiscardPartialUpload(path, uploader), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<int> SweepPartialUploadsAsync(DateTime before, CancellationToken cancellationToken) =>
        await _calls.RunOnWorkerAsync(() => Sweep(before, cancellationToken), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfNotCreatable(path, StoreError.Exists);
        await _calls.RunAsync((_root, path), static x => x._root.CreateDirectory(x.path), cancellationToken).ConfigureAwait(false);
        await FlushDirectoryAsync(path.Parent).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken) =>
        DeleteAsync(path, uploader: null, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DeleteFileAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(uploader);
        return DeleteAsync(path, uploader, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        PathRules.ThrowIfRoot(path, StoreError.Denied);
        PathRules.ThrowIfReserved(path);
        await _calls.RunOnWorkerAsync(() => _root.DeleteDirectory(path), cancellationToken).ConfigureAwait(false);
        await FlushDirectoryAsync(path.Parent).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken)
    {
        PathRules.ThrowIfRoot(source, StoreError.Denied);
        PathRules.ThrowIfReserved(source);
        PathRules.ThrowIfNotCreatable(target, StoreError.Denied);
        await _calls.RunOnWorkerAsync(() => Rename(source, target, replace), cancellationToken).ConfigureAwait(false);
        await FlushDirectoryAsync(target.Parent).ConfigureAwait(false);
        if (source.Parent != target.Parent)
        {
            await FlushDirectoryAsync(source.Parent).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask SetMetadataAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfNotSettable(path, metadata);
        PathRules.ThrowIfReserved(path);
        await _calls.RunAsync((_root, path, metadata), static x => x._root.SetMetadata(x.path, x.metadata), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask CreateLinkAsync(StorePath path, StorePath target, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfNotCreatable(path, StoreError.Exists);
        PathRules.ThrowIfReserved(target);
        await _calls.RunAsync(
            (_root, path, target), static x => x._root.CreateLink(x.path, x.target, PathRules.GetLinkText(x.path, x.target)),
            cancellationToken).ConfigureAwait(false);
        await FlushDirectoryAsync(path.Parent).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken)
    {
        PathRules.ThrowIfReserved(directory);
        return await _calls.RunOnWorkerAsync(() => _root.GetFreeSpace(directory), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]?> GetCachedHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return file.Kind == EntryKind.File && !PathRules.IsReserved(path)
            ? await _calls.RunAsync(
                (_root, path, file), static x => x._root.GetCachedHash(x.path, x.file), discard: null, cancellationToken)
                .ConfigureAwait(false)
            : null;
    }

    /// <inheritdoc/>
    public async ValueTask CacheHashAsync(
        StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfNotSha256(sha256.Length);
        if (hashed.Kind == EntryKind.File && !PathRules.IsReserved(path))
        {
            await _calls.RunAsync(
                (_root, path, hashed, sha256), static x => x._root.CacheHash(x.path, x.hashed, x.sha256.Span), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private async ValueTask DeleteAsync(StorePath path, string? uploader, CancellationToken cancellationToken)
    {
        PathRules.ThrowIfRoot(path, StoreError.NotAFile);
        PathRules.ThrowIfReserved(path);
        // The append of a killed process is completed or undone before the deletion. If it were not, the record of the append could later
        // be applied to a new file that reuses the inode number.
        await RecoverBeforeFirstSweepAsync(path, cancellationToken).ConfigureAwait(false);
        await _calls.RunOnWorkerAsync(() => _root.DeleteFile(path, uploader), cancellationToken).ConfigureAwait(false);
        await FlushDirectoryAsync(path.Parent).ConfigureAwait(false);
    }

    /// <summary>
    /// Opens a file for reading. Determines the kind of the file's own file system, because another file system can be mounted
    /// below the root.
    /// </summary>
    private static OpenedFile OpenRead(IRootDirectory root, StorePath path)
    {
        SafeFileHandle handle = root.OpenRead(path, out long length);
        FileSystemKind kind = root.FileSystemKind;
        bool isKnown = kind == FileSystemKind.Memory || root is not LinuxRootDirectory;
        return new OpenedFile(handle, length, isKnown ? kind : LinuxFileSystem.GetKind(handle));
    }

    /// <summary>Renames an entry. Before that, completes or undoes an unfinished append to it.</summary>
    private void Rename(StorePath source, StorePath target, bool replace)
    {
        if (_root.HasUnfinishedAppend(source))
        {
            // The append record contains the old name, so a recovery after the rename would not find the file.
            _root.RecoverAppend(source);
            if (_root.HasUnfinishedAppend(source))
            {
                throw new StoreException(StoreError.Busy, $"{source} cannot be renamed while another session or process appends to it.");
            }
        }

        _root.Rename(source, target, replace);
        _partialUploads.RenameDirectory(source.Relative, target.Relative);
    }

    /// <summary>Sweeps the whole tree and updates the index. Returns the number of deleted staging files.</summary>
    private int Sweep(DateTime before, CancellationToken cancellationToken)
    {
        _partialUploads.BeginSweep();
        int deleted = _root.SweepPartialUploads(before, _partialUploads, cancellationToken);
        _partialUploads.EndSweep();
        _areAppendsRecovered = !_partialUploads.HasUnrecoveredAppends;
        return deleted;
    }

    /// <summary>
    /// Closes a staging file that no upload uses. A partial upload that was opened for resumption is kept. Returns whether it was kept.
    /// </summary>
    private static bool CloseUnused(IStagingFile staging)
    {
        using (staging)
        {
            return staging.ResumedLength is not null && staging.TryKeepAsPartialUpload();
        }
    }

    /// <summary>
    /// Completes or undoes the append of a killed process to a file, so that no client receives a part of it. Does nothing after a sweep
    /// that has recovered all appends.
    /// </summary>
    private ValueTask RecoverBeforeFirstSweepAsync(StorePath path, CancellationToken cancellationToken) =>
        _areAppendsRecovered || path.IsRoot ? default : RecoverAppendAsync(path, cancellationToken);

    /// <summary>Completes or undoes the append of a killed process to a file. Does nothing if no such append exists.</summary>
    private async ValueTask RecoverAppendAsync(StorePath path, CancellationToken cancellationToken)
    {
        bool isUnfinished = await _calls.RunAsync(
            (_root, path), static x => x._root.HasUnfinishedAppend(x.path), discard: null, cancellationToken).ConfigureAwait(false);
        if (isUnfinished)
        {
            await _calls.RunOnWorkerAsync(() => _root.RecoverAppend(path), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Flushes a directory if the store is durable. Cannot be cancelled, because the change to the directory is already made.
    /// </summary>
    private ValueTask FlushDirectoryAsync(StorePath directory) =>
        _groupCommit is null ? default : new(_calls.RunOnWorkerAsync(() => _root.FlushDirectory(directory), CancellationToken.None));

    /// <summary>
    /// Copies the committed file into the staging file up to an offset, or completely if the offset is null. Returns the number of copied
    /// bytes. Closes the committed file if the copy fails.
    /// </summary>
    /// <remarks>
    /// The commit appends the bytes of the committed file that follow the last written byte (<see cref="LocalFileWriter"/>). Until then,
    /// the staging file ends with the last received byte.
    /// </remarks>
    private static async Task<long> CopyCommittedAsync(
        SafeFileHandle committed, IStagingFile staging, long? offset, LocalFileCalls calls, CancellationToken cancellationToken)
    {
        long maxBytes = offset ?? long.MaxValue, copied = 0;
        try
        {
            await calls.RunOnWorkerAsync(
                () => copied = ContentCopy.Copy(committed, staging.Handle, maxBytes, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            return copied;
        }
        catch
        {
            committed.Dispose();
            throw;
        }
    }
}
