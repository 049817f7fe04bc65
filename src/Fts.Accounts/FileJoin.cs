using System.Buffers;
using System.Runtime.CompilerServices;
using Fts.Storage;

namespace Fts.Accounts;

/// <summary>Files copied one after another into a pending file, which is committed when it has all of them.</summary>
internal static class FileJoin
{
    private const int BufferBytes = 256 * 1024;

    /// <summary>
    /// Copies the parts in order to where the pending file's first byte belongs, then commits. <paramref name="progress"/> is told how many
    /// bytes were copied, as they are. <paramref name="committing"/> is called before the commit, which is never cut short.
    /// </summary>
    public static async ValueTask CopyAsync(
        IFileStore store,
        IReadOnlyList<StorePath> parts,
        IFileWriter target,
        Action<long>? progress,
        Action? committing,
        CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long offset = target.Start;
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
                    await Task.Yield(); // a local store completes at once: many who copy must take turns on the pool's threads with everybody else
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        cancellationToken.ThrowIfCancellationRequested();
        committing?.Invoke();
        await target.CommitAsync(CancellationToken.None).ConfigureAwait(false);
    }
}
