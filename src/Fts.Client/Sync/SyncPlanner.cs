using System.Collections.Concurrent;
using Fts.Client.Pool;
using Fts.Client.Transfers;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Sync;

/// <summary>
/// Plans a sync. The trees are compared in the same way as for a mirror. Then hashes are compared, moves are detected, and the guards
/// decide about the deletions.
/// </summary>
internal sealed class SyncPlanner(FtpClient client, ConnectionPool pool, FtpSyncOptions options, FtpMirrorPlan empty)
{
    private readonly List<FtpMirrorFailure> _failures = [];
    private readonly List<FtpEntry> _unreadableEntries = [];
    private int _unchanged;

    private bool IsDownload => empty.Direction == FtpMirrorDirection.Download;

    /// <summary>Compares the trees and returns the plan.</summary>
    public async Task<FtpSyncPlan> PlanAsync(CancellationToken cancellationToken)
    {
        FtpMirrorPlan compared = await new Mirror(client, pool)
            .PlanAsync(empty with { Differences = new SyncDifferences(options.Checksum) }, cancellationToken).ConfigureAwait(false);
        SyncDifferences differences = compared.Differences!;
        _failures.AddRange(compared.Failures);
        _unreadableEntries.AddRange(compared.UnreadableEntries);
        _unchanged = compared.Unchanged;
        List<FtpSyncEntry> files = [.. differences.Files.Select(CreateTransfer)];
        files.AddRange(await CompareHashesAsync(differences.Candidates, cancellationToken).ConfigureAwait(false));
        var extras = new SyncExtras(client, empty, options.Trash, _failures, _unreadableEntries);
        if (options.Delete)
        {
            await extras.AddAsync(differences, cancellationToken).ConfigureAwait(false);
        }

        int sourceFiles = files.Count + _unchanged;
        int targetFiles = extras.Files.Count + _unchanged + files.Count(entry => entry.Action == FtpSyncAction.Change);
        List<FtpSyncEntry> moves = [];
        bool isComplete = _failures.Count == 0 && _unreadableEntries.Count == 0;
        if (isComplete && extras.Files.Count > 0 && pool.Features is { } features && RemoteHash.IsSupported(features))
        {
            moves = await new SyncMoves(pool, IsDownload).FindAsync(files, extras.Files, cancellationToken).ConfigureAwait(false);
        }

        string? reason = extras.Files.Count + extras.Directories.Count == 0
            ? null
            : FindBlockedDeletionReason(extras.Files.Count, sourceFiles, targetFiles);
        List<FtpSyncEntry> deletions = [.. extras.Files.OrderBy(GetTargetPath, StringComparer.Ordinal), .. extras.Directories];
        var localByRemote = differences.Directories.ToLookup(pair => pair.Remote, pair => pair.Local, StringComparer.Ordinal);
        var remoteByLocal = differences.Directories.ToLookup(pair => pair.Local, pair => pair.Remote, StringComparer.Ordinal);
        IEnumerable<FtpSyncEntry> directories = compared.Directories.Select(path => new FtpSyncEntry(
            FtpSyncAction.CreateDirectory,
            IsDownload ? path : localByRemote[path].FirstOrDefault(empty.LocalDirectory),
            IsDownload ? remoteByLocal[path].FirstOrDefault(empty.RemoteDirectory) : path));
        return new FtpSyncPlan(empty.Direction, empty.LocalDirectory, empty.RemoteDirectory)
        {
            Entries =
            [
                .. directories,
                .. files.OrderBy(entry => entry.RemotePath, StringComparer.Ordinal),
                .. moves,
                .. reason is null ? deletions : [],
            ],
            BlockedDeletionReason = reason,
            BlockedDeletions = reason is null ? 0 : deletions.Count,
            Unchanged = _unchanged,
            Skipped = compared.Skipped + extras.Skipped,
            Failures = _failures,
            UnreadableEntries = _unreadableEntries,
            Trash = options.Trash,
            Checksum = options.Checksum,
        };
    }

    /// <summary>Returns the reason why nothing may be deleted, or null.</summary>
    /// <param name="deletions">The number of files to delete.</param>
    /// <param name="sourceFiles">The number of files in the source.</param>
    /// <param name="targetFiles">The number of files in the target.</param>
    private string? FindBlockedDeletionReason(int deletions, int sourceFiles, int targetFiles)
    {
        if (_failures.Count > 0)
        {
            return "not every file and folder could be read";
        }

        if (_unreadableEntries.Count > 0)
        {
            return "a listing has lines in an unknown format";
        }

        if (options.MaxDelete is { } limit && deletions > limit)
        {
            return $"{deletions} files would be deleted, more than the limit of {limit}";
        }

        if (options.MaxDeletePercent is { } percent && deletions * 100L > (long)percent * targetFiles)
        {
            return $"{deletions} of {targetFiles} files would be deleted, more than the limit of {percent} %";
        }

        if (options.MaxDelete is not null || options.MaxDeletePercent is not null || targetFiles == 0)
        {
            return null;
        }

        return sourceFiles == 0
            ? "the source has no files"
            : sourceFiles * 2L < targetFiles
                ? $"the source has only {sourceFiles} files, and the target {targetFiles}"
                : null;
    }

    private FtpSyncEntry CreateTransfer(SyncFile file)
    {
        FtpSyncState? remote = SyncStates.FromRemote(file.Remote);
        (FtpSyncState? source, FtpSyncState? target) = IsDownload ? (remote, file.Local) : (file.Local, remote);
        return new FtpSyncEntry(target is null ? FtpSyncAction.Add : FtpSyncAction.Change, file.File.LocalPath, file.File.RemotePath)
        {
            Source = source,
            Target = target,
            RemoteEntry = file.File.SourceEntry,
        };
    }

    private string GetTargetPath(FtpSyncEntry entry) => IsDownload ? entry.LocalPath : entry.RemotePath;

    /// <summary>Compares files of the same size by hash, over several connections. Returns the files that differ.</summary>
    /// <exception cref="FtpException">The server supports no hash.</exception>
    private async Task<IEnumerable<FtpSyncEntry>> CompareHashesAsync(
        List<SyncFile> candidates, CancellationToken cancellationToken)
    {
        if (candidates.Count == 0)
        {
            return [];
        }

        if (pool.Features is not { } features || !RemoteHash.IsSupported(features))
        {
            throw new FtpException("the server supports neither HASH nor XSHA256, so contents cannot be compared by checksum");
        }

        var changed = new ConcurrentBag<FtpSyncEntry>();
        var parallel = new ParallelOptions
        {
            MaxDegreeOfParallelism = client.Options.MaxConnections,
            CancellationToken = cancellationToken,
        };
        int unchanged = 0;
        await Parallel.ForEachAsync(candidates, parallel, async (file, token) =>
        {
            try
            {
                using SafeFileHandle handle = File.OpenHandle(file.File.LocalPath, share: FileShare.ReadWrite | FileShare.Delete);
                long length = RandomAccess.GetLength(handle);
                bool? isEqual = length == 0 ? file.Remote!.Length == 0 : await pool.RunAsync(
                    (connection, cancel) => ContentComparison.CompareAsync(
                        connection, file.File.RemotePath, handle, length, isWhole: true, cancel), token).ConfigureAwait(false);
                if (isEqual == true)
                {
                    Interlocked.Increment(ref unchanged);
                }
                else
                {
                    changed.Add(CreateTransfer(file));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FtpReplyException or ArgumentException)
            {
                lock (_failures)
                {
                    _failures.Add(new FtpMirrorFailure(IsDownload ? file.File.RemotePath : file.File.LocalPath, e));
                }
            }
        }).ConfigureAwait(false);
        _unchanged += unchanged;
        return changed;
    }
}
