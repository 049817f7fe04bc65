using Fts.Client.Pool;
using Fts.Protocol;

namespace Fts.Client.Sync;

/// <summary>Executes the plan of a sync: directories, transfers, moves, and deletions last.</summary>
internal sealed class SyncExecution(FtpClient client, ConnectionPool pool, FtpSyncPlan plan)
{
    /// <summary>
    /// The minimum length in bytes of an upload that is resumed. For a smaller file, the check takes longer than it saves.
    /// </summary>
    private const long MinResumedLength = 1024 * 1024;

    private readonly List<FtpSyncEntryResult> _results = [];
    private readonly SyncTarget _target = new(client, plan);

    private bool IsDownload => plan.Direction == FtpMirrorDirection.Download;

    /// <summary>Executes the plan. The parameters are described at <see cref="FtpClient.SyncAsync"/>.</summary>
    public async Task<FtpSyncResult> RunAsync(
        FtpTransferOptions? options,
        bool requireUnchanged,
        IProgress<FtpBatchResult>? progress,
        IProgress<FtpProgress>? fileProgress,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<FtpSyncEntry> entries = plan.Entries;
        if (requireUnchanged)
        {
            entries = await RemoveChangedAsync(entries, cancellationToken).ConfigureAwait(false);
        }

        ILookup<FtpSyncAction, FtpSyncEntry> byAction = entries.ToLookup(entry => entry.Action);
        List<FtpSyncEntry> transfers = [.. byAction[FtpSyncAction.Add], .. byAction[FtpSyncAction.Change]];
        await KeepReplacedAsync(transfers, cancellationToken).ConfigureAwait(false);
        await TransferAsync(
            [.. byAction[FtpSyncAction.CreateDirectory]], transfers, options, progress, fileProgress, cancellationToken)
            .ConfigureAwait(false);
        foreach (FtpSyncEntry entry in byAction[FtpSyncAction.Move])
        {
            await RunEntryAsync(entry, () => _target.MoveAsync(entry, cancellationToken)).ConfigureAwait(false);
        }

        bool hasFailed = _results.Exists(result => result.Exception is not null);
        foreach (FtpSyncEntry entry in byAction[FtpSyncAction.DeleteFile].Concat(byAction[FtpSyncAction.DeleteDirectory]))
        {
            if (hasFailed)
            {
                _results.Add(new FtpSyncEntryResult(entry, null) { IsPostponed = true });
            }
            else
            {
                await RunEntryAsync(entry, () => _target.DeleteAsync(entry, cancellationToken)).ConfigureAwait(false);
            }
        }

        return new FtpSyncResult(_results);
    }

    /// <summary>Returns the entries whose source and target are as in the plan. The others fail.</summary>
    private async Task<IReadOnlyList<FtpSyncEntry>> RemoveChangedAsync(
        IReadOnlyList<FtpSyncEntry> entries, CancellationToken cancellationToken)
    {
        var states = new SyncPresentStates(client, plan.Direction);
        var unchanged = new List<FtpSyncEntry>();
        foreach (FtpSyncEntry entry in entries)
        {
            if (await states.FindChangeAsync(entry, cancellationToken).ConfigureAwait(false) is { } change)
            {
                _results.Add(new FtpSyncEntryResult(entry, new FtpException(change)));
            }
            else
            {
                unchanged.Add(entry);
            }
        }

        return unchanged;
    }

    /// <summary>Moves the files that transfers replace into the trash. A file that cannot be moved is not transferred.</summary>
    private async Task KeepReplacedAsync(List<FtpSyncEntry> transfers, CancellationToken cancellationToken)
    {
        foreach (FtpSyncEntry entry in transfers.FindAll(entry => plan.Trash is not null && entry.Action == FtpSyncAction.Change))
        {
            try
            {
                await _target.MoveToTrashAsync(entry, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (IsFailureOfEntry(e))
            {
                _results.Add(new FtpSyncEntryResult(entry, e));
                transfers.Remove(entry);
            }
        }
    }

    private async Task TransferAsync(
        IReadOnlyList<FtpSyncEntry> directories,
        IReadOnlyList<FtpSyncEntry> transfers,
        FtpTransferOptions? options,
        IProgress<FtpBatchResult>? progress,
        IProgress<FtpProgress>? fileProgress,
        CancellationToken cancellationToken)
    {
        var entryByPath = transfers.ToDictionary(entry => entry.RemotePath, StringComparer.Ordinal);
        var batch = new FtpMirrorPlan(plan.Direction, plan.LocalDirectory, plan.RemoteDirectory)
        {
            Directories = [.. directories.Select(entry => IsDownload ? entry.LocalPath : entry.RemotePath)],
            Files =
            [
                .. transfers.Select(entry => new FtpBatchFile(entry.LocalPath, entry.RemotePath)
                {
                    SourceEntry = entry.RemoteEntry,
                    Progress = fileProgress,
                }),
            ],
        };
        var successes = progress is null ? null : new SuccessFilter(progress);
        FtpMirrorResult result = await TransferBatchAsync(batch, entryByPath, options, successes, cancellationToken).ConfigureAwait(false);
        var failedDirectories = result.Failures.ToLookup(failure => failure.Path, failure => failure.Exception, StringComparer.Ordinal);
        _results.AddRange(directories.Select(entry => new FtpSyncEntryResult(
            entry, failedDirectories[IsDownload ? entry.LocalPath : entry.RemotePath].FirstOrDefault())));
        foreach (FtpBatchResult file in result.Files)
        {
            FtpSyncEntry entry = entryByPath[file.File.RemotePath];
            bool hasVanished = file.Exception is { } e && await HasVanishedAsync(entry, e, cancellationToken).ConfigureAwait(false);
            if (file.Exception is not null && !hasVanished)
            {
                progress?.Report(file);
                await _target.RestoreAsync(entry, cancellationToken).ConfigureAwait(false);
            }

            _results.Add(new FtpSyncEntryResult(entry, hasVanished ? null : file.Exception) { HasVanished = hasVanished });
        }
    }

    /// <summary>
    /// Creates the directories and transfers the files. A large upload that an earlier run began is resumed after its stored bytes. If the
    /// stored bytes are not the beginning of the local file, the whole file is sent.
    /// </summary>
    private async Task<FtpMirrorResult> TransferBatchAsync(
        FtpMirrorPlan batch,
        Dictionary<string, FtpSyncEntry> entryByPath,
        FtpTransferOptions? options,
        SuccessFilter? progress,
        CancellationToken cancellationToken)
    {
        var mirror = new Mirror(client, pool);
        FtpMirrorPlan small = batch with { Files = [.. batch.Files.Where(file => !CanResume(entryByPath[file.RemotePath]))] };
        FtpMirrorResult result = await mirror.ApplyAsync(small, options, progress, cancellationToken).ConfigureAwait(false);
        FtpMirrorPlan large = batch with
        {
            Directories = [],
            Files = [.. batch.Files.Where(file => CanResume(entryByPath[file.RemotePath]))],
        };
        if (large.Files.Count == 0)
        {
            return result;
        }

        FtpTransferOptions resuming = (options ?? FtpTransferOptions.Default) with { Resume = FtpResume.PartialOrTarget };
        FtpMirrorResult resumed = await mirror.ApplyAsync(large, resuming, progress, cancellationToken).ConfigureAwait(false);
        ILookup<bool, FtpBatchResult> byDifference = resumed.Files.ToLookup(file => file.Exception is FtpTargetExistsException);
        FtpMirrorPlan different = large with { Files = [.. byDifference[true].Select(file => file.File)] };
        FtpMirrorResult replaced = await mirror.ApplyAsync(different, options, progress, cancellationToken).ConfigureAwait(false);
        return result with { Files = [.. result.Files, .. byDifference[false], .. replaced.Files] };
    }

    /// <summary>
    /// Returns whether an upload can continue after stored bytes: they are a hidden partial upload, or the server can hash them.
    /// </summary>
    private bool CanResume(FtpSyncEntry entry) =>
        !IsDownload && entry.Source?.Length >= MinResumedLength
        && (entry.Action == FtpSyncAction.Add
            || (pool.Features is { } features
                && (features.Supports("XSHA256") || (features.Supports("HASH") && features.Supports("RANG")))));

    /// <summary>Returns whether a transfer failed because its source does not exist any more.</summary>
    private async Task<bool> HasVanishedAsync(FtpSyncEntry entry, Exception exception, CancellationToken cancellationToken)
    {
        if (!IsDownload)
        {
            return exception is FileNotFoundException or DirectoryNotFoundException
                && !entry.LocalPath.Contains('\uFFFD', StringComparison.Ordinal) && !File.Exists(entry.LocalPath);
        }

        return exception is FtpReplyException { Reply.Code: FtpReplyCode.FileUnavailable }
            && await _target.IsMissingOnServerAsync(entry.RemotePath, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs one change of the target, and records its result. The change returns whether the entry still existed.</summary>
    private async Task RunEntryAsync(FtpSyncEntry entry, Func<Task<bool>> change)
    {
        try
        {
            bool existed = await change().ConfigureAwait(false);
            _results.Add(new FtpSyncEntryResult(entry, null) { HasVanished = !existed });
        }
        catch (Exception e) when (IsFailureOfEntry(e))
        {
            _results.Add(new FtpSyncEntryResult(entry, e));
        }
    }

    private static bool IsFailureOfEntry(Exception exception) =>
        exception is (FtpException and not FtpConnectionException) or IOException or UnauthorizedAccessException or ArgumentException;

    /// <summary>Forwards successful transfers at once. Failures are reported later, after the check whether the file vanished.</summary>
    private sealed class SuccessFilter(IProgress<FtpBatchResult> progress) : IProgress<FtpBatchResult>
    {
        public void Report(FtpBatchResult value)
        {
            if (value.Succeeded)
            {
                progress.Report(value);
            }
        }
    }
}
