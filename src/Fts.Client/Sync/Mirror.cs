using System.Collections.Concurrent;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>Plans a mirror and does what is planned.</summary>
internal sealed class Mirror(FtpClient client, ConnectionPool pool)
{
    public async Task<FtpMirrorPlan> PlanAsync(FtpMirrorPlan plan, CancellationToken cancellationToken)
    {
        FtpEntry? there = await FindFolderAsync(plan.RemoteFolder, cancellationToken).ConfigureAwait(false);
        bool isHere = Directory.Exists(plan.LocalFolder), isDownload = plan.Direction == FtpMirrorDirection.Download;
        List<string> missing = isDownload ? isHere ? [] : [plan.LocalFolder] : there is null ? await MissingAsync(plan.RemoteFolder, cancellationToken).ConfigureAwait(false) : [];
        var top = new MirrorFolder(plan.LocalFolder, plan.RemoteFolder, isDownload ? isHere : there is not null, there?.UniqueId, null);
        FtpMirrorPlan empty = plan;
        bool couldListByPath = !pool.Memory.Listings.NeedsFolder;
        plan = await new MirrorWalk(client, pool, empty).RunAsync(top, missing, cancellationToken).ConfigureAwait(false);
        if (couldListByPath && pool.Memory.Listings.NeedsFolder)
        {
            // Earlier listings may be of another folder, because the server ignored the path. Plan again.
            plan = await new MirrorWalk(client, pool, empty).RunAsync(top, missing, cancellationToken).ConfigureAwait(false);
        }

        // Some servers list what is not there as if it were empty.
        return isDownload && there is null && plan is { Files: [], Unchanged: 0, Skipped: 0, Failures: [], UnreadableEntries: [] } && plan.Folders.Count == missing.Count
            ? throw new FtpException($"there is no folder {plan.RemoteFolder.ToPrintable()} on the server")
            : plan;
    }

    public async Task<FtpMirrorResult> ApplyAsync(FtpMirrorPlan plan, FtpTransferOptions? options, IProgress<FtpBatchResult>? progress, CancellationToken cancellationToken)
    {
        bool isDownload = plan.Direction == FtpMirrorDirection.Download;
        List<FtpMirrorFailure> failures = isDownload ? MakeHere(plan.Folders) : await MakeThereAsync(plan.Folders, cancellationToken).ConfigureAwait(false);
        // What has nowhere to go is not tried, and fails for its folder's reason.
        var nowhere = new List<FtpBatchResult>();
        var files = new List<FtpBatchFile>();
        foreach (FtpBatchFile file in plan.Files)
        {
            if (failures.Find(failure => IsIn(isDownload ? file.LocalPath : file.RemotePath, failure.Path)) is { } failed)
            {
                nowhere.Add(new FtpBatchResult(file, null, failed.Reason));
                progress?.Report(nowhere[^1]);
            }
            else
            {
                files.Add(file);
            }
        }

        IReadOnlyList<FtpBatchResult> results = await (isDownload
            ? client.DownloadManyAsync(files, options, progress, cancellationToken)
            : client.UploadManyAsync(files, options, progress, cancellationToken)).ConfigureAwait(false);
        return new FtpMirrorResult([.. nowhere, .. results], failures);
    }

    private static List<FtpMirrorFailure> MakeHere(IEnumerable<string> directories)
    {
        var failures = new List<FtpMirrorFailure>();
        foreach (string directory in directories)
        {
            try
            {
                Directory.CreateDirectory(directory);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                failures.Add(new FtpMirrorFailure(directory, e));
            }
        }

        return failures;
    }

    /// <summary>Level by level: a folder's parent is there before it.</summary>
    private async Task<List<FtpMirrorFailure>> MakeThereAsync(IEnumerable<string> directories, CancellationToken cancellationToken)
    {
        const int WorthConnection = 32;
        var failures = new ConcurrentQueue<FtpMirrorFailure>();
        foreach (IGrouping<int, string> level in directories.GroupBy(directory => directory.Count(c => c == '/')).OrderBy(level => level.Key))
        {
            var rest = new ConcurrentQueue<string>(level);
            int connections = Math.Min(client.Options.MaxConnections, 1 + (rest.Count / WorthConnection));
            await Workers.RunAsync(pool, connections, token => MakeAllAsync(rest, failures, token), cancellationToken).ConfigureAwait(false);
        }

        return [.. failures];
    }

    private async Task MakeAllAsync(ConcurrentQueue<string> directories, ConcurrentQueue<FtpMirrorFailure> failures, CancellationToken cancellationToken)
    {
        while (directories.TryDequeue(out string? directory))
        {
            try
            {
                await client.CreateFolderAsync(directory, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is FtpException or ArgumentException)
            {
                if (e is not FtpReplyException || await FindFolderAsync(directory, cancellationToken).ConfigureAwait(false) is null)
                {
                    failures.Enqueue(new FtpMirrorFailure(directory, e));
                }
            }
        }
    }

    /// <summary>The folder, and those above it, that are not there, from the top down.</summary>
    private async Task<List<string>> MissingAsync(string directory, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        for (string path = directory; path.TrimEnd('/').Length > 0 && (missing.Count == 0 || await FindFolderAsync(path, cancellationToken).ConfigureAwait(false) is null); path = RemotePath.FolderOf(path))
        {
            missing.Insert(0, path);
        }

        return missing;
    }

    /// <exception cref="FtpException">It is a file.</exception>
    private async Task<FtpEntry?> FindFolderAsync(string path, CancellationToken cancellationToken)
    {
        FtpEntry? entry = path.Length == 0 ? new FtpEntry { Path = "", Name = "", Kind = FtpEntryKind.Directory }
            : await pool.RunAsync((connection, token) => RemoteFacts.FindFolderAsync(connection, path, token), cancellationToken).ConfigureAwait(false);
        return entry?.Kind == FtpEntryKind.File ? throw new FtpException($"{path.ToPrintable()} is a file on the server") : entry;
    }

    private static bool IsIn(string path, string directory) => path.StartsWith(directory, StringComparison.Ordinal) && path.Length > directory.Length && path[directory.Length] is '/' or '\\';
}
