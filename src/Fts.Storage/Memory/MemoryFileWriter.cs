using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Memory;

/// <summary>An open upload in memory. Written bytes count towards the store's capacity immediately.</summary>
/// <param name="store">The store that publishes the upload.</param>
/// <param name="path">The path of the target.</param>
/// <param name="upload">The received bytes.</param>
/// <param name="start">How the upload begins.</param>
/// <param name="startOffset">
/// The offset of the caller's first byte. Bytes of a partial upload after this offset are discarded at the first write or at the commit.
/// </param>
/// <param name="committed">
/// The committed content, if the commit must append the rest of it (the bytes after the last written byte) to the upload. Otherwise null.
/// </param>
/// <param name="isResumed">Whether the upload resumes a partial upload.</param>
internal sealed class MemoryFileWriter(
    MemoryFileStore store,
    StorePath path,
    MemoryUpload upload,
    WriteStart start,
    long startOffset,
    MemoryContent? committed,
    bool isResumed) : IFileWriter
{
    private bool _isWritten, _isCompleted, _isDisposed;

    public long StartOffset { get; } = startOffset;

    public bool IsResumed => isResumed;

    public SafeFileHandle? Handle => null;

    public long HandleOffset => upload.BaseOffset;

    public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        ArgumentOutOfRangeException.ThrowIfLessThan(offset, upload.BaseOffset);
        cancellationToken.ThrowIfCancellationRequested();
        BeginWriting();
        Write(offset, bytes.Span);
    }

    public async ValueTask<PendingCommit?> GetPendingCommitAsync(CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        cancellationToken.ThrowIfCancellationRequested();
        long staged = !_isWritten && isResumed ? StartOffset - upload.BaseOffset : upload.Content.Length;
        return store.GetPendingCommit(path, upload, start, isResumed, staged, committed?.Length ?? 0);
    }

    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        cancellationToken.ThrowIfCancellationRequested();
        BeginWriting();
        byte[] buffer = new byte[committed?.Length > upload.Content.Length ? 64 * 1024 : 0];
        for (int read; buffer.Length > 0 && (read = committed!.Read(upload.Content.Length, buffer)) > 0;)
        {
            Write(upload.Content.Length, buffer.AsSpan(0, read));
        }

        store.Publish(path, upload, start, isResumed);
        _isCompleted = true;
    }

    public async ValueTask<long?> KeepPartialUploadAsync(CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        bool hasTooFewNewBytes = upload.Continued is not null && !isResumed
            && PartialUploadLimits.HasTooFewNewBytes(StartOffset, upload.Length);
        bool isWorthKeeping = start.Uploader is not null && (_isWritten || isResumed) && !hasTooFewNewBytes;
        _isCompleted = isWorthKeeping && store.TryKeepAsPartialUpload(path, upload);
        return _isCompleted ? upload.Length : null;
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

    /// <summary>
    /// Called before each write and the commit. The first call truncates a resumed partial upload to the start offset.
    /// </summary>
    private void BeginWriting()
    {
        if (!_isWritten && isResumed)
        {
            long before = upload.Content.Length;
            upload.Content.Truncate(StartOffset - upload.BaseOffset);
            store.AdjustUsedBytes(upload.Content.Length - before);
        }

        _isWritten = true;
    }

    private void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        long position = offset - upload.BaseOffset;
        store.AdjustUsedBytes(Math.Max(0, position + bytes.Length - upload.Content.Length));
        upload.Content.Write(position, bytes);
    }

    private void ThrowIfCompleted()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_isCompleted)
        {
            throw new InvalidOperationException(
                "The upload cannot be changed, because it was already committed or kept as a partial upload.");
        }
    }
}
