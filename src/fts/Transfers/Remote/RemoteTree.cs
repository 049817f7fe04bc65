using System.Runtime.CompilerServices;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;
using Fts.Transfers.Retries;

namespace Fts.Transfers.Remote;

/// <summary>An entry below a remote folder.</summary>
/// <param name="Entry">The entry of the listing.</param>
/// <param name="RelativePath">The path below the folder, with slashes.</param>
internal sealed record TreeEntry(FtpEntry Entry, string RelativePath);

/// <summary>A folder that could not be listed.</summary>
/// <param name="Path">The path of the folder on the server.</param>
/// <param name="Exception">The reason.</param>
internal sealed record UnlistedFolder(string Path, FtpException Exception);

/// <summary>Lists a remote folder and the folders below it. Does not follow links.</summary>
/// <param name="shell">The session, whose settings repeat a listing after a transient error.</param>
/// <param name="isFolderIncluded">Returns whether to list a folder, given its path below the root.</param>
internal sealed class RemoteTree(ClientShell shell, Func<string, bool>? isFolderIncluded = null)
{
    /// <summary>The maximum number of entries, which limits the memory.</summary>
    private const int MaxEntries = 1_000_000;

    /// <summary>The maximum number of levels. A link to an ancestor, which some servers list as a folder, makes a tree endless.</summary>
    private const int MaxDepth = 128;

    private readonly List<UnlistedFolder> _unlisted = [];
    private readonly HashSet<string> _uniqueIds = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>The folders that could not be listed so far.</summary>
    public IReadOnlyList<UnlistedFolder> UnlistedFolders => _unlisted;

    /// <summary>
    /// Returns the entries below a folder, sorted by name within each folder. A folder precedes its entries. A folder that cannot be listed
    /// is recorded in <see cref="UnlistedFolders"/>.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <exception cref="FtpException">The folder itself cannot be listed, or the tree is too large or too deep.</exception>
    public async IAsyncEnumerable<TreeEntry> WalkAsync(
        string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var waiting = new Stack<(TreeEntry? Folder, int Depth)>([(null, 0)]);
        while (waiting.TryPop(out (TreeEntry? Folder, int Depth) next))
        {
            if (next.Folder is { } listed)
            {
                yield return listed;
                if (!ShouldDescend(listed))
                {
                    continue;
                }
            }

            // Folders are pushed in reverse, so that the walk continues with the first of them.
            var folders = new Stack<(TreeEntry?, int)>();
            foreach (FtpEntry entry in await ListAsync(next.Folder, path, next.Depth, cancellationToken))
            {
                string relative = next.Folder is null ? entry.Name : $"{next.Folder.RelativePath}/{entry.Name}";
                var item = new TreeEntry(entry, relative);
                if (entry.Kind == FtpEntryKind.Directory)
                {
                    folders.Push((item, next.Depth + 1));
                }
                else
                {
                    yield return item;
                }
            }

            while (folders.TryPop(out (TreeEntry?, int) folder))
            {
                waiting.Push(folder);
            }
        }
    }

    private bool ShouldDescend(TreeEntry folder) =>
        (isFolderIncluded?.Invoke(folder.RelativePath) ?? true)
        && (folder.Entry.UniqueId is not { } id || _uniqueIds.Add(id));

    private async Task<List<FtpEntry>> ListAsync(TreeEntry? folder, string root, int depth, CancellationToken cancellationToken)
    {
        string path = folder?.Entry.Path ?? root;
        if (depth > MaxDepth)
        {
            throw new FtpException($"{path.ToPrintable()}: the tree has more than {MaxDepth} levels");
        }

        List<FtpEntry> entries;
        try
        {
            entries = await shell.TransferSettings.Retries.RunAsync(
                shell.Terminal, _ => ReadAsync(path, cancellationToken), RetryPolicy.IsTransient, describeKept: null, cancellationToken);
        }
        catch (FtpException e) when (folder is not null && e is not (FtpConnectionException or FtpProtocolException))
        {
            _unlisted.Add(new UnlistedFolder(path, e));
            return [];
        }

        _count += entries.Count;
        entries.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return entries;
    }

    private async Task<List<FtpEntry>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var entries = new List<FtpEntry>();
        await foreach (FtpEntry entry in shell.Client.ListAsync(path, cancellationToken))
        {
            entries.Add(entry);
            if (_count + entries.Count > MaxEntries)
            {
                throw new FtpProtocolException($"the tree has more than {MaxEntries} entries, which is the maximum");
            }
        }

        return entries;
    }
}
