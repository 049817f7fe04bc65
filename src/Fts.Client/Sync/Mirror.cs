using System.Collections.Concurrent;
using Fts.Client.Listings;
using Fts.Client.Pool;
using Fts.Protocol;

namespace Fts.Client.Sync;

/// <summary>Plans a mirror and does what is planned.</summary>
internal sealed class Mirror(FtpClient client, ConnectionPool pool)
{
    public async Task<FtpMirrorPlan> PlanAsync(FtpMirrorPlan plan, CancellationToken cancellationToken)
    {
        FtpEntry? there = await FindDirectoryAsync(plan.RemoteDirectory, cancellationToken).ConfigureAwait(false);
        bool isHere = Directory.Exists(plan.LocalDirectory), isDownload = plan.Direction == FtpMirrorDirection.Download;
        List<string> missing = isDownload ? isHere ? [] : [plan.LocalDirectory] : there is null ? await FindMissingDirectoriesAsync(plan.RemoteDirectory, cancellationToken).ConfigureAwait(false) : [];
        var top = new MirrorDirectory(plan.LocalDirectory, plan.RemoteDirectory, isDownload ? isHere : there is not null, there?.UniqueId, null);
        FtpMirrorPlan empty = plan;
        bool couldListByPath = !pool.ServerProfile.ListingProfile.ShouldEnterDirectory;
        plan = await new MirrorPlanner(client, pool, empty).RunAsync(top, missing, cancellationToken).ConfigureAwait(false);
        if (couldListByPath && pool.ServerProfile.ListingProfile.ShouldEnterDirectory)
        {
            // Earlier listings may be of another folder, because the server ignored the path. Plan again.
            plan = await new MirrorPlanner(client, pool, empty).RunAsync(top, missing, cancellationToken).ConfigureAwait(false);
        }

        // Some servers list what is not there as if it were empty.
        return isDownload && there is null && plan is { Files: [], Unchanged: 0, Skipped: 0, Failures: [], UnreadableEntries: [] } && plan.Directories.Count == missing.Count
            ? throw new FtpException($"there is no folder {plan.RemoteDirectory.ToPrintable()} on the server")
            : plan;
    }

    public async Task<FtpMirrorResult> ApplyAsync(FtpMirrorPlan plan, FtpTransferOptions? options, IProgress<FtpBatchResult>? progress, CancellationToken cancellationToken)
    {
        bool isDownload = plan.Direction == FtpMirrorDirection.Download;
        List<FtpMirrorFailure> failures = isDownload ? CreateLocalDirectories(plan.Directories) : await CreateRemoteDirectoriesAsync(plan.Directories, cancellationToken).ConfigureAwait(false);
        // What has nowhere to go is not tried, and fails for its folder's reason.
        var nowhere = new List<FtpBatchResult>();
        var files = new List<FtpBatchFile>();
        foreach (FtpBatchFile file in plan.Files)
        {
            if (failures.Find(failure => IsInside(isDownload ? file.LocalPath : file.RemotePath, failure.Path)) is { } failed)
            {
                nowhere.Add(new FtpBatchResult(file, null, failed.Exception));
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

    private static List<FtpMirrorFailure> CreateLocalDirectories(IEnumerable<string> directories)
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
    private async Task<List<FtpMirrorFailure>> CreateRemoteDirectoriesAsync(IEnumerable<string> directories, CancellationToken cancellationToken)
    {
        const int WorthConnection = 32;
        var failures = new ConcurrentQueue<FtpMirrorFailure>();
        foreach (IGrouping<int, string> level in directories.GroupBy(directory => directory.Count(c => c == '/')).OrderBy(level => level.Key))
        {
            var rest = new ConcurrentQueue<string>(level);
            int connections = Math.Min(client.Options.MaxConnections, 1 + (rest.Count / WorthConnection));
            await ConnectionWorkers.RunAsync(pool, connections, token => CreateDirectoriesAsync(rest, failures, token), cancellationToken).ConfigureAwait(false);
        }

        return [.. failures];
    }

    private async Task CreateDirectoriesAsync(ConcurrentQueue<string> directories, ConcurrentQueue<FtpMirrorFailure> failures, CancellationToken cancellationToken)
    {
        while (directories.TryDequeue(out string? directory))
        {
            try
            {
                await client.CreateDirectoryAsync(directory, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is FtpException or ArgumentException)
            {
                if (e is not FtpReplyException || await FindDirectoryAsync(directory, cancellationToken).ConfigureAwait(false) is null)
                {
                    failures.Enqueue(new FtpMirrorFailure(directory, e));
                }
            }
        }
    }

    /// <summary>The folder, and those above it, that are not there, from the top down.</summary>
    private async Task<List<string>> FindMissingDirectoriesAsync(string directory, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        for (string path = directory; path.TrimEnd('/').Length > 0 && (missing.Count == 0 || await FindDirectoryAsync(path, cancellationToken).ConfigureAwait(false) is null); path = RemotePath.GetParent(path))
        {
            missing.Insert(0, path);
        }

        return missing;
    }

    /// <exception cref="FtpException">It is a file.</exception>
    private async Task<FtpEntry?> FindDirectoryAsync(string path, CancellationToken cancellationToken)
    {
        FtpEntry? entry = path.Length == 0 ? new FtpEntry { Path = "", Name = "", Kind = FtpEntryKind.Directory }
            : await pool.RunAsync((connection, token) => RemoteMetadata.GetDirectoryAsync(connection, path, token), cancellationToken).ConfigureAwait(false);
        return entry?.Kind == FtpEntryKind.File ? throw new FtpException($"{path.ToPrintable()} is a file on the server") : entry;
    }

    private static bool IsInside(string path, string directory) => path.StartsWith(directory, StringComparison.Ordinal) && path.Length > directory.Length && path[directory.Length] is '/' or '\\';
}
