using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Memory;

/// <summary>An open file in memory. What it reads was committed and does not change.</summary>
internal sealed class MemoryFileReader(MemoryContent content) : IFileReader
{
    public long Length => content.Length;

    public SafeFileHandle? Handle => null;

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return content.Read(offset, buffer.Span);
    }

    public ValueTask DisposeAsync() => default;
}

/// <summary>A pending file in memory. The bytes it takes count towards the store's capacity from the moment they are written.</summary>
internal sealed class MemoryFileWriter(MemoryFileStore store, StorePath path, MemoryContent content, long start, bool createOnly) : IFileWriter
{
    private bool _committed;
    private bool _disposed;

    public long Start { get; } = start;

    public SafeFileHandle? Handle => null;

    public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        cancellationToken.ThrowIfCancellationRequested();
        store.Take(Math.Max(0, offset + bytes.Length - content.Length));
        content.Write(offset, bytes.Span);
    }

    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        cancellationToken.ThrowIfCancellationRequested();
        store.Publish(path, content, createOnly);
        _committed = true;
    }

    public ValueTask DisposeAsync()
    {
        if (!_committed && !_disposed)
        {
            store.Take(-content.Length);
        }

        _disposed = true;
        return default;
    }

    private void ThrowIfClosed()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_committed)
        {
            throw new InvalidOperationException("The file is committed.");
        }
    }
}
