using System.Buffers;
using System.Runtime.CompilerServices;

namespace Fts.Storage;

/// <summary>Concatenates files of a store into one upload.</summary>
public static class FileConcatenation
{
    private const int BufferBytes = 256 * 1024;

    /// <summary>Copies files in order into an upload, beginning at its start offset, and commits the upload.</summary>
    /// <param name="store">The store of the parts.</param>
    /// <param name="parts">The files to copy, in order.</param>
    /// <param name="target">The open upload that receives the bytes.</param>
    /// <param name="progress">Receives the number of bytes of each copied block.</param>
    /// <param name="committing">Called immediately before the commit, which can take a long time.</param>
    /// <param name="cancellationToken">Cancels the copy. The commit cannot be cancelled.</param>
    /// <exception cref="StoreException">A part cannot be read, or the target cannot be written or committed.</exception>
    public static async ValueTask AppendAndCommitAsync(
        IFileStore store,
        IReadOnlyList<StorePath> parts,
        IFileWriter target,
        Action<long>? progress,
        Action? committing,
        CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        long offset = target.StartOffset;
        foreach (StorePath part in parts)
        {
            IFileReader source = await store.OpenReadAsync(part, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable closing = source.ConfigureAwait(false);
            int read;
            for (long at = 0; (read = await source.ReadAsync(at, buffer, cancellationToken).ConfigureAwait(false)) > 0; at += read)
            {
                await target.WriteAsync(offset, buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                offset += read;
                progress?.Invoke(read);
                cancellationToken.ThrowIfCancellationRequested();
                await Task.Yield(); // Without this, a long copy would occupy a pool thread if the store completes synchronously.
            }
        }

        // After an exception the buffer is not returned, because a cancelled call of the store may still use it.
        ArrayPool<byte>.Shared.Return(buffer);
        cancellationToken.ThrowIfCancellationRequested();
        committing?.Invoke();
        await target.CommitAsync(CancellationToken.None).ConfigureAwait(false);
    }
}
