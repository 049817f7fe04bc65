using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>An open upload on disk. Owns the staging file and the handle of the committed file.</summary>
/// <remarks>
/// Writes into the page cache on the caller's thread. If a partial upload is resumed at an offset before its end, the bytes after the
/// offset are discarded only at the first write. A client that sends no byte therefore does not lose them.
/// </remarks>
/// <param name="staging">The staging file.</param>
/// <param name="startOffset">The offset of the caller's first byte.</param>
/// <param name="committed">The committed file, or null. Its bytes after the last written byte are appended at the commit.</param>
/// <param name="groupCommit">Flushes commits to stable storage. Null if commits are not flushed.</param>
/// <param name="index">Counts the upload if it is kept as a partial upload.</param>
internal sealed class LocalFileWriter(
    IStagingFile staging, long startOffset, SafeFileHandle? committed, GroupCommit? groupCommit, PartialUploadIndex index) : IFileWriter
{
    /// <summary>Replacing a larger file runs on the thread pool, because freeing its blocks can take a long time.</summary>
    private const long SlowToFreeBytes = 16 * 1024 * 1024;

    private bool _isWritten, _isCompleted, _isCommitted;

    public long StartOffset { get; } = startOffset;

    public bool IsResumed => staging.ResumedLength is not null;

    public SafeFileHandle? Handle => staging.Handle;

    public long HandleOffset => staging.BaseOffset;

    public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        ArgumentOutOfRangeException.ThrowIfLessThan(offset, staging.BaseOffset);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        try
        {
            BeginWriting();
            RandomAccess.Write(staging.Handle, bytes.Span, offset - staging.BaseOffset);
            return default;
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            return ValueTask.FromException(SystemErrors.Translate(exception));
        }
    }

    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        cancellationToken.ThrowIfCancellationRequested();
        RunTranslated(BeginWriting);
        if (committed is not null)
        {
            await Task.Run(() => AppendRest(cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        if (groupCommit is not null)
        {
            await groupCommit.CommitAsync(staging).ConfigureAwait(false);
        }
        else if (staging.IsAppend || staging.CommittedLength > SlowToFreeBytes)
        {
            await Task.Run(() => staging.Commit(isDurable: false), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            staging.Commit(isDurable: false);
        }

        _isCompleted = _isCommitted = true;
    }

    public async ValueTask<long?> KeepPartialUploadAsync(CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        _isCompleted = true;
        long stagedLength = RandomAccess.GetLength(staging.Handle), length = staging.BaseOffset + stagedLength;
        bool beganWithCommitted = committed is not null || (staging.IsAppend && !IsResumed);
        bool hasTooFewNewBytes = beganWithCommitted && PartialUploadLimits.HasTooFewNewBytes(StartOffset, length);
        if ((!_isWritten && !IsResumed) || hasTooFewNewBytes || !staging.TryKeep())
        {
            return null;
        }

        // On the thread pool, because this may discard older partial uploads, and freeing their blocks can take a long time.
        var location = new PartialUploadLocation(staging.DirectoryPath, staging.PartialUploadName!);
        await Task.Run(() => index.Add(location, stagedLength), CancellationToken.None).ConfigureAwait(false);
        return length;
    }

    public ValueTask DisposeAsync()
    {
        committed?.Dispose();
        if (_isCommitted)
        {
            staging.Dispose();
            return default;
        }

        // On the thread pool, because freeing the blocks of a deleted staging file can take a long time.
        return new(Task.Run(staging.Dispose));
    }

    private void AppendRest(CancellationToken cancellationToken)
    {
        staging.LockCommitted(committed!);
        ContentCopy.AppendRest(committed!, staging.Handle, cancellationToken);
    }

    private void BeginWriting()
    {
        if (!_isWritten && staging.ResumedLength > StartOffset)
        {
            RandomAccess.SetLength(staging.Handle, StartOffset - staging.BaseOffset);
        }

        _isWritten = true;
    }

    private static void RunTranslated(Action call)
    {
        try
        {
            call();
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception);
        }
    }

    private void ThrowIfCompleted()
    {
        if (_isCompleted)
        {
            throw new InvalidOperationException("The upload was already committed or kept as a partial upload.");
        }
    }
}
