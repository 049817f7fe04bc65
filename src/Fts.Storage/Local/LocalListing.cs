using System.Runtime.CompilerServices;
using Fts.Storage.Workers;

namespace Fts.Storage.Local;

/// <summary>
/// Enumerates the entries of a directory. The directory is opened when the enumeration starts, so that a listing that is never read holds
/// no handle.
/// </summary>
/// <param name="root">The root of the store.</param>
/// <param name="directory">The directory.</param>
/// <param name="workers">The threads that read the directory.</param>
/// <param name="mustRecover">Whether appends of killed processes are completed or undone before the entries are read.</param>
/// <param name="callToken">The token of the call that returned this listing.</param>
internal sealed class LocalListing(
    IRootDirectory root, StorePath directory, StoreWorkers workers, bool mustRecover, CancellationToken callToken)
    : IAsyncEnumerable<FileEntry>, IUnlistedNameReport
{
    public UnlistedNames Unlisted { get; private set; }

    public IAsyncEnumerator<FileEntry> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);

    private async IAsyncEnumerable<FileEntry> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (mustRecover)
        {
            await workers.RunAsync(() => root.RecoverAppendsIn(directory), cancellationToken).ConfigureAwait(false);
        }

        using IDirectoryReader reader = await workers.RunAsync(
            (root, directory), static x => x.root.OpenDirectory(x.directory), static late => late.Dispose(), cancellationToken)
            .ConfigureAwait(false);
        var batch = new List<FileEntry>();
        while (await workers.RunAsync((reader, batch), static x => x.reader.ReadBatch(x.batch), discard: null, cancellationToken)
            .ConfigureAwait(false))
        {
            foreach (FileEntry entry in batch)
            {
                callToken.ThrowIfCancellationRequested();
                yield return entry;
            }

            Unlisted = reader.Unlisted;
        }

        Unlisted = reader.Unlisted;
    }
}
