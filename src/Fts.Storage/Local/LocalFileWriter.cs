using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>A pending file on disk. Writes on the caller's thread, into the page cache. Owns the pending file, and the handle of the committed one.</summary>
/// <remarks>
/// An upload that is continued from before its end loses what lies beyond only when the first byte comes: a client that asks for that and is then not heard of
/// again has lost nothing.
/// </remarks>
/// <param name="pending">The file.</param>
/// <param name="start">Where the caller's first byte belongs.</param>
/// <param name="committed">What it began as a copy of, whose rest it gets in the end; null for none.</param>
/// <param name="durable">Commits it to stable storage; null for the page cache.</param>
/// <param name="index">Counts the file if it is kept as a partial upload.</param>
internal sealed class LocalFileWriter(
    IPendingFile pending, long start, SafeFileHandle? committed, GroupCommit? durable, PartialUploadIndex index) : IFileWriter
{
    /// <summary>From here on, freeing the blocks of a file can take longer than a caller's thread may wait.</summary>
    private const long SlowToFree = 16 * 1024 * 1024;

    private bool _isWritten, _isAtEnd, _isCommitted;

    public long Start { get; } = start;

    public bool IsContinuation => pending.KeptLength is not null;

    public SafeFileHandle? Handle => pending.Handle;

    public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ThrowIfAtEnd();
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        try
        {
            Begin();
            RandomAccess.Write(pending.Handle, bytes.Span, offset);
            return default;
        }
        catch (Exception exception) when (SystemErrors.IsRefusal(exception))
        {
            return ValueTask.FromException(SystemErrors.Translate(exception));
        }
    }

    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        ThrowIfAtEnd();
        cancellationToken.ThrowIfCancellationRequested();
        Guarded(Begin);
        if (committed is not null)
        {
            await Task.Run(() => ContentCopy.CopyRest(committed, pending.Handle, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        if (durable is not null)
        {
            await durable.CommitAsync(pending).ConfigureAwait(false);
        }
        else if (pending.CommittedLength > SlowToFree)
        {
            await Task.Run(pending.Commit, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            pending.Commit();
        }

        _isAtEnd = _isCommitted = true;
    }

    public async ValueTask<long?> KeepAsync(CancellationToken cancellationToken)
    {
        ThrowIfAtEnd();
        _isAtEnd = true;
        long length = RandomAccess.GetLength(pending.Handle);
        bool isMostlyCopy = committed is not null && PartialUploadLimits.IsMostlyCopied(Start, length);
        if ((!_isWritten && !IsContinuation) || isMostlyCopy || !pending.Keep())
        {
            return null;
        }

        // On another thread, because this may discard older partial uploads, and freeing their blocks can take long.
        await Task.Run(() => index.Keep(new PartialUploadPlace(pending.FolderPath, pending.KeptName!), length), CancellationToken.None)
            .ConfigureAwait(false);
        return length;
    }

    public ValueTask DisposeAsync()
    {
        committed?.Dispose();
        if (_isCommitted)
        {
            pending.Dispose();
            return default;
        }

        // Removing what an aborted upload wrote frees its blocks, however many there are.
        return new(Task.Run(pending.Dispose));
    }

    private void Begin()
    {
        if (!_isWritten && pending.KeptLength > Start)
        {
            RandomAccess.SetLength(pending.Handle, Start);
        }

        _isWritten = true;
    }

    private static void Guarded(Action call)
    {
        try
        {
            call();
        }
        catch (Exception exception) when (SystemErrors.IsRefusal(exception))
        {
            throw SystemErrors.Translate(exception);
        }
    }

    private void ThrowIfAtEnd()
    {
        if (_isAtEnd)
        {
            throw new InvalidOperationException("The file is committed or kept.");
        }
    }
}
