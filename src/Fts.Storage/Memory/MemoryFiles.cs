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
/// <param name="store">Where it will be published.</param>
/// <param name="path">Its name there.</param>
/// <param name="upload">Its content.</param>
/// <param name="start">Where the caller's first byte belongs; what lies beyond is given up when it comes, if this continues an upload.</param>
/// <param name="options">What was asked for.</param>
/// <param name="isContinued">It was there before, and stays unless it is committed.</param>
internal sealed class MemoryFileWriter(MemoryFileStore store, StorePath path, MemoryUpload upload, long start, WriteStart options, bool isContinued) : IFileWriter
{
    private bool _isWritten, _isAtEnd, _disposed;

    public long Start { get; } = start;

    public bool IsContinuation => isContinued;

    public SafeFileHandle? Handle => null;

    public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ThrowIfAtEnd();
        cancellationToken.ThrowIfCancellationRequested();
        Begin();
        store.Take(Math.Max(0, offset + bytes.Length - upload.Content.Length));
        upload.Content.Write(offset, bytes.Span);
    }

    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        ThrowIfAtEnd();
        cancellationToken.ThrowIfCancellationRequested();
        Begin();
        store.Publish(path, upload, options.CreateOnly);
        _isAtEnd = true;
    }

    public async ValueTask<long?> KeepAsync(long? length, CancellationToken cancellationToken)
    {
        ThrowIfAtEnd();
        if (_isWritten && length is { } kept)
        {
            Trim(kept);
        }

        _isAtEnd = options.IsResumable && (_isWritten || isContinued) && store.TryKeep(path, upload);
        return _isAtEnd ? upload.Content.Length : null;
    }

    public ValueTask DisposeAsync()
    {
        if (!_isAtEnd && !_disposed)
        {
            store.Discard(path, upload);
        }

        _disposed = true;
        return default;
    }

    private void Begin()
    {
        if (!_isWritten && isContinued)
        {
            Trim(Start);
        }

        _isWritten = true;
    }

    private void Trim(long length)
    {
        long before = upload.Content.Length;
        upload.Content.Trim(length);
        store.Take(upload.Content.Length - before);
    }

    private void ThrowIfAtEnd()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_isAtEnd)
        {
            throw new InvalidOperationException("The file is committed or kept.");
        }
    }
}
