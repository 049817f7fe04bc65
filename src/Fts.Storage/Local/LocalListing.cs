using System.Runtime.CompilerServices;

namespace Fts.Storage.Local;

/// <summary>
/// The entries of a directory. The directory is opened when the enumeration starts, so that a listing that is never read holds no handle.
/// </summary>
/// <param name="root">The root of the store.</param>
/// <param name="directory">The directory.</param>
/// <param name="mustRecover">Whether appends of killed processes are completed or undone before the entries are read.</param>
/// <param name="callToken">The token of the call that returned this listing.</param>
internal sealed class LocalListing(IRootDirectory root, StorePath directory, bool mustRecover, CancellationToken callToken)
    : IAsyncEnumerable<FileEntry>, IUnlistedNameReport
{
    public UnlistedNames Unlisted { get; private set; }

    public IAsyncEnumerator<FileEntry> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);

    private async IAsyncEnumerable<FileEntry> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (mustRecover)
        {
            await Task.Run(() => root.RecoverAppendsIn(directory), cancellationToken).ConfigureAwait(false);
        }

        using IDirectoryReader reader = root.OpenDirectory(directory);
        var batch = new List<FileEntry>();
        while (await Task.Run(() => reader.ReadBatch(batch), cancellationToken).ConfigureAwait(false))
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
