using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>An open upload on disk. Owns the staging file and the handle of the existing file.</summary>
/// <remarks>
/// If a partial upload is resumed at an offset before its end, the bytes after the offset are discarded only at the first write or at the
/// commit. An upload that is interrupted before its first byte therefore loses no bytes.
/// </remarks>
/// <param name="staging">The staging file.</param>
/// <param name="startOffset">The offset of the caller's first byte.</param>
/// <param name="committed">
/// The existing file at the path, if the commit must append the rest of it (the bytes after the last written byte) to the staging file.
/// Otherwise null.
/// </param>
/// <param name="groupCommit">Flushes commits to stable storage. Null if commits are not flushed.</param>
/// <param name="index">Counts the upload if it is kept as a partial upload.</param>
/// <param name="appendQueue">Orders the appends to the same file.</param>
/// <param name="path">The path of the committed file.</param>
/// <param name="calls">Chooses the thread of each call.</param>
internal sealed class LocalFileWriter(
    IStagingFile staging, long startOffset, SafeFileHandle? committed, GroupCommit? groupCommit, PartialUploadIndex index,
    AppendQueue appendQueue, StorePath path, LocalFileCalls calls) : IFileWriter
{
    /// <summary>
    /// A commit that replaces a file larger than this runs on a worker thread, because freeing the blocks can take a long time.
    /// </summary>
    private const long SlowToFreeBytes = 16 * 1024 * 1024;

    private readonly Lock _keepLock = new();
    private bool _isWritten, _isCompleted, _isClosed;
    private bool _isKeepAbandoned; // true after the caller received the result that nothing was kept. Guarded by _keepLock.
    private long? _keptLength; // null until the upload is kept. Guarded by _keepLock.

    public long StartOffset { get; } = startOffset;

    public bool IsResumed => staging.ResumedLength is not null;

    public SafeFileHandle? Handle => staging.Handle;

    public long HandleOffset => staging.BaseOffset;

    public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        ArgumentOutOfRangeException.ThrowIfLessThan(offset, staging.BaseOffset);
        return calls.RunAsync((Writer: this, offset, bytes), static x => x.Writer.Write(x.offset, x.bytes.Span), cancellationToken);
    }

    public async ValueTask<PendingCommit?> GetPendingCommitAsync(CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        PendingCommit pending = default;
        await calls.RunAsync(this, writer => RunTranslated(() => pending = writer.GetPendingCommit()), cancellationToken)
            .ConfigureAwait(false);
        return pending;
    }

    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        cancellationToken.ThrowIfCancellationRequested();
        if (!_isWritten)
        {
            await calls.RunAsync(this, static writer => RunTranslated(writer.BeginWriting), cancellationToken).ConfigureAwait(false);
        }

        if (committed is not null)
        {
            await calls.RunOnWorkerAsync(() => AppendRemainder(cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        if (staging.CanCommitByAppending)
        {
            // An append is not part of a group, because copying its bytes and waiting for other appends would delay the other commits.
            using IDisposable turn = await appendQueue.WaitForTurnAsync(path, cancellationToken).ConfigureAwait(false);
            await calls.RunOnWorkerAsync(CommitAndClose, cancellationToken).ConfigureAwait(false);
        }
        else if (groupCommit is not null)
        {
            await groupCommit.CommitAsync(staging).ConfigureAwait(false);
        }
        else if (staging.CommittedLength > SlowToFreeBytes)
        {
            await calls.RunOnWorkerAsync(CommitAndClose, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await calls.RunAsync(this, static writer => writer.CommitAndClose(), cancellationToken).ConfigureAwait(false);
        }

        _isCompleted = true;
    }

    public async ValueTask<long?> KeepPartialUploadAsync(CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        _isCompleted = true;
        await calls.RunCleanupAsync(KeepPartialUpload).ConfigureAwait(false);
        lock (_keepLock)
        {
            // If the disk hangs, the caller reports that nothing was kept, and the client may send the same bytes again.
            // The upload must therefore not be kept later.
            _isKeepAbandoned = _keptLength is null;
            return _keptLength;
        }
    }

    public ValueTask DisposeAsync() => _isClosed ? default : new(calls.RunCleanupAsync(Close));

    private void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            BeginWriting();
            RandomAccess.Write(staging.Handle, bytes, offset - staging.BaseOffset);
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception);
        }
    }

    /// <summary>Commits and closes the staging file, so that both need only one change of threads.</summary>
    private void CommitAndClose()
    {
        bool isDurable = groupCommit is not null;
        if (isDurable)
        {
            staging.Flush();
        }

        staging.Commit(isDurable);
        if (isDurable)
        {
            staging.FlushDirectory();
        }

        Close();
    }

    /// <summary>Closes the staging file and the committed file. Always returns true.</summary>
    private bool Close()
    {
        _isClosed = true;
        committed?.Dispose();
        staging.Dispose();
        return true;
    }

    /// <summary>
    /// Keeps the staging file if the conditions of <see cref="IFileWriter.KeepPartialUploadAsync"/> are met. Returns whether it was kept.
    /// </summary>
    private bool KeepPartialUpload()
    {
        long stagedLength = RandomAccess.GetLength(staging.Handle), length = staging.BaseOffset + stagedLength;
        bool beganWithCommitted = committed is not null || (staging.ContainsOnlyNewBytes && !IsResumed);
        bool hasTooFewNewBytes = beganWithCommitted && PartialUploadLimits.HasTooFewNewBytes(StartOffset, length);
        if ((!_isWritten && !IsResumed) || hasTooFewNewBytes || !staging.TryKeepAsPartialUpload())
        {
            return false;
        }

        lock (_keepLock)
        {
            if (_isKeepAbandoned)
            {
                staging.UndoKeep();
                return false;
            }

            _keptLength = length;
        }

        index.Add(new PartialUploadLocation(staging.DirectoryPath, staging.PartialUploadName!), stagedLength);
        return true;
    }

    /// <summary>Determines the length after the commit. The commit itself may still truncate or extend the staging file.</summary>
    private PendingCommit GetPendingCommit()
    {
        FileEntry? existing = staging.GetTargetEntry();
        long staged = !_isWritten && staging.ResumedLength > StartOffset
            ? StartOffset - staging.BaseOffset
            : RandomAccess.GetLength(staging.Handle);
        if (staging.CanCommitByAppending && existing is { Kind: EntryKind.File, IsLink: false } file)
        {
            return new PendingCommit(staging.ContainerId, staging.TargetName, file.Id, file.Length + staged, existing);
        }

        long remainderEnd = committed is null ? 0 : RandomAccess.GetLength(committed);
        return new PendingCommit(staging.ContainerId, staging.TargetName, staging.Id, Math.Max(staged, remainderEnd), existing)
        {
            IsIndependentOfExisting = committed is null && !staging.CanCommitByAppending,
        };
    }

    /// <summary>Appends to the staging file the bytes of the committed file that follow the last written byte.</summary>
    private void AppendRemainder(CancellationToken cancellationToken)
    {
        staging.LockCommitted(committed!);
        ContentCopy.AppendRemainder(committed!, staging.Handle, cancellationToken);
    }

    /// <summary>
    /// Called before each write and the commit. The first call truncates a resumed partial upload to the start offset.
    /// </summary>
    private void BeginWriting()
    {
        if (!_isWritten && staging.ResumedLength > StartOffset)
        {
            RandomAccess.SetLength(staging.Handle, StartOffset - staging.BaseOffset);
        }

        _isWritten = true;
    }

    /// <summary>Runs a call and translates errors of the operating system to <see cref="StoreException"/>.</summary>
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
            throw new InvalidOperationException(
                "The upload cannot be changed, because it was already committed or kept as a partial upload.");
        }
    }
}
