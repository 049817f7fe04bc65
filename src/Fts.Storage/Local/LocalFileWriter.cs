using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>A pending file on disk. Writes on the caller's thread, into the page cache. Owns the pending file.</summary>
/// <remarks>
/// An upload that is continued from before its end loses what lies beyond only when the first byte comes: a client that asks for that and is then not heard of
/// again has lost nothing.
/// </remarks>
internal sealed class LocalFileWriter(IPendingFile pending, long start, GroupCommit? durable) : IFileWriter
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

    public ValueTask<long?> KeepAsync(long? length, CancellationToken cancellationToken)
    {
        ThrowIfAtEnd();
        _isAtEnd = true;
        long there = 0;
        Guarded(() =>
        {
            there = RandomAccess.GetLength(pending.Handle);
            if (_isWritten && length < there)
            {
                RandomAccess.SetLength(pending.Handle, there = length.Value);
            }
        });
        return new((_isWritten || IsContinuation) && pending.Keep() ? there : null);
    }

    public ValueTask DisposeAsync()
    {
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
