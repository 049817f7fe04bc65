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
    private long _taken;

    // The partial uploads that were kept, by uploader. Some may have been resumed or discarded since.
    private readonly Dictionary<string, List<MemoryUpload>> _kept = new(StringComparer.Ordinal);
    private readonly PartialUploadLimits _limits;

    /// <summary>Makes an empty store.</summary>
    /// <param name="capacity">The most bytes its files, pending ones included, may have; more is <see cref="StoreError.NoSpace"/>. Null for no limit.</param>
    /// <param name="partialUploads">The limits on partial uploads of one uploader. Null for 100 and 32 GiB.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is negative.</exception>
    public MemoryFileStore(long? capacity = null, PartialUploadLimits? partialUploads = null)
    {
        _limits = (partialUploads ?? new PartialUploadLimits()).Validated();
        ArgumentOutOfRangeException.ThrowIfNegative(capacity ?? 0, nameof(capacity));
        _capacity = capacity ?? long.MaxValue;
    }

    /// <inheritdoc/>
    public async ValueTask<FileEntry?> FindAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return _tree.Lookup(path, out _)?.ToEntry(path.Name);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath folder, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            MemoryNode node = _tree.Existing(folder);
            return Entries(node.Children ?? throw new StoreException(StoreError.NotAFolder, folder.Value), cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return new MemoryFileReader(_tree.Existing(path).Content ?? throw new StoreException(StoreError.NotAFile, path.Value));
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandCreatable(path, StoreError.NotAFile);
        lock (_lock)
        {
            MemoryContent? committed = _tree.Replaceable(path, start.CreateOnly)?.Content;
            MemoryUploads? uploads = start.Uploader is null ? null : _tree.ParentOf(path).Uploads ??= new MemoryUploads();
            if (start.KeepsContent && uploads?.Find(path.Name, start.Uploader!, committed) is { } kept)
            {
                return Continue(path, kept, start);
            }

            PathRules.DemandWithin(start.Offset, committed?.Length ?? 0, path);
            MemoryContent? copied = start.KeepsContent ? committed : null;
            var upload = new MemoryUpload(copied?.Copy() ?? new MemoryContent(), path.Name, start.Uploader, copied);
            upload.Content.Trim(start.Offset ?? long.MaxValue);
            if (uploads is not null && uploads.TryEnter(upload, out long freed))
            {
                Take(-freed);
            }

            Take(upload.Content.Length);
            return new MemoryFileWriter(this, path, upload, start, upload.Content.Length, start.Offset is null ? null : copied, isContinuation: false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<PendingUpload?> FindPendingAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return Kept(path, uploader) is { } kept ? new PendingUpload(kept.Content.Length, kept.Modified) : null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> GiveUpPendingAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (Kept(path, uploader) is not { } kept)
            {
                return false;
            }

            kept.Place!.Leave(kept);
            Take(-kept.Content.Length);
            return true;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<int> SweepPendingAsync(DateTime before, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            int removed = Sweep(_tree.Root, before);
            foreach ((string uploader, List<MemoryUpload> own) in _kept)
            {
                if (own.TrueForAll(IsNoLongerKept))
                {
                    _kept.Remove(uploader);
                }
            }

            return removed;
        }
    }

    /// <inheritdoc/>
    public async ValueTask CreateFolderAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandCreatable(path, StoreError.Exists);
        lock (_lock)
        {
            if (!_tree.ParentOf(path).Children!.TryAdd(path.Name, MemoryNode.Folder(++_lastId)))
            {
                throw new StoreException(StoreError.Exists, path.Value);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandNotRoot(path, StoreError.NotAFile);
        lock (_lock)
        {
            MemoryContent content = _tree.Existing(path).Content ?? throw new StoreException(StoreError.NotAFile, path.Value);
            _tree.Remove(path);
            Take(-content.Length);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DeleteFileAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentNullException.ThrowIfNull(uploader);
        PathRules.DemandNotRoot(path, StoreError.NotAFile);
        lock (_lock)
        {
            MemoryUpload? kept = Kept(path, uploader);
            if (_tree.Lookup(path, out StoreError error) is { } file)
            {
                MemoryContent content = file.Content ?? throw new StoreException(StoreError.NotAFile, path.Value);
                _tree.Remove(path);
                Take(-content.Length);
            }
            else if (kept is null)
            {
                throw new StoreException(error, path.Value);
            }

            if (kept is not null)
            {
                kept.Place!.Leave(kept);
                Take(-kept.Content.Length);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DeleteFolderAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandNotRoot(path, StoreError.Denied);
        lock (_lock)
        {
            MemoryNode folder = _tree.Existing(path);
            if (folder.Children is null || !folder.Children.IsEmpty || folder.Uploads is { HasWriters: true })
            {
                throw new StoreException(folder.Children is null ? StoreError.NotAFolder : StoreError.NotEmpty, path.Value);
            }

            Sweep(folder, DateTime.MaxValue);
            _tree.Remove(path);
        }
    }

    /// <inheritdoc/>
    public async ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandNotRoot(source, StoreError.Denied);
        PathRules.DemandCreatable(target, StoreError.Denied);
        lock (_lock)
        {
            MemoryNode moved = _tree.Existing(source);
            MemoryNode folder = _tree.ParentOf(target);
            MemoryNode? there = folder.Children!.GetValueOrDefault(target.Name);
            StoreError? refused = there is not null && !replace ? StoreError.Exists
                : target != source && target.IsWithin(source) ? StoreError.NotSupported
                : there is null || there == moved ? null
                : there.Children is null && moved.Children is not null ? StoreError.NotAFolder
                : there.Children is not null && moved.Children is null ? StoreError.NotAFile
                : there.Children is { IsEmpty: false } || there.Uploads is { HasWriters: true } ? StoreError.NotEmpty
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
                Sweep(there, DateTime.MaxValue);
            }

            Take(-(there?.Content?.Length ?? 0));
            folder.Children![target.Name] = moved;
            _tree.Remove(source);
        }
    }

    /// <inheritdoc/>
    public async ValueTask SetFactsAsync(StorePath path, FileFacts facts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandSettable(path, facts);
        lock (_lock)
        {
            MemoryNode node = _tree.Existing(path);
            (node.Modified, node.UnixMode) = (facts.Modified ?? node.Modified, facts.UnixMode ?? node.UnixMode);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<long?> FindFreeSpaceAsync(StorePath folder, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            _ = _tree.Existing(folder).Children ?? throw new StoreException(StoreError.NotAFolder, folder.Value);
            return _capacity == long.MaxValue ? null : _capacity - _taken;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]?> FindHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return _tree.Lookup(path, out _) is { Sha256: { } hash } node && node.Is(file) ? [.. hash] : null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask RememberHashAsync(StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandHash(sha256.Length);
        lock (_lock)
        {
            if (_tree.Lookup(path, out _) is { Content: not null } node && node.Is(hashed))
            {
                node.Sha256 = sha256.ToArray();
            }
        }
    }

    /// <summary>The dictionary is listed as it changes: no copy, no lock.</summary>
    private static async IAsyncEnumerable<FileEntry> Entries(
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
    internal void Take(long bytes)
    {
        lock (_lock)
        {
            if (bytes > _capacity - _taken)
            {
                throw new StoreException(StoreError.NoSpace, $"The store has {_capacity - _taken} bytes left.");
            }

            _taken += bytes;
        }
    }

    /// <summary>Puts a pending file's content under its name.</summary>
    internal void Publish(StorePath path, MemoryUpload upload, bool createOnly)
    {
        lock (_lock)
        {
            MemoryNode? replaced = _tree.Replaceable(path, createOnly);
            MemoryNode file = MemoryNode.File(++_lastId, upload.Content);
            file.UnixMode = replaced?.UnixMode;
            _tree.ParentOf(path).Children![path.Name] = file;
            upload.Place?.Leave(upload);
            Take(-(replaced?.Content?.Length ?? 0));
        }
    }

    /// <summary>Leaves an upload to be continued; false where its folder is gone, or another is being written in its place.</summary>
    internal bool TryKeep(StorePath path, MemoryUpload upload)
    {
        lock (_lock)
        {
            if (upload.Place is null)
            {
                if (_tree.Lookup(path.Parent, out _) is not { Children: not null } folder || !(folder.Uploads ??= new MemoryUploads()).TryEnter(upload, out long freed))
                {
                    return false;
                }

                Take(-freed);
            }

            (upload.IsWritten, upload.Modified) = (false, DateTime.UtcNow);
            DiscardOldest(upload);
            return true;
        }
    }

    /// <summary>Discards the uploader's oldest partial uploads if a new one exceeds a limit.</summary>
    private void DiscardOldest(MemoryUpload kept)
    {
        if (!_kept.TryGetValue(kept.Uploader!, out List<MemoryUpload>? own))
        {
            _kept[kept.Uploader!] = own = [];
        }

        own.Remove(kept);
        own.Add(kept);
        if (!_limits.AreExceededBy(own.Count, own.Sum(upload => upload.Content.Length)))
        {
            return;
        }

        own.RemoveAll(IsNoLongerKept);
        while (_limits.AreExceededBy(own.Count, own.Sum(upload => upload.Content.Length)))
        {
            MemoryUpload oldest = own[0];
            own.RemoveAt(0);
            oldest.Place!.Leave(oldest);
            Take(-oldest.Content.Length);
        }
    }

    private static bool IsNoLongerKept(MemoryUpload upload) => upload.Place is null || upload.IsWritten;

    /// <summary>Gives a pending file up.</summary>
    internal void Discard(MemoryUpload upload)
    {
        lock (_lock)
        {
            upload.Place?.Leave(upload);
            Take(-upload.Content.Length);
        }
    }

    private MemoryFileWriter Continue(StorePath path, MemoryUpload kept, WriteStart start)
    {
        if (kept.IsWritten)
        {
            throw new StoreException(StoreError.Busy, $"{path} is being uploaded by another.");
        }

        PathRules.DemandWithin(start.Offset, kept.Content.Length, path);
        kept.IsWritten = true;
        return new MemoryFileWriter(this, path, kept, start, start.Offset ?? kept.Content.Length, rest: null, isContinuation: true);
    }

    private MemoryUpload? Kept(StorePath path, string uploader) =>
        _tree.Lookup(path.Parent, out _)?.Uploads?.Find(path.Name, uploader, _tree.Lookup(path, out _)?.Content) is { IsWritten: false } kept ? kept : null;

    private int Sweep(MemoryNode folder, DateTime before)
    {
        (int count, long bytes) = folder.Uploads?.Sweep(before) ?? default;
        Take(-bytes);
        return count + folder.Children!.Values.Where(child => child.Children is not null).Sum(child => Sweep(child, before));
    }
}
