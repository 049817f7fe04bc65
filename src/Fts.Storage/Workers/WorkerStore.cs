using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Workers;

/// <summary>
/// Runs the calls of a store that can block (<see cref="IFileStore.CanBlockCaller"/>) on a limited number of threads. The caller's
/// thread is never blocked.
/// </summary>
/// <remarks>
/// If a call is cancelled while the store blocks the thread, the caller stops waiting after half a second. The call then ends in the
/// background, and an opened file is closed. The asynchronous part of a call ends when the store observes the token. This class does not
/// dispose the store.
/// </remarks>
public sealed class WorkerStore : IFileStore
{
    private readonly IFileStore _store;
    private readonly StoreWorkers _workers = new();

    /// <summary>Creates a store that runs the calls of another store on worker threads.</summary>
    /// <param name="store">The store whose calls can block.</param>
    public WorkerStore(IFileStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        _store = store;
    }

    /// <summary>Returns false.</summary>
    public bool CanBlockCaller => false;

    /// <inheritdoc/>
    public StorePath GetComparisonPath(StorePath path) => _store.GetComparisonPath(path);

    /// <inheritdoc/>
    public ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken) =>
        RunAsync(() => _store.GetEntryAsync(path, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<FileEntry?> GetUnfollowedEntryAsync(StorePath path, CancellationToken cancellationToken) =>
        RunAsync(() => _store.GetUnfollowedEntryAsync(path, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken) =>
        new WorkerListing(
            await RunAsync(() => _store.ListAsync(directory, cancellationToken), cancellationToken).ConfigureAwait(false), _workers);

    /// <inheritdoc/>
    public async ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken) => new WorkerReader(
        await RunAsync(() => _store.OpenReadAsync(path, cancellationToken), DisposeLate, cancellationToken).ConfigureAwait(false),
        new OrderedCalls(_workers, TimeProvider.System));

    /// <inheritdoc/>
    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken) =>
        new WorkerWriter(
            await RunAsync(() => _store.OpenWriteAsync(path, start, cancellationToken), DisposeLate, cancellationToken)
                .ConfigureAwait(false),
            new OrderedCalls(_workers, TimeProvider.System));

    /// <inheritdoc/>
    public ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        RunAsync(() => _store.GetPartialUploadAsync(path, uploader, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> DiscardPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        RunAsync(() => _store.DiscardPartialUploadAsync(path, uploader, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<int> SweepPartialUploadsAsync(DateTime before, CancellationToken cancellationToken) =>
        RunAsync(() => _store.SweepPartialUploadsAsync(before, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken) =>
        RunAsync(() => _store.CreateDirectoryAsync(path, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken) =>
        RunAsync(() => _store.DeleteFileAsync(path, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DeleteFileAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        RunAsync(() => _store.DeleteFileAsync(path, uploader, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken) =>
        RunAsync(() => _store.DeleteDirectoryAsync(path, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken) =>
        RunAsync(() => _store.RenameAsync(source, target, replace, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask SetMetadataAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken) =>
        RunAsync(() => _store.SetMetadataAsync(path, metadata, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask CreateLinkAsync(StorePath path, StorePath target, CancellationToken cancellationToken) =>
        RunAsync(() => _store.CreateLinkAsync(path, target, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken) =>
        RunAsync(() => _store.GetFreeSpaceAsync(directory, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetCachedHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken) =>
        RunAsync(() => _store.GetCachedHashAsync(path, file, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask CacheHashAsync(StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken) =>
        RunAsync(() => _store.CacheHashAsync(path, hashed, sha256, cancellationToken), cancellationToken);

    private ValueTask<TResult> RunAsync<TResult>(Func<ValueTask<TResult>> call, CancellationToken cancellationToken) =>
        RunAsync(call, discard: null, cancellationToken);

    /// <summary>Starts a call on a worker thread, which the call may block, and awaits the asynchronous part of the call.</summary>
    private async ValueTask<TResult> RunAsync<TResult>(
        Func<ValueTask<TResult>> call, Action<ValueTask<TResult>>? discard, CancellationToken cancellationToken)
    {
        ValueTask<TResult> started = await _workers.RunAsync(call, static call => call(), discard, cancellationToken).ConfigureAwait(false);
        return await started.ConfigureAwait(false);
    }

    private async ValueTask RunAsync(Func<ValueTask> call, CancellationToken cancellationToken)
    {
        ValueTask started = await _workers.RunAsync(call, static call => call(), discard: null, cancellationToken).ConfigureAwait(false);
        await started.ConfigureAwait(false);
    }

    /// <summary>Closes a file that was opened after its caller was cancelled.</summary>
    private static async void DisposeLate<TFile>(ValueTask<TFile> opening) where TFile : IAsyncDisposable
    {
        try
        {
            TFile file = await opening.ConfigureAwait(false);
            await file.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The caller no longer waits.
        }
    }

    /// <summary>Runs the reads of an open file on worker threads. Owns the store's reader.</summary>
    private sealed class WorkerReader(IFileReader reader, OrderedCalls calls) : IFileReader
    {
        public long Length => reader.Length;

        public SafeFileHandle? Handle => reader.Handle;

        public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            ValueTask<int> started = await calls.RunAsync(
                (reader, offset, buffer, cancellationToken), static x => x.reader.ReadAsync(x.offset, x.buffer, x.cancellationToken),
                discard: null, cancellationToken).ConfigureAwait(false);
            return await started.ConfigureAwait(false);
        }

        public async ValueTask DisposeAsync() =>
            await (await calls.RunCleanupAsync(reader, static reader => reader.DisposeAsync()).ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <summary>Runs the writes of an upload on worker threads. Owns the store's writer.</summary>
    private sealed class WorkerWriter(IFileWriter writer, OrderedCalls calls) : IFileWriter
    {
        public long StartOffset { get; } = writer.StartOffset;

        public bool IsResumed { get; } = writer.IsResumed;

        public SafeFileHandle? Handle => writer.Handle;

        public long HandleOffset => writer.HandleOffset;

        public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            ValueTask started = await calls.RunAsync(
                (writer, offset, bytes, cancellationToken), static x => x.writer.WriteAsync(x.offset, x.bytes, x.cancellationToken),
                discard: null, cancellationToken).ConfigureAwait(false);
            await started.ConfigureAwait(false);
        }

        public void PrepareHandleWrite(long endOffset) => writer.PrepareHandleWrite(endOffset);

        public async ValueTask<PendingCommit?> GetPendingCommitAsync(CancellationToken cancellationToken)
        {
            ValueTask<PendingCommit?> started = await calls.RunAsync(
                (writer, cancellationToken), static x => x.writer.GetPendingCommitAsync(x.cancellationToken), discard: null,
                cancellationToken).ConfigureAwait(false);
            return await started.ConfigureAwait(false);
        }

        public async ValueTask CommitAsync(CancellationToken cancellationToken)
        {
            ValueTask started = await calls.RunAsync(
                (writer, cancellationToken), static x => x.writer.CommitAsync(x.cancellationToken), discard: null, cancellationToken)
                .ConfigureAwait(false);
            await started.ConfigureAwait(false);
        }

        public async ValueTask<long?> KeepPartialUploadAsync(CancellationToken cancellationToken)
        {
            ValueTask<long?> started = await calls.RunCleanupAsync(
                (writer, cancellationToken), static x => x.writer.KeepPartialUploadAsync(x.cancellationToken)).ConfigureAwait(false);
            return await started.ConfigureAwait(false);
        }

        public async ValueTask DisposeAsync() =>
            await (await calls.RunCleanupAsync(writer, static writer => writer.DisposeAsync()).ConfigureAwait(false)).ConfigureAwait(false);
    }
}
