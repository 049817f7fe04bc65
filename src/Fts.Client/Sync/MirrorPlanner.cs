using System.Net.Sockets;
using Fts.Client.Batch;
using Fts.Client.Listings;
using Fts.Client.Pool;
using Fts.Protocol;

namespace Fts.Client.Sync;

/// <summary>
/// Compares two trees and records the directories and files to create or replace in the target. If the server supports block mode, the
/// planner lists directories with pipelined commands. Otherwise, it lists one directory at a time on each connection.
/// </summary>
internal sealed class MirrorPlanner(FtpClient client, ConnectionPool pool, FtpMirrorPlan plan)
{
    /// <summary>
    /// The maximum number of levels below the root. Real trees are not deeper, but a link to an ancestor can make a tree appear endless.
    /// </summary>
    private const int MaxDepth = 128;

    /// <summary>
    /// The number of waiting directories for each additional connection. For fewer directories, the login on another connection takes
    /// longer than the connection saves.
    /// </summary>
    private const int DirectoriesPerConnection = 4;

    /// <summary>
    /// The maximum number of pipelined listings if the round-trip time is shorter than <see cref="ShortRoundTrip"/>. More listings would
    /// leave no directories for the other connections.
    /// </summary>
    private const int MaxListingsOnShortRoundTrip = 4;

    private static readonly TimeSpan ShortRoundTrip = TimeSpan.FromMilliseconds(2);

    private readonly Lock _lock = new();
    // Protected by _lock.
    private readonly List<MirrorDirectory> _missingDirectories = [];
    private readonly List<FtpBatchFile> _files = [];
    private readonly List<FtpMirrorFailure> _failures = [];
    private readonly List<FtpEntry> _unreadableEntries = [];
    private readonly SyncDifferences? _differences = plan.Differences is { } empty ? new SyncDifferences(empty.IsByChecksum) : null;
    private List<MirrorDirectory> _localOnlyDirectories = [];
    private long _bytes;
    private int _unchangedCount, _skippedCount;

    private int _entryCount; // changed with Interlocked
    private volatile bool _isTooLarge;

    private bool IsDownload => plan.Direction == FtpMirrorDirection.Download;

    /// <summary>Compares the trees and returns the plan.</summary>
    /// <param name="root">The root of the trees.</param>
    /// <param name="missing">The missing directories of the target: its root and the parents of the root.</param>
    /// <param name="cancellationToken">Cancels the comparison.</param>
    public async Task<FtpMirrorPlan> RunAsync(MirrorDirectory root, IEnumerable<string> missing, CancellationToken cancellationToken)
    {
        if (IsDownload || root.IsInTarget)
        {
            var queue = new MirrorQueue(root);
            await RunWorkersAsync(queue, CompareInBlockModeAsync, cancellationToken).ConfigureAwait(false);
            queue.RequeueSetAside();
            await RunWorkersAsync(queue, CompareSeparatelyAsync, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            _localOnlyDirectories.Add(root);
        }

        await CompareLocalOnlyDirectoriesAsync(cancellationToken).ConfigureAwait(false);
        IEnumerable<string> directories = _missingDirectories
            .Select(directory => (directory.Depth, Path: IsDownload ? directory.Local : directory.Remote))
            .OrderBy(directory => directory.Depth).ThenBy(directory => directory.Path, StringComparer.Ordinal)
            .Select(directory => directory.Path);
        _files.Sort((a, b) => string.CompareOrdinal(a.RemotePath, b.RemotePath));
        return plan with
        {
            Directories = [.. missing, .. directories],
            Files = _files,
            Bytes = _bytes,
            Unchanged = _unchangedCount,
            Skipped = _skippedCount,
            Failures = _failures,
            UnreadableEntries = _unreadableEntries,
            Differences = _differences,
        };
    }

    /// <summary>
    /// Compares a listed directory. Returns the subdirectories that must be listed on the server, or null if the root of the tree cannot be
    /// compared.
    /// </summary>
    /// <remarks>If another directory cannot be compared, adds a failure to the plan and returns no subdirectories.</remarks>
    public List<MirrorDirectory>? TryCompare(MirrorDirectory directory, List<FtpEntry> remote)
    {
        try
        {
            return Compare(directory, IsDownload && !directory.IsInTarget ? [] : ListLocal(directory.Local), remote);
        }
        catch (Exception e) when (IsFailureOfDirectory(e))
        {
            if (directory.IsRoot)
            {
                return null;
            }

            AddFailure(directory, e);
            return [];
        }
    }

    /// <summary>Counts an entry of a remote listing towards <see cref="FtpLimits.MirrorEntries"/>.</summary>
    /// <exception cref="FtpProtocolException">The tree has more entries than <see cref="FtpLimits.MirrorEntries"/>.</exception>
    public void CountEntry()
    {
        if (Interlocked.Increment(ref _entryCount) > client.Options.Limits.MirrorEntries)
        {
            _isTooLarge = true;
            throw CreateTooLargeException();
        }
    }

    /// <summary>Subtracts the entries of a discarded listing, because the directory is listed again.</summary>
    public void SubtractEntries(int count) => Interlocked.Add(ref _entryCount, -count);

    /// <summary>
    /// Runs workers until the queue is empty. The first worker starts immediately. Another worker starts when the queue has enough
    /// directories for it.
    /// </summary>
    private async Task RunWorkersAsync(
        MirrorQueue queue, Func<MirrorQueue, CancellationToken, Task> compare, CancellationToken cancellationToken)
    {
        await ConnectionWorkers.RunAsync(
            pool,
            client.Options.MaxConnections,
            async token =>
            {
                try
                {
                    await compare(queue, token).ConfigureAwait(false);
                }
                catch
                {
                    queue.Stop(); // the other workers must not wait for directories of this worker
                    throw;
                }
            },
            cancellationToken,
            (number, token) => queue.WaitForBacklogAsync((number - 1) * DirectoriesPerConnection, token)).ConfigureAwait(false);
    }

    /// <summary>
    /// Lists and compares queued directories over one connection in block mode. Directories without a result are set aside for separate
    /// listings, for example after the failure of the connection.
    /// </summary>
    private async Task CompareInBlockModeAsync(MirrorQueue queue, CancellationToken cancellationToken)
    {
        PoolLease lease = await pool.AcquireAsync(cancellationToken, "listing of folders for a mirror").ConfigureAwait(false);
        BlockListing? listing = null;
        try
        {
            await using (lease.ConfigureAwait(false))
            {
                FtpConnection connection = lease.Connection;
                int maxListings = pool.ServerProfile.RoundTripTime < ShortRoundTrip
                    ? MaxListingsOnShortRoundTrip
                    : BlockPipeline<BlockListing.RequestedListing>.DefaultMaxCommands;
                if (!CanListInBlockMode(connection)
                    || await BlockPipeline<BlockListing.RequestedListing>.OpenAsync(
                        connection, FtpDataDirection.Receive, cancellationToken, maxListings).ConfigureAwait(false) is not { } pipeline)
                {
                    return;
                }

                await using (pipeline.ConfigureAwait(false))
                {
                    listing = new BlockListing(pipeline, this, queue, connection.Text, connection.Options.Limits);
                    await listing.RunAsync().ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (
            e is FtpException or IOException or SocketException or ObjectDisposedException && !cancellationToken.IsCancellationRequested)
        {
            if (_isTooLarge)
            {
                throw CreateTooLargeException();
            }

            if (e is FtpException failure && failure.IsLoginOrTrustFailure())
            {
                throw; // a separate listing would log in again and fail in the same way
            }

            // The separate listings that follow detect whether only this connection failed, or the server is unreachable.
        }
        finally
        {
            listing?.SetAsideUnfinished();
        }
    }

    private static bool CanListInBlockMode(FtpConnection connection) =>
        connection.Features is { HasBlockMode: true, HasMachineListing: true }
        && connection.ServerProfile is { IsMachineListingUnsupported: false, ListingProfile.IsMlsdUnsupported: false }
        && connection.Options.Compression != FtpCompression.Always;

    /// <summary>Lists and compares queued directories, one at a time.</summary>
    private async Task CompareSeparatelyAsync(MirrorQueue queue, CancellationToken cancellationToken)
    {
        while (await queue.TakeAsync(cancellationToken).ConfigureAwait(false) is { } directory)
        {
            queue.Complete(await CompareSeparatelyAsync(directory, cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>
    /// Lists and compares one directory, and returns the subdirectories that must be listed on the server. Throws if the root of the tree
    /// cannot be compared. If another directory cannot be compared, adds a failure to the plan and returns no subdirectories.
    /// </summary>
    private async Task<List<MirrorDirectory>> CompareSeparatelyAsync(MirrorDirectory directory, CancellationToken cancellationToken)
    {
        try
        {
            Dictionary<string, FileSystemInfo> local = IsDownload && !directory.IsInTarget ? [] : ListLocal(directory.Local);
            List<FtpEntry> remote = await ListRemoteAsync(directory.Remote, cancellationToken).ConfigureAwait(false);
            return Compare(directory, local, remote);
        }
        catch (Exception e) when (!directory.IsRoot && IsFailureOfDirectory(e))
        {
            AddFailure(directory, e);
            return [];
        }
    }

    /// <summary>Compares the local directories that the server does not have, level by level, without a connection.</summary>
    private async Task CompareLocalOnlyDirectoriesAsync(CancellationToken cancellationToken)
    {
        while (_localOnlyDirectories.Count > 0)
        {
            (List<MirrorDirectory> level, _localOnlyDirectories) = (_localOnlyDirectories, []);
            await Parallel.ForEachAsync(level, cancellationToken, (directory, _) =>
            {
                if (TryCompare(directory, []) is null)
                {
                    // TryCompare returns null for a failure at the root. The second comparison throws the exception.
                    Compare(directory, ListLocal(directory.Local), []);
                }

                return ValueTask.CompletedTask;
            }).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Compares one directory, and returns the subdirectories that must be listed on the server. For an upload, local subdirectories that
    /// the server does not have are compared later.
    /// </summary>
    private List<MirrorDirectory> Compare(
        MirrorDirectory directory, Dictionary<string, FileSystemInfo> local, List<FtpEntry> remote)
    {
        if (directory.Depth > MaxDepth)
        {
            throw new FtpException($"the folder is more than {MaxDepth} levels deep and is not mirrored");
        }

        directory.NlstNames = remote.Exists(entry => entry.Source != FtpEntrySource.Names) ? [] : [.. remote.Select(entry => entry.Name)];
        List<FtpEntry> unreadable = remote.FindAll(entry => entry.Kind == FtpEntryKind.Unknown);
        if (unreadable.Count > 0)
        {
            remote.RemoveAll(entry => entry.Kind == FtpEntryKind.Unknown);
        }

        // If no remote entry was listed, possibly no connection was opened. The features are then unknown, and not needed.
        SyncDifferences? differences = _differences is null ? null : new SyncDifferences(_differences.IsByChecksum);
        var comparison = new DirectoryComparison(
            directory, IsDownload, remote.Count > 0 && client.Features.CanSetLastModified, differences);
        bool isRepeat = IsDownload && directory.IsRepeatOfAncestor();
        if (IsDownload && !isRepeat)
        {
            comparison.AddDownloads(local, remote);
        }
        else if (!IsDownload)
        {
            comparison.AddUploads(local, remote);
        }

        lock (_lock)
        {
            _unreadableEntries.AddRange(unreadable);
            _missingDirectories.AddRange(comparison.Children.Where(child => !child.IsInTarget));
            _files.AddRange(comparison.Files);
            _failures.AddRange(comparison.Failures);
            _differences?.Add(differences!, comparison.Children);
            (_bytes, _unchangedCount) = (_bytes + comparison.Bytes, _unchangedCount + comparison.UnchangedCount);
            _skippedCount += comparison.SkippedCount + (isRepeat ? 1 : 0);
            if (!IsDownload)
            {
                _localOnlyDirectories.AddRange(comparison.Children.Where(child => !child.IsInTarget));
            }
        }

        return IsDownload ? comparison.Children : comparison.Children.FindAll(child => child.IsInTarget);
    }

    private Dictionary<string, FileSystemInfo> ListLocal(string path) => new DirectoryInfo(path)
        .EnumerateFileSystemInfos("*", LocalEntries.All)
        .ToDictionary(entry => entry.Name, IsDownload ? DirectoryComparison.LocalNameComparer : StringComparer.Ordinal);

    /// <summary>Lists a directory on the server, and requests the metadata of names that NLST lists without metadata.</summary>
    /// <exception cref="FtpProtocolException">The tree has more entries than <see cref="FtpLimits.MirrorEntries"/>.</exception>
    private async Task<List<FtpEntry>> ListRemoteAsync(string path, CancellationToken cancellationToken)
    {
        var entries = new List<FtpEntry>();
        await foreach (FtpEntry entry in client.ListAsync(path, cancellationToken).ConfigureAwait(false))
        {
            entries.Add(entry);
            CountEntry();
        }

        for (int i = 0; i < entries.Count && entries[i].Source == FtpEntrySource.Names; i++)
        {
            FtpEntry named = entries[i];
            entries[i] = await pool.RunAsync(
                (connection, token) => RemoteMetadata.ResolveNameAsync(connection, named, token), cancellationToken).ConfigureAwait(false);
        }

        return entries;
    }

    /// <summary>Returns whether an error concerns one directory only, so that the other directories can be compared.</summary>
    private bool IsFailureOfDirectory(Exception exception) =>
        !_isTooLarge
        && exception is (FtpException and not FtpConnectionException) or IOException or UnauthorizedAccessException or ArgumentException;

    private FtpProtocolException CreateTooLargeException() =>
        new($"the folder and its subfolders have more than {client.Options.Limits.MirrorEntries} entries, which is the limit;"
            + " mirror the subfolders separately");

    private void AddFailure(MirrorDirectory directory, Exception exception)
    {
        lock (_lock)
        {
            _failures.Add(new FtpMirrorFailure(IsDownload ? directory.Remote : directory.Local, exception));
        }
    }
}
