using Fts.Protocol;
using Fts.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Hosts;

/// <summary>
/// Enforces the contract of <see cref="IFileStore"/> on any implementation. Wraps unexpected exceptions in a
/// <see cref="StoreException"/>, so that they are not mistaken for connection errors. Skips entries whose names are not a single valid
/// path component, because a line end in a name could forge entries and replies.
/// </summary>
/// <remarks>
/// Each host has one guarded store, which all its sessions share. Sessions call the guarded store through <see cref="Accounts.UserFiles"/>.
/// The guarded store calls the configured store, through a <see cref="Storage.Workers.WorkerStore"/> if the configured store can block.
/// </remarks>
internal sealed class GuardedStore(IFileStore store, ILogger logger) : IFileStore
{
    /// <inheritdoc/>
    public bool CanBlockCaller => store.CanBlockCaller;

    /// <inheritdoc/>
    public StorePath GetComparisonPath(StorePath path) => store.GetComparisonPath(path);

    /// <inheritdoc/>
    public async ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken)
    {
        FileEntry? found;
        try
        {
            found = await store.GetEntryAsync(path, cancellationToken);
        }
        catch (Exception e) when (IsUnexpected(e, cancellationToken))
        {
            throw CreateException(e);
        }

        // If a store returns an invalid name, the valid name in the requested path replaces it.
        return found is { Name.Length: > 0 } entry && !IsEntryName(entry.Name) ? entry with { Name = path.Name } : found;
    }

    /// <inheritdoc/>
    public ValueTask<FileEntry?> GetUnfollowedEntryAsync(StorePath path, CancellationToken cancellationToken) =>
        CallAsync(() => store.GetUnfollowedEntryAsync(path, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken)
    {
        try
        {
            return new GuardedEntries(await store.ListAsync(directory, cancellationToken), directory, logger);
        }
        catch (Exception e) when (IsUnexpected(e, cancellationToken))
        {
            throw CreateException(e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken)
    {
        try
        {
            return new GuardedReader(await store.OpenReadAsync(path, cancellationToken));
        }
        catch (Exception e) when (IsUnexpected(e, cancellationToken))
        {
            throw CreateException(e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        try
        {
            return new GuardedWriter(await store.OpenWriteAsync(path, start, cancellationToken));
        }
        catch (Exception e) when (IsUnexpected(e, cancellationToken))
        {
            throw CreateException(e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        CallAsync(() => store.GetPartialUploadAsync(path, uploader, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> DiscardPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        CallAsync(() => store.DiscardPartialUploadAsync(path, uploader, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<int> SweepPartialUploadsAsync(DateTime before, CancellationToken cancellationToken) =>
        CallAsync(() => store.SweepPartialUploadsAsync(before, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken) =>
        CallAsync(() => store.CreateDirectoryAsync(path, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken) =>
        CallAsync(() => store.DeleteFileAsync(path, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DeleteFileAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        CallAsync(() => store.DeleteFileAsync(path, uploader, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken) =>
        CallAsync(() => store.DeleteDirectoryAsync(path, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken) =>
        CallAsync(() => store.RenameAsync(source, target, replace, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask SetMetadataAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken) =>
        CallAsync(() => store.SetMetadataAsync(path, metadata, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask CreateLinkAsync(StorePath path, StorePath target, CancellationToken cancellationToken) =>
        CallAsync(() => store.CreateLinkAsync(path, target, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken) =>
        CallAsync(() => store.GetFreeSpaceAsync(directory, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetCachedHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken) =>
        CallAsync(() => store.GetCachedHashAsync(path, file, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask CacheHashAsync(StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken) =>
        CallAsync(() => store.CacheHashAsync(path, hashed, sha256, cancellationToken), cancellationToken);

    /// <summary>Returns whether an exception is neither a <see cref="StoreException"/> nor a cancellation by the caller.</summary>
    private static bool IsUnexpected(Exception e, CancellationToken cancellationToken) =>
        e is not StoreException && !(e is OperationCanceledException && cancellationToken.IsCancellationRequested);

    /// <summary>Returns the value of a property of a reader or writer, which can fail like any call.</summary>
    private static TValue Get<TFile, TValue>(TFile file, Func<TFile, TValue> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception e) when (IsUnexpected(e, CancellationToken.None))
        {
            throw CreateException(e);
        }
    }

    private static StoreException CreateException(Exception cause) =>
        new(StoreError.Unavailable, $"{cause.GetType().Name}: {cause.Message}", cause);

    private static async ValueTask CallAsync(Func<ValueTask> call, CancellationToken cancellationToken)
    {
        try
        {
            await call();
        }
        catch (Exception e) when (IsUnexpected(e, cancellationToken))
        {
            throw CreateException(e);
        }
    }

    private static async ValueTask<T> CallAsync<T>(Func<ValueTask<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (IsUnexpected(e, cancellationToken))
        {
            throw CreateException(e);
        }
    }

    /// <summary>Returns whether a name is a single valid path component. ASCII names, the most frequent, have a faster check.</summary>
    private static bool IsEntryName(string? name) =>
        name is not (null or "" or "." or "..") && (IsPlainAscii(name) || (StorePath.Root.Resolve(name) is { } path && path.Name == name));

    private static bool IsPlainAscii(string name) =>
        name.Length <= StorePath.MaxNameBytes && !name.AsSpan().ContainsAnyExceptInRange(' ', '~') &&
        !name.Contains('/', StringComparison.Ordinal);

    /// <summary>Wraps the entries of a directory of the store.</summary>
    private sealed class GuardedEntries(IAsyncEnumerable<FileEntry> entries, StorePath directory, ILogger logger)
        : IAsyncEnumerable<FileEntry>
    {
        public IAsyncEnumerator<FileEntry> GetAsyncEnumerator(CancellationToken cancellationToken)
        {
            try
            {
                return new GuardedEnumerator(entries.GetAsyncEnumerator(cancellationToken), LogUnlisted, logger, cancellationToken);
            }
            catch (Exception e) when (IsUnexpected(e, cancellationToken))
            {
                throw CreateException(e);
            }
        }

        /// <summary>If the store itself has left out entries with invalid names, logs the number of these entries.</summary>
        private void LogUnlisted()
        {
            if (entries is IUnlistedNameReport { Unlisted: { Count: > 0 and var count, Example: var example } })
            {
                Log.NamesNotListed(logger, count, directory.Value.ToPrintable(), (example ?? "").ToPrintable());
            }
        }
    }

    /// <summary>
    /// Owns the store's enumerator. After cancellation, the listing ends before the next entry, even if the store ignores the token.
    /// </summary>
    private sealed class GuardedEnumerator(
        IAsyncEnumerator<FileEntry> source, Action logUnlisted, ILogger logger, CancellationToken cancellationToken)
        : IAsyncEnumerator<FileEntry>
    {
        /// <summary>
        /// The number of entries after which the enumerator yields the thread. Without the yield, the session could not read ABOR during a
        /// listing of a memory store, which never waits.
        /// </summary>
        private const int MaxSynchronousMoves = 1024;

        private bool _hasLogged;
        private int _moves;

        public FileEntry Current => source.Current;

        public async ValueTask<bool> MoveNextAsync()
        {
            try
            {
                while (true)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (++_moves % MaxSynchronousMoves == 0)
                    {
                        await Task.Yield();
                    }

                    if (!await source.MoveNextAsync())
                    {
                        return false;
                    }

                    if (IsEntryName(source.Current.Name))
                    {
                        return true;
                    }

                    LogOnce(source.Current.Name);
                }
            }
            catch (Exception e) when (IsUnexpected(e, cancellationToken))
            {
                throw CreateException(e);
            }
        }

        public ValueTask DisposeAsync()
        {
            logUnlisted();
            return CallAsync(source.DisposeAsync, CancellationToken.None);
        }

        /// <summary>Logs at most one name per listing, because a directory may contain a million such names.</summary>
        private void LogOnce(string? name)
        {
            if (!_hasLogged)
            {
                _hasLogged = true;
                Log.NameSkipped(logger, (name ?? "").ToPrintable());
            }
        }
    }

    /// <summary>Owns the store's reader.</summary>
    private sealed class GuardedReader(IFileReader reader) : IFileReader
    {
        public long Length => Get(reader, static reader => reader.Length);

        public SafeFileHandle? Handle => Get(reader, static reader => reader.Handle);

        public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            try
            {
                return await reader.ReadAsync(offset, buffer, cancellationToken);
            }
            catch (Exception e) when (IsUnexpected(e, cancellationToken))
            {
                throw CreateException(e);
            }
        }

        public ValueTask DisposeAsync() => CallAsync(reader.DisposeAsync, CancellationToken.None);
    }

    /// <summary>Owns the store's writer.</summary>
    private sealed class GuardedWriter(IFileWriter writer) : IFileWriter
    {
        public long StartOffset => Get(writer, static writer => writer.StartOffset);

        public bool IsResumed => Get(writer, static writer => writer.IsResumed);

        public SafeFileHandle? Handle => Get(writer, static writer => writer.Handle);

        public long HandleOffset => Get(writer, static writer => writer.HandleOffset);

        public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            try
            {
                await writer.WriteAsync(offset, bytes, cancellationToken);
            }
            catch (Exception e) when (IsUnexpected(e, cancellationToken))
            {
                throw CreateException(e);
            }
        }

        public void PrepareHandleWrite(long endOffset) => writer.PrepareHandleWrite(endOffset);

        public ValueTask<PendingCommit?> GetPendingCommitAsync(CancellationToken cancellationToken) =>
            CallAsync(() => writer.GetPendingCommitAsync(cancellationToken), cancellationToken);

        public ValueTask CommitAsync(CancellationToken cancellationToken) =>
            CallAsync(() => writer.CommitAsync(cancellationToken), cancellationToken);

        public ValueTask<long?> KeepPartialUploadAsync(CancellationToken cancellationToken) =>
            CallAsync(() => writer.KeepPartialUploadAsync(cancellationToken), cancellationToken);

        public ValueTask DisposeAsync() => CallAsync(writer.DisposeAsync, CancellationToken.None);
    }
}
