using System.Runtime.CompilerServices;

namespace Fts.Storage.Local;

/// <summary>The entries of a folder. It is opened when the first one is requested, because a listing that is never read must hold no handle.</summary>
/// <param name="root">The root of the store.</param>
/// <param name="directory">The folder.</param>
/// <param name="opened">The token of the call that returned this.</param>
internal sealed class LocalListing(IRootDirectory root, StorePath directory, CancellationToken opened) : IAsyncEnumerable<FileEntry>, IUnlistedNameReport
{
    public UnlistedNames Unlisted { get; private set; }

    public IAsyncEnumerator<FileEntry> GetAsyncEnumerator(CancellationToken cancellationToken = default) => ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);

    private async IAsyncEnumerable<FileEntry> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using IDirectoryReader reader = root.OpenDirectory(directory);
        var batch = new List<FileEntry>();
        while (await Task.Run(() => reader.ReadBatch(batch), cancellationToken).ConfigureAwait(false))
        {
            foreach (FileEntry entry in batch)
            {
                opened.ThrowIfCancellationRequested();
                yield return entry;
            }

            Unlisted = reader.Unlisted;
        }

        Unlisted = reader.Unlisted;
    }
}
