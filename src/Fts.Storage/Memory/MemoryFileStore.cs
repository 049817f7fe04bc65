using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Fts.Storage.Memory;

/// <summary>Files in memory, under the same contract as files on disk: for tests, and for programs that embed a server and want no disk. Names are case-sensitive.</summary>
public sealed class MemoryFileStore : IFileStore
{
    private readonly Lock _lock = new();
    private readonly MemoryTree _tree = new();
    private readonly long _capacity;
    private ulong _lastId = 1;
    private long _usedBytes;

    // The partial uploads that were kept, by uploader. Some may have been resumed or discarded since.
    private readonly Dictionary<string, List<MemoryUpload>> _partialUploads = new(StringComparer.Ordinal);
    private readonly PartialUploadLimits _limits;

    /// <summary>Makes an empty store.</summary>
    /// <param name="capacity">The most bytes its files, pending ones included, may have; more is <see cref="StoreError.NoSpace"/>. Null for no limit.</param>
    /// <param name="partialUploads">The limits on partial uploads of one uploader. Null for 100 and 32 GiB.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is negative.</exception>
    public MemoryFileStore(long? capacity = null, PartialUploadLimits? partialUploads = null)
    {
        _limits = (partialUploads ?? new PartialUploadLimits()).Validate();
        ArgumentOutOfRangeException.ThrowIfNegative(capacity ?? 0, nameof(capacity));
        _capacity = capacity ?? long.MaxValue;
    }

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
            return EnumerateEntriesAsync(node.Children ?? throw new StoreException(StoreError.NotADirectory, directory.Value), cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return new MemoryFileReader(_tree.GetExisting(path).Content ?? throw new StoreException(StoreError.NotAFile, path.Value));
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
            MemoryDirectoryUploads? uploads = start.Uploader is null ? null : _tree.GetParent(path).Uploads ??= new MemoryDirectoryUploads();
            if (start.ShouldKeepContent && uploads?.Find(path.Name, start.Uploader!, committed) is { } kept)
            {
                return Resume(path, kept, start);
            }

            PathRules.ThrowIfPastEnd(start.Offset, committed?.Length ?? 0, path);
            MemoryContent? copied = start.ShouldKeepContent ? committed : null;
            var upload = new MemoryUpload(copied?.Clone() ?? new MemoryContent(), path.Name, start.Uploader, copied);
            upload.Content.Truncate(start.Offset ?? long.MaxValue);
            if (uploads is not null && uploads.TryAdd(upload, out long freed))
            {
                AdjustUsedBytes(-freed);
            }

            AdjustUsedBytes(upload.Content.Length);
            return new MemoryFileWriter(this, path, upload, start, upload.Content.Length, start.Offset is null ? null : copied, isContinuation: false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return FindPartialUpload(path, uploader) is { } kept ? new PartialUpload(kept.Content.Length, kept.LastModified) : null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DiscardPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (FindPartialUpload(path, uploader) is not { } kept)
            {
                return false;
            }

            kept.ContainingDirectory!.Remove(kept);
            AdjustUsedBytes(-kept.Content.Length);
            return true;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<int> SweepPartialUploadsAsync(DateTime before, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            int removed = SweepDirectory(_tree.Root, before);
            foreach ((string uploader, List<MemoryUpload> own) in _partialUploads)
            {
                if (own.TrueForAll(IsNoLongerPartial))
                {
                    _partialUploads.Remove(uploader);
                }
            }

            return removed;
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
                throw new StoreException(StoreError.Exists, path.Value);
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
            MemoryContent content = _tree.GetExisting(path).Content ?? throw new StoreException(StoreError.NotAFile, path.Value);
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
            MemoryUpload? kept = FindPartialUpload(path, uploader);
            if (_tree.Find(path, out StoreError error) is { } file)
            {
                MemoryContent content = file.Content ?? throw new StoreException(StoreError.NotAFile, path.Value);
                _tree.Remove(path);
                AdjustUsedBytes(-content.Length);
            }
            else if (kept is null)
            {
                throw new StoreException(error, path.Value);
            }

            if (kept is not null)
            {
                kept.ContainingDirectory!.Remove(kept);
                AdjustUsedBytes(-kept.Content.Length);
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
            if (directory.Children is null || !directory.Children.IsEmpty || directory.Uploads is { HasUploadsInProgress: true })
            {
                throw new StoreException(directory.Children is null ? StoreError.NotADirectory : StoreError.NotEmpty, path.Value);
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
            MemoryNode? there = directory.Children!.GetValueOrDefault(target.Name);
            StoreError? refused = there is not null && !replace ? StoreError.Exists
                : target != source && target.IsWithin(source) ? StoreError.NotSupported
                : there is null || there == moved ? null
                : there.Children is null && moved.Children is not null ? StoreError.NotADirectory
                : there.Children is not null && moved.Children is null ? StoreError.NotAFile
                : there.Children is { IsEmpty: false } || there.Uploads is { HasUploadsInProgress: true } ? StoreError.NotEmpty
                : null;
            if (refused is { } error)
            {
                throw new StoreException(error, $"{source} to {target}");
            }

            if (there == moved)
            {
                return;
            }

            if (there?.Children is not null)
            {
                SweepDirectory(there, DateTime.MaxValue);
            }

            AdjustUsedBytes(-(there?.Content?.Length ?? 0));
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
            _ = _tree.GetExisting(directory).Children ?? throw new StoreException(StoreError.NotADirectory, directory.Value);
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
    public async ValueTask CacheHashAsync(StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken)
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

    /// <summary>The dictionary is listed as it changes: no copy, no lock.</summary>
    private static async IAsyncEnumerable<FileEntry> EnumerateEntriesAsync(
        ConcurrentDictionary<string, MemoryNode> children, CancellationToken opened, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach ((string name, MemoryNode node) in children)
        {
            opened.ThrowIfCancellationRequested();
            cancellationToken.ThrowIfCancellationRequested();
            yield return node.ToEntry(name);
        }
    }

    /// <summary>Counts bytes a writer is about to have, or (negative) no longer has.</summary>
    internal void AdjustUsedBytes(long bytes)
    {
        lock (_lock)
        {
            if (bytes > _capacity - _usedBytes)
            {
                throw new StoreException(StoreError.NoSpace, $"The store has {_capacity - _usedBytes} bytes left.");
            }

            _usedBytes += bytes;
        }
    }

    /// <summary>Puts a pending file's content under its name.</summary>
    internal void Publish(StorePath path, MemoryUpload upload, bool createOnly)
    {
        lock (_lock)
        {
            MemoryNode? replaced = _tree.FindReplaceableFile(path, createOnly);
            MemoryNode file = MemoryNode.CreateFile(++_lastId, upload.Content);
            file.UnixMode = replaced?.UnixMode;
            _tree.GetParent(path).Children![path.Name] = file;
            upload.ContainingDirectory?.Remove(upload);
            AdjustUsedBytes(-(replaced?.Content?.Length ?? 0));
        }
    }

    /// <summary>Leaves an upload to be continued; false where its folder is gone, or another is being written in its place.</summary>
    internal bool TryKeep(StorePath path, MemoryUpload upload)
    {
        lock (_lock)
        {
            if (upload.ContainingDirectory is null)
            {
                if (_tree.Find(path.Parent, out _) is not { Children: not null } directory || !(directory.Uploads ??= new MemoryDirectoryUploads()).TryAdd(upload, out long freed))
                {
                    return false;
                }

                AdjustUsedBytes(-freed);
            }

            (upload.IsInProgress, upload.LastModified) = (false, DateTime.UtcNow);
            DiscardOldest(upload);
            return true;
        }
    }

    /// <summary>Discards the uploader's oldest partial uploads if a new one exceeds a limit.</summary>
    private void DiscardOldest(MemoryUpload kept)
    {
        if (!_partialUploads.TryGetValue(kept.Uploader!, out List<MemoryUpload>? own))
        {
            _partialUploads[kept.Uploader!] = own = [];
        }

        own.Remove(kept);
        own.Add(kept);
        if (!_limits.AreExceededBy(own.Count, own.Sum(upload => upload.Content.Length)))
        {
            return;
        }

        own.RemoveAll(IsNoLongerPartial);
        while (_limits.AreExceededBy(own.Count, own.Sum(upload => upload.Content.Length)))
        {
            MemoryUpload oldest = own[0];
            own.RemoveAt(0);
            oldest.ContainingDirectory!.Remove(oldest);
            AdjustUsedBytes(-oldest.Content.Length);
        }
    }

    private static bool IsNoLongerPartial(MemoryUpload upload) => upload.ContainingDirectory is null || upload.IsInProgress;

    /// <summary>Gives a pending file up.</summary>
    internal void Discard(MemoryUpload upload)
    {
        lock (_lock)
        {
            upload.ContainingDirectory?.Remove(upload);
            AdjustUsedBytes(-upload.Content.Length);
        }
    }

    private MemoryFileWriter Resume(StorePath path, MemoryUpload kept, WriteStart start)
    {
        if (kept.IsInProgress)
        {
            throw new StoreException(StoreError.Busy, $"{path} is being uploaded by another.");
        }

        PathRules.ThrowIfPastEnd(start.Offset, kept.Content.Length, path);
        kept.IsInProgress = true;
        return new MemoryFileWriter(this, path, kept, start, start.Offset ?? kept.Content.Length, rest: null, isContinuation: true);
    }

    private MemoryUpload? FindPartialUpload(StorePath path, string uploader) =>
        _tree.Find(path.Parent, out _)?.Uploads?.Find(path.Name, uploader, _tree.Find(path, out _)?.Content) is { IsInProgress: false } kept ? kept : null;

    private int SweepDirectory(MemoryNode directory, DateTime before)
    {
        (int count, long bytes) = directory.Uploads?.Sweep(before) ?? default;
        AdjustUsedBytes(-bytes);
        return count + directory.Children!.Values.Where(child => child.Children is not null).Sum(child => SweepDirectory(child, before));
    }
}
