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
/// <param name="options">What was asked for.</param>
/// <param name="start">Where the caller's first byte belongs; what lies beyond is given up when it comes.</param>
/// <param name="rest">What it began as a copy of, whose rest it gets in the end; null for none.</param>
/// <param name="isContinuation">It was there before, and stays as it was until something is written.</param>
internal sealed class MemoryFileWriter(
    MemoryFileStore store, StorePath path, MemoryUpload upload, WriteStart options, long start, MemoryContent? rest, bool isContinuation) : IFileWriter
{
    private bool _isWritten, _isCompleted, _isDisposed;

    public long StartOffset { get; } = start;

    public bool IsResumed => isContinuation;

    public SafeFileHandle? Handle => null;

    public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        cancellationToken.ThrowIfCancellationRequested();
        BeginWriting();
        Write(offset, bytes.Span);
    }

    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        cancellationToken.ThrowIfCancellationRequested();
        BeginWriting();
        byte[] buffer = new byte[rest?.Length > upload.Content.Length ? 64 * 1024 : 0];
        for (int read; buffer.Length > 0 && (read = rest!.Read(upload.Content.Length, buffer)) > 0;)
        {
            Write(upload.Content.Length, buffer.AsSpan(0, read));
        }

        store.Publish(path, upload, options.IsCreateOnly);
        _isCompleted = true;
    }

    public async ValueTask<long?> KeepPartialUploadAsync(CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        bool isMostlyCopy = upload.CopiedFrom is not null && !isContinuation && PartialUploadLimits.HasTooFewNewBytes(StartOffset, upload.Content.Length);
        _isCompleted = options.Uploader is not null && (_isWritten || isContinuation) && !isMostlyCopy && store.TryKeep(path, upload);
        return _isCompleted ? upload.Content.Length : null;
    }

    public ValueTask DisposeAsync()
    {
        if (!_isCompleted && !_isDisposed)
        {
            store.Discard(upload);
        }

        _isDisposed = true;
        return default;
    }

    private void BeginWriting()
    {
        if (!_isWritten && isContinuation)
        {
            long before = upload.Content.Length;
            upload.Content.Truncate(StartOffset);
            store.AdjustUsedBytes(upload.Content.Length - before);
        }

        _isWritten = true;
    }

    private void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        store.AdjustUsedBytes(Math.Max(0, offset + bytes.Length - upload.Content.Length));
        upload.Content.Write(offset, bytes);
    }

    private void ThrowIfCompleted()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_isCompleted)
        {
            throw new InvalidOperationException("The file is committed or kept.");
        }
    }
}
