using Fts.Protocol;

namespace Fts.Client.Sync;

/// <summary>
/// Checks whether the files of a plan are still in the state that the plan records. Lists each directory on the server once.
/// </summary>
internal sealed class SyncPresentStates(FtpClient client, FtpMirrorDirection direction)
{
    private readonly Dictionary<string, Dictionary<string, FtpEntry>?> _listings = new(StringComparer.Ordinal);

    private bool IsDownload => direction == FtpMirrorDirection.Download;

    /// <summary>Returns a description of the change, or null if both sides are as in the plan.</summary>
    public async Task<string?> FindChangeAsync(FtpSyncEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Action == FtpSyncAction.CreateDirectory)
        {
            return null; // a directory that exists by now is accepted
        }

        try
        {
            return await FindChangeOfPathsAsync(entry, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpException e) when (e is not FtpConnectionException)
        {
            return e.Message;
        }
    }

    private async Task<string?> FindChangeOfPathsAsync(FtpSyncEntry entry, CancellationToken cancellationToken)
    {
        (string source, string target) = IsDownload ? (entry.RemotePath, entry.LocalPath) : (entry.LocalPath, entry.RemotePath);
        FtpSyncState? presentSource = await GetAsync(source, isLocal: !IsDownload, cancellationToken).ConfigureAwait(false);
        FtpSyncState? presentTarget = await GetAsync(target, IsDownload, cancellationToken).ConfigureAwait(false);
        if (!SyncStates.AreEqual(presentSource, entry.Source))
        {
            return $"{source} has changed since the plan was made, or was created or deleted";
        }

        if (entry.Action == FtpSyncAction.DeleteDirectory)
        {
            return null; // only an empty directory is deleted
        }

        if (entry.MovedFrom is { } from)
        {
            FtpSyncState? moved = await GetAsync(from, IsDownload, cancellationToken).ConfigureAwait(false);
            return presentTarget is null && SyncStates.AreEqual(moved, entry.Target)
                ? null
                : $"{from} or {target} has changed since the plan was made";
        }

        return SyncStates.AreEqual(presentTarget, entry.Target)
            ? null
            : $"{target} has changed since the plan was made, or was created or deleted";
    }

    /// <summary>Returns the state of a file or directory, or null if it does not exist. A directory has neither length nor time.</summary>
    private async Task<FtpSyncState?> GetAsync(string path, bool isLocal, CancellationToken cancellationToken)
    {
        if (isLocal)
        {
            var file = new FileInfo(path);
            return file.Exists ? SyncStates.FromLocal(file) : Directory.Exists(path) ? new FtpSyncState(null, null) : null;
        }

        string parent = RemotePath.GetParent(path);
        if (!_listings.TryGetValue(parent, out Dictionary<string, FtpEntry>? listing))
        {
            _listings[parent] = listing = await ListAsync(parent, cancellationToken).ConfigureAwait(false);
        }

        return listing?.GetValueOrDefault(RemotePath.GetName(path)) is not { } entry
            ? null
            : entry.Kind == FtpEntryKind.File ? SyncStates.FromRemote(entry) : new FtpSyncState(null, null);
    }

    private async Task<Dictionary<string, FtpEntry>?> ListAsync(string directory, CancellationToken cancellationToken)
    {
        var entries = new Dictionary<string, FtpEntry>(StringComparer.Ordinal);
        try
        {
            await foreach (FtpEntry entry in client.ListAsync(directory, cancellationToken).ConfigureAwait(false))
            {
                entries.TryAdd(entry.Name, entry);
            }

            return entries;
        }
        catch (FtpReplyException)
        {
            // Only a directory that does not exist has no entries. An unreadable directory must not look like a deleted one.
            if (await client.GetEntryAsync(directory, cancellationToken).ConfigureAwait(false) is not null)
            {
                throw;
            }

            return null;
        }
    }
}
