using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>A pending file on disk. Writes on the caller's thread, into the page cache. Owns the pending file, and the handle of the committed one.</summary>
/// <remarks>
/// An upload that is continued from before its end loses what lies beyond only when the first byte comes: a client that asks for that and is then not heard of
/// again has lost nothing.
/// </remarks>
/// <param name="staging">The file.</param>
/// <param name="start">Where the caller's first byte belongs.</param>
/// <param name="committed">What it began as a copy of, whose rest it gets in the end; null for none.</param>
/// <param name="durable">Commits it to stable storage; null for the page cache.</param>
/// <param name="index">Counts the file if it is kept as a partial upload.</param>
internal sealed class LocalFileWriter(
    IStagingFile staging, long start, SafeFileHandle? committed, GroupCommit? durable, PartialUploadIndex index) : IFileWriter
{
    /// <summary>From here on, freeing the blocks of a file can take longer than a caller's thread may wait.</summary>
    private const long SlowToFreeBytes = 16 * 1024 * 1024;

    private bool _isWritten, _isCompleted, _isCommitted;

    public long StartOffset { get; } = start;

    public bool IsResumed => staging.ResumedLength is not null;

    public SafeFileHandle? Handle => staging.Handle;

    public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        try
        {
            BeginWriting();
            RandomAccess.Write(staging.Handle, bytes.Span, offset);
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
            await Task.Run(() => ContentCopy.AppendRest(committed, staging.Handle, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        if (durable is not null)
        {
            await durable.CommitAsync(staging).ConfigureAwait(false);
        }
        else if (staging.CommittedLength > SlowToFreeBytes)
        {
            await Task.Run(staging.Commit, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            staging.Commit();
        }

        _isCompleted = _isCommitted = true;
    }

    public async ValueTask<long?> KeepPartialUploadAsync(CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        _isCompleted = true;
        long length = RandomAccess.GetLength(staging.Handle);
        bool isMostlyCopy = committed is not null && PartialUploadLimits.HasTooFewNewBytes(StartOffset, length);
        if ((!_isWritten && !IsResumed) || isMostlyCopy || !staging.TryKeep())
        {
            return null;
        }

        // On another thread, because this may discard older partial uploads, and freeing their blocks can take long.
        await Task.Run(() => index.Add(new PartialUploadLocation(staging.DirectoryPath, staging.PartialUploadName!), length), CancellationToken.None)
            .ConfigureAwait(false);
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

        // Removing what an aborted upload wrote frees its blocks, however many there are.
        return new(Task.Run(staging.Dispose));
    }

    private void BeginWriting()
    {
        if (!_isWritten && staging.ResumedLength > StartOffset)
        {
            RandomAccess.SetLength(staging.Handle, StartOffset);
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
            throw new InvalidOperationException("The file is committed or kept.");
        }
    }
}
