using System.Security.Cryptography;
using Fts.Client.Pool;
using Fts.Client.Transfers;

namespace Fts.Client.Sync;

/// <summary>
/// Finds files that were moved in the source: the target has the same content, by size and SHA-256, under a path that the source lacks.
/// </summary>
internal sealed class SyncMoves(ConnectionPool pool, bool isDownload)
{
    private readonly Dictionary<string, string?> _hashes = new(StringComparer.Ordinal); // by side and path

    /// <summary>Removes the moved files from the additions and the deletions, and returns the moves.</summary>
    /// <param name="files">The files to transfer.</param>
    /// <param name="deletions">The files to delete.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    public async Task<List<FtpSyncEntry>> FindAsync(
        List<FtpSyncEntry> files, List<FtpSyncEntry> deletions, CancellationToken cancellationToken)
    {
        var moves = new List<FtpSyncEntry>();
        var replaced = new HashSet<FtpSyncEntry>(ReferenceEqualityComparer.Instance);
        var bySize = deletions.Where(entry => entry.Target?.Length > 0)
            .GroupBy(entry => entry.Target!.Length!.Value).ToDictionary(group => group.Key, group => group.ToList());
        foreach (FtpSyncEntry added in files.Where(entry => entry.Action == FtpSyncAction.Add))
        {
            if (added.Source?.Length is not { } length || !bySize.TryGetValue(length, out List<FtpSyncEntry>? candidates))
            {
                continue;
            }

            foreach (FtpSyncEntry candidate in candidates)
            {
                if (await HasSameContentAsync(added, candidate, length, cancellationToken).ConfigureAwait(false))
                {
                    moves.Add(added with
                    {
                        Action = FtpSyncAction.Move,
                        MovedFrom = isDownload ? candidate.LocalPath : candidate.RemotePath,
                        Target = candidate.Target,
                    });
                    replaced.Add(added);
                    replaced.Add(candidate);
                    candidates.Remove(candidate);
                    break;
                }
            }
        }

        files.RemoveAll(replaced.Contains);
        deletions.RemoveAll(replaced.Contains);
        return moves;
    }

    private async Task<bool> HasSameContentAsync(
        FtpSyncEntry added, FtpSyncEntry candidate, long length, CancellationToken cancellationToken)
    {
        (string local, string remote) = isDownload
            ? (candidate.LocalPath, added.RemotePath)
            : (added.LocalPath, candidate.RemotePath);
        string? remoteHash = await GetRemoteHashAsync(remote, length, cancellationToken).ConfigureAwait(false);
        return remoteHash is not null && remoteHash == await GetLocalHashAsync(local, cancellationToken).ConfigureAwait(false);
    }

    private async Task<string?> GetRemoteHashAsync(string path, long length, CancellationToken cancellationToken)
    {
        string key = $"remote {path}";
        if (!_hashes.TryGetValue(key, out string? hash))
        {
            byte[]? bytes = await pool.RunAsync(
                (connection, token) => RemoteHash.RequestAsync(connection, path, length, isWhole: true, token), cancellationToken)
                .ConfigureAwait(false);
            _hashes[key] = hash = bytes is null ? null : Convert.ToHexStringLower(bytes);
        }

        return hash;
    }

    private async Task<string?> GetLocalHashAsync(string path, CancellationToken cancellationToken)
    {
        string key = $"local {path}";
        if (!_hashes.TryGetValue(key, out string? hash))
        {
            try
            {
                FileStream stream = File.OpenRead(path);
                await using (stream.ConfigureAwait(false))
                {
                    hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                hash = null; // the transfer reports the error of this file
            }

            _hashes[key] = hash;
        }

        return hash;
    }
}
