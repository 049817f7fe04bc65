using Fts.Storage.Local.Linux;
using Fts.Storage.Local.Portable;
using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>
/// The files of one folder of this machine, which no path and no link leads out of. On Linux the kernel sees to that, race or no race; on other systems,
/// and under kernels before 5.6, links are checked one component at a time, which a local process that swaps links at the right moment can outrun.
/// Links that stay inside work: reading and writing go to what they lead to, deleting and renaming to the link itself. Names with a
/// line break cannot be requested and are not listed. Names that are not UTF-8 are supported only with the kernel's confinement (<see cref="IUnlistedNames"/>).
/// </summary>
/// <remarks>
/// Calls of a few microseconds run on the caller's thread and complete synchronously; what can take long (removing, renaming, copying, listing) runs on
/// the thread pool. Disposing closes the folder; files that are open stay open.
/// </remarks>
public sealed class LocalFileStore : IFileStore, IDisposable, IAsyncDisposable
{
    private readonly IRootDirectory _root;
    private readonly GroupCommit? _durable;
    private readonly PartialUploadIndex _partialUploads;

    /// <summary>Opens a folder that exists.</summary>
    /// <exception cref="StoreException">There is no such folder, or it cannot be opened.</exception>
    /// <exception cref="ArgumentException">The folder is located in one of <see cref="LocalStoreOptions.ProtectedPaths"/>.</exception>
    public LocalFileStore(string folder, LocalStoreOptions? options = null) : this(folder, portable: false, options)
    {
    }

    /// <summary>Opens a folder, on request with the walk that systems without openat2 use.</summary>
    internal LocalFileStore(string folder, bool portable, LocalStoreOptions? options = null)
    {
        _durable = options is { IsDurable: true } ? new GroupCommit() : null;
        ArgumentException.ThrowIfNullOrEmpty(folder);
        PartialUploadLimits limits = (options?.PartialUploads ?? new PartialUploadLimits()).Validated();
        var protectedEntries = ProtectedEntries.TryCreate(folder, options?.ProtectedPaths ?? []);
        RootDirectory? confined = portable ? null : RootDirectory.TryOpen(folder, protectedEntries);
        _root = confined is null ? new PortableRootDirectory(folder, protectedEntries) : confined;
        _partialUploads = new PartialUploadIndex(limits, _root);
        IsConfinedByKernel = confined is not null;
    }

    /// <summary>Whether the kernel confines every name, so that not even a local process that swaps links can lead a call outside.</summary>
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
    public async ValueTask<FileEntry?> FindAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return PathRules.IsReserved(path) ? null : _root.Find(path);
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath folder, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandAddressable(folder);
        _root.OpenFolder(folder).Dispose();
        return new LocalListing(_root, folder, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandAddressable(path);
        SafeFileHandle handle = _root.OpenRead(path, out long length);
        return new LocalFileReader(handle, length);
    }

    /// <inheritdoc/>
    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandCreatable(path, StoreError.NotAFile);
        IPendingFile pending = _root.OpenPending(path, start);
        try
        {
            long kept = pending.KeptLength ?? 0;
            SafeFileHandle? committed = null;
            if (pending.KeptLength is null && start.KeepsContent && pending.CommittedLength is not null)
            {
                PathRules.DemandWithin(start.Offset, pending.CommittedLength.Value, path);
                committed = pending.OpenCommitted();
                kept = committed is null ? 0 : await CopyAsync(committed, pending, start.Offset, cancellationToken).ConfigureAwait(false);
            }

            try
            {
                // Again, or for the first time: another upload may have replaced the file by a shorter one meanwhile.
                PathRules.DemandWithin(start.Offset, kept, path);
                if (pending.KeptLength is null && start is { KeepsContent: true, Uploader: not null })
                {
                    pending.Enter();
                }
            }
            catch
            {
                committed?.Dispose();
                throw;
            }

            return new LocalFileWriter(pending, start.Offset ?? kept, committed, _durable, _partialUploads);
        }
        catch
        {
            if (pending.KeptLength is not null)
            {
                pending.Keep(); // it was there before, and can still be continued
            }

            pending.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<PendingUpload?> FindPendingAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return path.IsRoot || PathRules.IsReserved(path) ? null : _root.FindPending(path, uploader);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> GiveUpPendingAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        !path.IsRoot && !PathRules.IsReserved(path) && await Task.Run(() => _root.GiveUpPending(path, uploader), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<int> SweepPendingAsync(DateTime before, CancellationToken cancellationToken) =>
        await Task.Run(() => Sweep(before, cancellationToken), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask CreateFolderAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandCreatable(path, StoreError.Exists);
        _root.CreateFolder(path);
        await FlushAsync(path.Parent).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken) => DeleteAsync(path, uploader: null, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DeleteFileAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(uploader);
        return DeleteAsync(path, uploader, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DeleteFolderAsync(StorePath path, CancellationToken cancellationToken)
    {
        PathRules.DemandNotRoot(path, StoreError.Denied);
        PathRules.DemandAddressable(path);
        await Task.Run(() => _root.DeleteFolder(path), cancellationToken).ConfigureAwait(false);
        await FlushAsync(path.Parent).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken)
    {
        PathRules.DemandNotRoot(source, StoreError.Denied);
        PathRules.DemandAddressable(source);
        PathRules.DemandCreatable(target, StoreError.Denied);
        await Task.Run(() => Rename(source, target, replace), cancellationToken).ConfigureAwait(false);
        await FlushAsync(target.Parent).ConfigureAwait(false);
        if (source.Parent != target.Parent)
        {
            await FlushAsync(source.Parent).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask SetFactsAsync(StorePath path, FileFacts facts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandSettable(path, facts);
        PathRules.DemandAddressable(path);
        _root.SetFacts(path, facts);
    }

    /// <inheritdoc/>
    public async ValueTask CreateLinkAsync(StorePath path, StorePath target, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandCreatable(path, StoreError.Exists);
        PathRules.DemandAddressable(target);
        _root.CreateLink(path, target, PathRules.LinkText(path, target));
        await FlushAsync(path.Parent).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<long?> FindFreeSpaceAsync(StorePath folder, CancellationToken cancellationToken)
    {
        PathRules.DemandAddressable(folder);
        return await Task.Run(() => _root.FreeSpace(folder), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]?> FindHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return file.Kind == EntryKind.File && !PathRules.IsReserved(path) ? _root.FindHash(path, file) : null;
    }

    /// <inheritdoc/>
    public async ValueTask RememberHashAsync(StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandHash(sha256.Length);
        if (hashed.Kind == EntryKind.File && !PathRules.IsReserved(path))
        {
            _root.RememberHash(path, hashed, sha256.Span);
        }
    }

    private async ValueTask DeleteAsync(StorePath path, string? uploader, CancellationToken cancellationToken)
    {
        PathRules.DemandNotRoot(path, StoreError.NotAFile);
        PathRules.DemandAddressable(path);
        await Task.Run(() => _root.DeleteFile(path, uploader), cancellationToken).ConfigureAwait(false);
        await FlushAsync(path.Parent).ConfigureAwait(false);
    }

    private void Rename(StorePath source, StorePath target, bool replace)
    {
        _root.Rename(source, target, replace);
        _partialUploads.RenameFolder(source.Relative, target.Relative);
    }

    private int Sweep(DateTime before, CancellationToken cancellationToken)
    {
        _partialUploads.BeginSweep();
        int removed = _root.Sweep(before, _partialUploads, cancellationToken);
        _partialUploads.EndSweep();
        return removed;
    }

    /// <summary>What has been done by then is not to be cancelled any more.</summary>
    private ValueTask FlushAsync(StorePath folder) => _durable is null ? default : new(Task.Run(() => _root.FlushFolder(folder)));

    /// <summary>Up to the offset: what lies beyond is added when all is written, so that its length says how far an upload came.</summary>
    private static async Task<long> CopyAsync(SafeFileHandle committed, IPendingFile pending, long? offset, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(() => ContentCopy.Copy(committed, pending.Handle, offset ?? long.MaxValue, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            committed.Dispose();
            throw;
        }
    }
}
