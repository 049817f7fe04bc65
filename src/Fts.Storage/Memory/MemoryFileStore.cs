using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Fts.Storage.Memory;

/// <summary>Files in memory, under the same contract as files on disk: for tests, and for programs that embed a server and want no disk. Names are case-sensitive.</summary>
public sealed class MemoryFileStore : IFileStore
{
    private readonly Lock _lock = new();
    private readonly MemoryNode _root = MemoryNode.Folder(1);
    private readonly long _capacity;
    private ulong _lastId = 1;
    private long _taken;

    /// <summary>Makes an empty store.</summary>
    /// <param name="capacity">The most bytes its files, pending ones included, may have; more is <see cref="StoreError.NoSpace"/>. Null for no limit.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is negative.</exception>
    public MemoryFileStore(long? capacity = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity ?? 0, nameof(capacity));
        _capacity = capacity ?? long.MaxValue;
    }

    /// <inheritdoc/>
    public async ValueTask<FileEntry?> FindAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return Lookup(path, out _)?.ToEntry(path.Name);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath folder, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            MemoryNode node = Existing(folder);
            return Entries(node.Children ?? throw new StoreException(StoreError.NotAFolder, folder.Value), cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return new MemoryFileReader(Existing(path).Content ?? throw new StoreException(StoreError.NotAFile, path.Value));
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandCreatable(path, StoreError.NotAFile);
        lock (_lock)
        {
            MemoryContent? committed = Replaceable(path, start.CreateOnly)?.Content;
            if (start.Offset > 0 && start.Offset > (committed?.Length ?? 0))
            {
                throw new StoreException(StoreError.BadOffset, $"{path}: {start.Offset} lies past its end.");
            }

            MemoryContent content = start.KeepsContent && committed is not null ? committed.Copy() : new MemoryContent();
            Take(content.Length);
            return new MemoryFileWriter(this, path, content, start.Offset ?? content.Length, start.CreateOnly);
        }
    }

    /// <inheritdoc/>
    public async ValueTask CreateFolderAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandCreatable(path, StoreError.Exists);
        lock (_lock)
        {
            if (!ParentOf(path).Children!.TryAdd(path.Name, MemoryNode.Folder(++_lastId)))
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
            MemoryContent content = Existing(path).Content ?? throw new StoreException(StoreError.NotAFile, path.Value);
            Remove(path);
            Take(-content.Length);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DeleteFolderAsync(StorePath path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandNotRoot(path, StoreError.Denied);
        lock (_lock)
        {
            MemoryNode folder = Existing(path);
            if (folder.Children is null || !folder.Children.IsEmpty)
            {
                throw new StoreException(folder.Children is null ? StoreError.NotAFolder : StoreError.NotEmpty, path.Value);
            }

            Remove(path);
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
            MemoryNode moved = Existing(source);
            MemoryNode folder = ParentOf(target);
            MemoryNode? there = folder.Children!.GetValueOrDefault(target.Name);
            StoreError? refused = there is not null && !replace ? StoreError.Exists
                : target != source && target.IsWithin(source) ? StoreError.NotSupported
                : there is null || there == moved ? null
                : there.Children is null && moved.Children is not null ? StoreError.NotAFolder
                : there.Children is not null && moved.Children is null ? StoreError.NotAFile
                : there.Children is { IsEmpty: false } ? StoreError.NotEmpty
                : null;
            if (refused is { } error)
            {
                throw new StoreException(error, $"{source} to {target}");
            }

            if (there == moved)
            {
                return;
            }

            Take(-(there?.Content?.Length ?? 0));
            folder.Children![target.Name] = moved;
            Remove(source);
        }
    }

    /// <inheritdoc/>
    public async ValueTask SetFactsAsync(StorePath path, FileFacts facts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PathRules.DemandSettable(facts);
        lock (_lock)
        {
            MemoryNode node = Existing(path);
            (node.Modified, node.UnixMode) = (facts.Modified ?? node.Modified, facts.UnixMode ?? node.UnixMode);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<long?> FindFreeSpaceAsync(StorePath folder, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            _ = Existing(folder).Children ?? throw new StoreException(StoreError.NotAFolder, folder.Value);
            return _capacity == long.MaxValue ? null : _capacity - _taken;
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
    internal void Publish(StorePath path, MemoryContent content, bool createOnly)
    {
        lock (_lock)
        {
            MemoryNode? replaced = Replaceable(path, createOnly);
            MemoryNode file = MemoryNode.File(++_lastId, content);
            file.UnixMode = replaced?.UnixMode;
            ParentOf(path).Children![path.Name] = file;
            Take(-(replaced?.Content?.Length ?? 0));
        }
    }

    private MemoryNode? Replaceable(StorePath path, bool createOnly)
    {
        MemoryNode? there = ParentOf(path).Children!.GetValueOrDefault(path.Name);
        return there is null ? null
            : createOnly ? throw new StoreException(StoreError.Exists, path.Value)
            : there.Content is null ? throw new StoreException(StoreError.NotAFile, path.Value)
            : there;
    }

    private MemoryNode ParentOf(StorePath path) => Existing(path.Parent) is { Children: not null } folder ? folder : throw new StoreException(StoreError.NotAFolder, path.Value);

    private void Remove(StorePath path) => ParentOf(path).Children!.TryRemove(path.Name, out _);

    private MemoryNode Existing(StorePath path) => Lookup(path, out StoreError error) ?? throw new StoreException(error, path.Value);

    private MemoryNode? Lookup(StorePath path, out StoreError error)
    {
        error = StoreError.NotFound;
        MemoryNode node = _root;
        foreach (Range part in path.Relative.AsSpan().Split('/'))
        {
            string name = path.Relative[part];
            if (name.Length == 0)
            {
                continue;
            }

            if (node.Children is null)
            {
                error = StoreError.NotAFolder;
                return null;
            }

            if (!node.Children.TryGetValue(name, out MemoryNode? child))
            {
                return null;
            }

            node = child;
        }

        return node;
    }
}
