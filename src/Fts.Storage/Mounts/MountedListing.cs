using System.Runtime.CompilerServices;

namespace Fts.Storage.Mounts;

/// <summary>The entries of a directory that contains mount points, or directories above mount points.</summary>
/// <param name="entries">The entries of the store of the directory, or null if the store does not have the directory.</param>
/// <param name="fixedEntries">
/// The mount points and directories above mount points. They hide entries of the store with the same name.
/// </param>
/// <param name="isFixed">Returns whether a name in the directory is that of a fixed entry.</param>
internal sealed class MountedListing(
    IAsyncEnumerable<FileEntry>? entries, IReadOnlyList<FileEntry> fixedEntries, Func<string, bool> isFixed)
    : IAsyncEnumerable<FileEntry>, IUnlistedNameReport
{
    /// <inheritdoc/>
    public UnlistedNames Unlisted => entries is IUnlistedNameReport report ? report.Unlisted : default;

    /// <inheritdoc/>
    public IAsyncEnumerator<FileEntry> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);

    private async IAsyncEnumerable<FileEntry> EnumerateAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (FileEntry entry in fixedEntries)
        {
            yield return entry;
        }

        if (entries is null)
        {
            yield break;
        }

        await foreach (FileEntry entry in entries.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (!isFixed(entry.Name))
            {
                yield return entry;
            }
        }
    }
}
