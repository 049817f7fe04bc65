using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Fts.Storage.Memory;

/// <summary>A store in memory, for tests and for programs that embed a server without a disk. Names are case-sensitive.</summary>
public sealed class MemoryFileStore : IFileStore
{
    private readonly Lock _lock = new();
    private readonly MemoryTree _tree = new();
    private readonly long _capacity;
    private ulong _lastId = 1;
    private long _usedBytes;

    // The partial uploads of each uploader, oldest first. Some may have been resumed or discarded after they were kept.
    private readonly Dictionary<string, List<MemoryUpload>> _partialUploads = new(StringComparer.Ordinal);
    private readonly PartialUploadLimits _limits;

    /// <summary>Creates an empty store.</summary>
    /// <param name="capacity">
    /// The maximum total size of files and uploads in bytes (<see cref="StoreError.NoSpace"/>), or null for no limit.
    /// </param>
    /// <param name="partialUploads">The limits on the partial uploads of one uploader, or null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is negative, or a limit is invalid.</exception>
    public MemoryFileStore(long? capacity = null, PartialUploadLimits? partialUploads = null)
    {
        _limits = (partialUploads ?? new PartialUploadLimits()).Validate();
        ArgumentOutOfRangeException.ThrowIfNegative(capacity ?? 0, nameof(capacity));
        _capacity = capacity ?? long.MaxValue;
    }

    /// <summary>Returns false: no call waits for a device.</summary>
    public bool CanBlockCaller => false;

    /// <inheritdoc/>
    public async ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return _tree.Find(path, out _)?.ToEntry(path.Name);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            MemoryNode node = _tree.GetExisting(directory);
            return EnumerateEntriesAsync(node.Children ?? throw CreateNotADirectoryException(directory), cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return new MemoryFileReader(_tree.GetExisting(path).Content ?? throw CreateNotAFileException(path));
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfNotCreatable(path, StoreError.NotAFile);
        lock (_lock)
        {
            MemoryContent? committed = _tree.FindReplaceableFile(path, start.IsCreateOnly)?.Content;
            MemoryDirectoryUploads? uploads = null;
            if (start.Uploader is not null)
            {
                uploads = _tree.GetParent(path).Uploads ??= new MemoryDirectoryUploads();
            }

            if (start.ShouldKeepContent && uploads?.Find(path.Name, start.Uploader!, committed) is { } partialUpload)
            {
                return Resume(path, partialUpload, start);
            }

            PathRules.ThrowIfPastEnd(start.Offset, committed?.Length ?? 0, path);
            MemoryContent? continued = start.ShouldKeepContent ? committed : null;
            bool isAppend = start.IsAtEndOf(committed?.Length);
            MemoryContent content = isAppend || continued is null ? new MemoryContent() : continued.Clone();
            var upload = new MemoryUpload(content, path.Name, start.Uploader, continued, isAppend);
            upload.Content.Truncate(start.Offset ?? long.MaxValue);
            if (uploads is not null && uploads.TryAdd(upload, out long freed))
            {
                AdjustUsedBytes(-freed);
            }

            AdjustUsedBytes(upload.Content.Length);
            MemoryContent? appendedAtCommit = start.Offset is null || isAppend ? null : continued;
            return new MemoryFileWriter(this, path, upload, start, upload.Length, appendedAtCommit, isResumed: false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return FindPartialUpload(path, uploader) is { } upload ? new PartialUpload(upload.Length, upload.InterruptedAt) : null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DiscardPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (FindPartialUpload(path, uploader) is not { } partialUpload)
            {
                return false;
            }

            partialUpload.ContainingDirectory!.Remove(partialUpload);
            AdjustUsedBytes(-partialUpload.Content.Length);
            return true;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<int> SweepPartialUploadsAsync(DateTime before, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            int deleted = SweepDirectory(_tree.Root, before);
            foreach ((string uploader, List<MemoryUpload> uploads) in _partialUploads)
            {
                if (uploads.TrueForAll(IsNoLongerPartial))
                {
                    _partialUploads.Remove(uploader);
                }
            }

            return deleted;
        }
    }

    /// <inheritdoc/>
    public async ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfNotCreatable(path, StoreError.Exists);
        lock (_lock)
        {
            if (!_tree.GetParent(path).Children!.TryAdd(path.Name, MemoryNode.CreateDirectory(++_lastId)))
            {
                throw new StoreException(StoreError.Exists, $"{path} already exists.");
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfRoot(path, StoreError.NotAFile);
        lock (_lock)
        {
            MemoryContent content = _tree.GetExisting(path).Content ?? throw CreateNotAFileException(path);
            _tree.Remove(path);
            AdjustUsedBytes(-content.Length);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DeleteFileAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentNullException.ThrowIfNull(uploader);
        PathRules.ThrowIfRoot(path, StoreError.NotAFile);
        lock (_lock)
        {
            MemoryUpload? partialUpload = FindPartialUpload(path, uploader);
            if (_tree.Find(path, out StoreError error) is { } file)
            {
                MemoryContent content = file.Content ?? throw CreateNotAFileException(path);
                _tree.Remove(path);
                AdjustUsedBytes(-content.Length);
            }
            else if (partialUpload is null)
            {
                throw new StoreException(error, $"{path} does not exist.");
            }

            if (partialUpload is not null)
            {
                partialUpload.ContainingDirectory!.Remove(partialUpload);
                AdjustUsedBytes(-partialUpload.Content.Length);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfRoot(path, StoreError.Denied);
        lock (_lock)
        {
            MemoryNode directory = _tree.GetExisting(path);
            if (directory.Children is null)
            {
                throw CreateNotADirectoryException(path);
            }

            if (!directory.Children.IsEmpty || directory.Uploads is { HasUploadsInProgress: true })
            {
                throw new StoreException(StoreError.NotEmpty, $"{path} is not empty, or an upload to the directory is in progress.");
            }

            SweepDirectory(directory, DateTime.MaxValue);
            _tree.Remove(path);
        }
    }

    /// <inheritdoc/>
    public async ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfRoot(source, StoreError.Denied);
        PathRules.ThrowIfNotCreatable(target, StoreError.Denied);
        lock (_lock)
        {
            MemoryNode moved = _tree.GetExisting(source);
            MemoryNode directory = _tree.GetParent(target);
            MemoryNode? existing = directory.Children!.GetValueOrDefault(target.Name);
            if (existing is not null && !replace)
            {
                throw new StoreException(StoreError.Exists, $"{target} already exists.");
            }

            if (target != source && target.IsWithin(source))
            {
                throw new StoreException(StoreError.NotSupported, $"{source} cannot be moved into itself.");
            }

            if (existing == moved)
            {
                return;
            }

            ThrowIfNotReplaceable(existing, moved, target);

            if (existing?.Children is not null)
            {
                SweepDirectory(existing, DateTime.MaxValue);
            }

            AdjustUsedBytes(-(existing?.Content?.Length ?? 0));
            directory.Children![target.Name] = moved;
            _tree.Remove(source);
        }
    }

    /// <inheritdoc/>
    public async ValueTask SetMetadataAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfNotSettable(path, metadata);
        lock (_lock)
        {
            MemoryNode node = _tree.GetExisting(path);
            (node.LastModified, node.UnixMode) = (metadata.LastModified ?? node.LastModified, metadata.UnixMode ?? node.UnixMode);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            _ = _tree.GetExisting(directory).Children ?? throw CreateNotADirectoryException(directory);
            return _capacity == long.MaxValue ? null : _capacity - _usedBytes;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]?> GetCachedHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return _tree.Find(path, out _) is { Sha256: { } hash } node && node.IsUnchanged(file) ? [.. hash] : null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask CacheHashAsync(
        StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.ThrowIfNotSha256(sha256.Length);
        lock (_lock)
        {
            if (_tree.Find(path, out _) is { Content: not null } node && node.IsUnchanged(hashed))
            {
                node.Sha256 = sha256.ToArray();
            }
        }
    }

    /// <summary>
    /// Enumerates a directory that may change during the enumeration. A concurrent dictionary supports this without a copy and without the
    /// lock.
    /// </summary>
    private static async IAsyncEnumerable<FileEntry> EnumerateEntriesAsync(
        ConcurrentDictionary<string, MemoryNode> children,
        CancellationToken callToken,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach ((string name, MemoryNode node) in children)
        {
            callToken.ThrowIfCancellationRequested();
            cancellationToken.ThrowIfCancellationRequested();
            yield return node.ToEntry(name);
        }
    }

    /// <summary>
    /// Adds a number of bytes to the used bytes. The number is positive before a writer adds bytes, and negative after bytes were freed.
    /// </summary>
    /// <exception cref="StoreException">The capacity would be exceeded.</exception>
    internal void AdjustUsedBytes(long bytes)
    {
        lock (_lock)
        {
            if (bytes > _capacity - _usedBytes)
            {
                throw new StoreException(
                    StoreError.NoSpace,
                    $"{bytes} bytes cannot be stored, because only {_capacity - _usedBytes} of {_capacity} bytes are free.");
            }

            _usedBytes += bytes;
        }
    }

    /// <summary>Returns what <see cref="Publish"/> would change at this moment.</summary>
    /// <param name="path">The path of the upload.</param>
    /// <param name="upload">The upload.</param>
    /// <param name="start">How the upload was opened.</param>
    /// <param name="isResumed">Whether the upload resumed a partial upload.</param>
    /// <param name="staged">The number of received bytes that the commit publishes.</param>
    /// <param name="remainderEnd">The size in bytes of the committed content, if the commit appends the rest of it; otherwise 0.</param>
    internal PendingCommit GetPendingCommit(
        StorePath path, MemoryUpload upload, WriteStart start, bool isResumed, long staged, long remainderEnd)
    {
        lock (_lock)
        {
            MemoryNode directory = _tree.GetParent(path);
            FileEntry? existing = directory.Children!.GetValueOrDefault(path.Name)?.ToEntry(path.Name);
            bool appends = existing is { Kind: EntryKind.File } && (upload.ContainsOnlyNewBytes || (start.IsAppend && !isResumed));
            return new PendingCommit(
                directory.Id, path.Name, appends ? existing!.Value.Id : 0,
                appends ? existing!.Value.Length + staged : Math.Max(staged, remainderEnd), existing);
        }
    }

    /// <summary>Publishes the content of an upload under its path, or appends it to the file there.</summary>
    /// <param name="path">The path of the upload.</param>
    /// <param name="upload">The upload.</param>
    /// <param name="start">How the upload was opened.</param>
    /// <param name="isResumed">Whether the upload resumed a partial upload.</param>
    internal void Publish(StorePath path, MemoryUpload upload, WriteStart start, bool isResumed)
    {
        lock (_lock)
        {
            MemoryNode? existing = _tree.FindReplaceableFile(path, start.IsCreateOnly);
            // An offset that the client chose is valid only for the file for which it was chosen.
            if (upload.ContainsOnlyNewBytes && start.Offset is not null && existing?.Content != upload.Continued)
            {
                throw new StoreException(
                    StoreError.Busy, $"{path} was changed, replaced or deleted during the upload that was to append to it.");
            }

            // If the file was missing when an append began, but another upload has created it since, the bytes are appended to it.
            bool appendsToExisting = existing is not null && (upload.ContainsOnlyNewBytes || (start.IsAppend && !isResumed));
            if (existing is null && start.MustExist)
            {
                throw new StoreException(StoreError.NotFound, $"{path} was deleted during the upload.");
            }

            if (existing is not null && start.MustKeepExistingBytes && !appendsToExisting)
            {
                throw new StoreException(StoreError.Exists, $"{path} already exists.");
            }

            upload.ContainingDirectory?.Remove(upload);
            if (appendsToExisting && upload.Content.Length == 0)
            {
                return;
            }

            MemoryContent content = upload.Content;
            if (appendsToExisting)
            {
                content = existing!.Content!.Clone();
                content.Append(upload.Content);
            }

            MemoryNode file = MemoryNode.CreateFile(appendsToExisting ? existing!.Id : ++_lastId, content);
            file.UnixMode = existing?.UnixMode;
            _tree.GetParent(path).Children![path.Name] = file;
            AdjustUsedBytes(appendsToExisting ? 0 : -(existing?.Content?.Length ?? 0));
        }
    }

    /// <summary>
    /// Keeps an upload as a partial upload. Returns false if its directory no longer exists, or another upload of the same path and
    /// uploader is in progress.
    /// </summary>
    internal bool TryKeepAsPartialUpload(StorePath path, MemoryUpload upload)
    {
        lock (_lock)
        {
            if (upload.ContainingDirectory is null)
            {
                if (_tree.Find(path.Parent, out _) is not { Children: not null } directory)
                {
                    return false;
                }

                directory.Uploads ??= new MemoryDirectoryUploads();
                if (!directory.Uploads.TryAdd(upload, out long freed))
                {
                    return false;
                }

                AdjustUsedBytes(-freed);
            }

            (upload.IsInProgress, upload.InterruptedAt) = (false, DateTime.UtcNow);
            AddAndApplyLimits(upload);
            return true;
        }
    }

    /// <summary>
    /// Adds a partial upload to the list of its uploader, and discards the uploader's oldest partial uploads if a limit is exceeded.
    /// </summary>
    private void AddAndApplyLimits(MemoryUpload partialUpload)
    {
        if (!_partialUploads.TryGetValue(partialUpload.Uploader!, out List<MemoryUpload>? uploads))
        {
            _partialUploads[partialUpload.Uploader!] = uploads = [];
        }

        uploads.Remove(partialUpload);
        uploads.Add(partialUpload);
        if (!_limits.AreExceededBy(uploads.Count, uploads.Sum(upload => upload.Content.Length)))
        {
            return;
        }

        uploads.RemoveAll(IsNoLongerPartial);
        while (_limits.AreExceededBy(uploads.Count, uploads.Sum(upload => upload.Content.Length)))
        {
            MemoryUpload oldest = uploads[0];
            uploads.RemoveAt(0);
            oldest.ContainingDirectory!.Remove(oldest);
            AdjustUsedBytes(-oldest.Content.Length);
        }
    }

    /// <summary>Returns whether a partial upload was discarded, committed or resumed after it was kept.</summary>
    private static bool IsNoLongerPartial(MemoryUpload upload) => upload.ContainingDirectory is null || upload.IsInProgress;

    /// <summary>Discards an upload and frees its bytes.</summary>
    internal void Discard(MemoryUpload upload)
    {
        lock (_lock)
        {
            upload.ContainingDirectory?.Remove(upload);
            AdjustUsedBytes(-upload.Content.Length);
        }
    }

    /// <summary>Opens a partial upload for resumption. Called under the lock.</summary>
    private MemoryFileWriter Resume(StorePath path, MemoryUpload partialUpload, WriteStart start)
    {
        if (partialUpload.IsInProgress)
        {
            throw new StoreException(StoreError.Busy, $"Another session is uploading {path}.");
        }

        PathRules.ThrowIfPastEnd(start.Offset, partialUpload.Length, path);
        if (start.Offset < partialUpload.BaseOffset)
        {
            partialUpload = ConvertAppendToFullFile(partialUpload);
        }

        partialUpload.IsInProgress = true;
        long startOffset = start.Offset ?? partialUpload.Length;
        return new MemoryFileWriter(this, path, partialUpload, start, startOffset, committed: null, isResumed: true);
    }

    /// <summary>
    /// Replaces an append by a copy of the committed content with the received bytes at its end, so that a client can overwrite bytes of
    /// the committed content.
    /// </summary>
    private MemoryUpload ConvertAppendToFullFile(MemoryUpload append)
    {
        AdjustUsedBytes(append.BaseOffset);
        MemoryContent content = append.Continued!.Clone();
        content.Append(append.Content);
        var copy = new MemoryUpload(content, append.Name, append.Uploader, append.Continued, isAppend: false);
        append.ContainingDirectory!.TryAdd(copy, out _); // frees no bytes, because the copy contains the bytes of the replaced upload
        return copy;
    }

    /// <summary>
    /// Throws if a rename cannot replace an existing entry. A directory can replace only an empty directory, and a file only a file.
    /// </summary>
    private static void ThrowIfNotReplaceable(MemoryNode? existing, MemoryNode moved, StorePath target)
    {
        if (existing is { Children: null } && moved.Children is not null)
        {
            throw CreateNotADirectoryException(target);
        }

        if (existing is { Children: not null } && moved.Children is null)
        {
            throw CreateNotAFileException(target);
        }

        if (existing is { Children.IsEmpty: false } or { Uploads.HasUploadsInProgress: true })
        {
            throw new StoreException(StoreError.NotEmpty, $"{target} is not empty, or an upload to the directory is in progress.");
        }
    }

    private static StoreException CreateNotAFileException(StorePath path) => new(StoreError.NotAFile, $"{path} is not a file.");

    private static StoreException CreateNotADirectoryException(StorePath path) =>
        new(StoreError.NotADirectory, $"{path} is not a directory.");

    /// <summary>Returns an uploader's partial upload to a path, or null if none exists or it is being written.</summary>
    private MemoryUpload? FindPartialUpload(StorePath path, string uploader)
    {
        MemoryContent? committed = _tree.Find(path, out _)?.Content;
        MemoryUpload? upload = _tree.Find(path.Parent, out _)?.Uploads?.Find(path.Name, uploader, committed);
        return upload is { IsInProgress: false } ? upload : null;
    }

    /// <summary>
    /// Discards the partial uploads in a directory and below it that were interrupted before a time (UTC). Returns their number.
    /// </summary>
    private int SweepDirectory(MemoryNode directory, DateTime before)
    {
        (int count, long bytes) = directory.Uploads?.Sweep(before) ?? default;
        AdjustUsedBytes(-bytes);
        return count + directory.Children!.Values.Where(child => child.Children is not null).Sum(child => SweepDirectory(child, before));
    }
}
