using Fts.Storage.Local.Linux;
using Fts.Storage.Local.Portable;
using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>The files of one directory on this machine. No path or link reaches an entry outside it.</summary>
/// <remarks>
/// <para>
/// On Linux 5.6 and later the kernel confines every path. On other systems, links are checked one component at a time, and a local process
/// that replaces a link between the check and its use can redirect a call to an entry outside.
/// </para>
/// <para>
/// Links to targets inside the directory work: reads and writes affect the target, and deletions and renames affect the link. Names with a
/// line break cannot be requested and are not listed (<see cref="IUnlistedNameReport"/>). Names that are not UTF-8 are supported only if
/// the kernel confines paths.
/// </para>
/// <para>
/// Calls of a few microseconds complete synchronously on the caller's thread. Deletions, renames, copies and listings run on the thread
/// pool, because they can take a long time. Disposing the store closes the directory. Open files stay open.
/// </para>
/// </remarks>
public sealed class LocalFileStore : IFileStore, IDisposable, IAsyncDisposable
{
    private readonly IRootDirectory _root;
    private readonly GroupCommit? _groupCommit;
    private readonly PartialUploadIndex _partialUploads;
    private volatile bool _isSwept; // whether a sweep of the whole tree has completed

    /// <summary>Opens an existing directory.</summary>
    /// <param name="directory">The path of the directory on this machine.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <exception cref="StoreException">The directory does not exist or cannot be opened.</exception>
    /// <exception cref="ArgumentException">The directory is located in one of <see cref="LocalStoreOptions.ProtectedPaths"/>.</exception>
    public LocalFileStore(string directory, LocalStoreOptions? options = null) : this(directory, portable: false, options)
    {
    }

    /// <summary>Opens an existing directory. <paramref name="portable"/> selects the path resolution of systems without openat2.</summary>
    internal LocalFileStore(string directory, bool portable, LocalStoreOptions? options = null)
    {
        _groupCommit = options is { IsDurable: true } ? new GroupCommit() : null;
        ArgumentException.ThrowIfNullOrEmpty(directory);
        PartialUploadLimits limits = (options?.PartialUploadLimits ?? new PartialUploadLimits()).Validate();
        var protectedEntries = ProtectedEntries.TryCreate(directory, options?.ProtectedPaths ?? []);
        LinuxRootDirectory? confined = portable ? null : LinuxRootDirectory.TryOpen(directory, protectedEntries);
        _root = confined is null ? new PortableRootDirectory(directory, protectedEntries) : confined;
        _partialUploads = new PartialUploadIndex(limits, _root);
        IsConfinedByKernel = confined is not null;
    }

    /// <summary>
    /// Whether the kernel confines every path, so that even a local process that replaces links cannot redirect a call to an entry outside.
    /// </summary>
    public bool IsConfinedByKernel { get; }

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

        await RecoverBeforeFirstSweepAsync(path).ConfigureAwait(false);
        return _root.GetEntry(path);
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfReserved(directory);
        _root.OpenDirectory(directory).Dispose();
        return new LocalListing(_root, directory, mustRecover: !_isSwept, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfReserved(path);
        await RecoverBeforeFirstSweepAsync(path).ConfigureAwait(false);
        SafeFileHandle handle = _root.OpenRead(path, out long length);
        return new LocalFileReader(handle, length);
    }

    /// <inheritdoc/>
    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfNotCreatable(path, StoreError.NotAFile);
        if (start.ShouldKeepContent && _root.HasUnfinishedAppend(path))
        {
            await Task.Run(() => _root.RecoverAppend(path), cancellationToken).ConfigureAwait(false);
        }

        IStagingFile staging = _root.OpenStagingFile(path, start);
        try
        {
            if (start.Offset < staging.BaseOffset)
            {
                // The client overwrites bytes of the committed file, which the resumed append does not contain.
                IStagingFile append = staging;
                staging = await Task.Run(() => append.ConvertToCopy(cancellationToken), cancellationToken).ConfigureAwait(false);
            }

            long length = staging.ResumedLength ?? staging.BaseOffset;
            SafeFileHandle? committed = null;
            bool mustCopy = staging.ResumedLength is null && start.ShouldKeepContent && !staging.IsAppend;
            if (mustCopy && staging.CommittedLength is not null)
            {
                PathRules.ThrowIfPastEnd(start.Offset, staging.CommittedLength.Value, path);
                committed = staging.OpenCommitted();
                length = committed is null
                    ? 0
                    : await CopyCommittedAsync(committed, staging, start.Offset, cancellationToken).ConfigureAwait(false);
            }

            try
            {
                // Checked after the copy too, because another upload may have replaced the file by a shorter one since.
                PathRules.ThrowIfPastEnd(start.Offset, length, path);
                if (staging.ResumedLength is null && start is { ShouldKeepContent: true, Uploader: not null })
                {
                    staging.RenameToPartialUploadName();
                }
            }
            catch
            {
                committed?.Dispose();
                throw;
            }

            return new LocalFileWriter(staging, start.Offset ?? length, committed, _groupCommit, _partialUploads);
        }
        catch
        {
            if (staging.ResumedLength is not null)
            {
                staging.TryKeep(); // the partial upload can still be resumed
            }

            staging.Dispose();
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

        await RecoverBeforeFirstSweepAsync(path).ConfigureAwait(false);
        return _root.GetPartialUpload(path, uploader);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DiscardPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        !path.IsRoot
        && !PathRules.IsReserved(path)
        && await Task.Run(() => _root.DiscardPartialUpload(path, uploader), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<int> SweepPartialUploadsAsync(DateTime before, CancellationToken cancellationToken) =>
        await Task.Run(() => Sweep(before, cancellationToken), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfNotCreatable(path, StoreError.Exists);
        _root.CreateDirectory(path);
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
        await Task.Run(() => _root.DeleteDirectory(path), cancellationToken).ConfigureAwait(false);
        await FlushDirectoryAsync(path.Parent).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken)
    {
        PathRules.ThrowIfRoot(source, StoreError.Denied);
        PathRules.ThrowIfReserved(source);
        PathRules.ThrowIfNotCreatable(target, StoreError.Denied);
        await Task.Run(() => Rename(source, target, replace), cancellationToken).ConfigureAwait(false);
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
        _root.SetMetadata(path, metadata);
    }

    /// <inheritdoc/>
    public async ValueTask CreateLinkAsync(StorePath path, StorePath target, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfNotCreatable(path, StoreError.Exists);
        PathRules.ThrowIfReserved(target);
        _root.CreateLink(path, target, PathRules.GetLinkText(path, target));
        await FlushDirectoryAsync(path.Parent).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken)
    {
        PathRules.ThrowIfReserved(directory);
        return await Task.Run(() => _root.GetFreeSpace(directory), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]?> GetCachedHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return file.Kind == EntryKind.File && !PathRules.IsReserved(path) ? _root.GetCachedHash(path, file) : null;
    }

    /// <inheritdoc/>
    public async ValueTask CacheHashAsync(
        StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfNotSha256(sha256.Length);
        if (hashed.Kind == EntryKind.File && !PathRules.IsReserved(path))
        {
            _root.CacheHash(path, hashed, sha256.Span);
        }
    }

    private async ValueTask DeleteAsync(StorePath path, string? uploader, CancellationToken cancellationToken)
    {
        PathRules.ThrowIfRoot(path, StoreError.NotAFile);
        PathRules.ThrowIfReserved(path);
        await Task.Run(() => _root.DeleteFile(path, uploader), cancellationToken).ConfigureAwait(false);
        await FlushDirectoryAsync(path.Parent).ConfigureAwait(false);
    }

    private void Rename(StorePath source, StorePath target, bool replace)
    {
        if (_root.HasUnfinishedAppend(source))
        {
            // The record has the old name, so that a later recovery would not find the renamed file.
            _root.RecoverAppend(source);
            if (_root.HasUnfinishedAppend(source))
            {
                throw new StoreException(StoreError.Busy, $"An append to {source} is being applied.");
            }
        }

        _root.Rename(source, target, replace);
        _partialUploads.RenameDirectory(source.Relative, target.Relative);
    }

    private int Sweep(DateTime before, CancellationToken cancellationToken)
    {
        _partialUploads.BeginSweep();
        int deleted = _root.SweepPartialUploads(before, _partialUploads, cancellationToken);
        _partialUploads.EndSweep();
        _isSwept = true;
        return deleted;
    }

    /// <summary>
    /// Completes or undoes the append of a killed process to a file, so that no client receives a part of it. After the first sweep there
    /// is none.
    /// </summary>
    private ValueTask RecoverBeforeFirstSweepAsync(StorePath path) =>
        !_isSwept && !path.IsRoot && _root.HasUnfinishedAppend(path) ? new(Task.Run(() => _root.RecoverAppend(path))) : default;

    /// <summary>Flushes a directory if the store is durable. Cannot be cancelled, because the change is already made.</summary>
    private ValueTask FlushDirectoryAsync(StorePath directory) =>
        _groupCommit is null ? default : new(Task.Run(() => _root.FlushDirectory(directory)));

    /// <summary>
    /// Copies the committed file into the staging file up to the offset, and returns the number of copied bytes. The rest is appended at
    /// the commit, so that the length of a partial upload is the number of received bytes.
    /// </summary>
    private static async Task<long> CopyCommittedAsync(
        SafeFileHandle committed, IStagingFile staging, long? offset, CancellationToken cancellationToken)
    {
        long maxBytes = offset ?? long.MaxValue;
        try
        {
            return await Task.Run(() => ContentCopy.Copy(committed, staging.Handle, maxBytes, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }
        catch
        {
            committed.Dispose();
            throw;
        }
    }
}
