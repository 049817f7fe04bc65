using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>A pending file on disk. Writes on the caller's thread, into the page cache. Owns the pending file.</summary>
internal sealed class LocalFileWriter(IPendingFile pending, long start) : IFileWriter
{
    /// <summary>From here on, freeing the blocks of a file can take longer than a caller's thread may wait.</summary>
    private const long SlowToFree = 16 * 1024 * 1024;

    private bool _committed;

    public long Start { get; } = start;

    public SafeFileHandle? Handle => pending.Handle;

    public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ThrowIfCommitted();
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        try
        {
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
        ThrowIfCommitted();
        cancellationToken.ThrowIfCancellationRequested();
        if (pending.CommittedLength > SlowToFree)
        {
            await Task.Run(pending.Commit, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            pending.Commit();
        }

        _committed = true;
    }

    public ValueTask DisposeAsync()
    {
        if (_committed)
        {
            pending.Dispose();
            return default;
        }

        // Removing what an aborted upload wrote frees its blocks, however many there are.
        return new(Task.Run(pending.Dispose));
    }

    private void ThrowIfCommitted()
    {
        if (_committed)
        {
            throw new InvalidOperationException("The file is committed.");
        }
    }
}
