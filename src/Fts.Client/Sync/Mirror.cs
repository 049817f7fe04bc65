using System.Collections.Concurrent;
using Fts.Client.Listings;
using Fts.Client.Pool;
using Fts.Protocol;

namespace Fts.Client.Sync;

/// <summary>Plans and executes a mirror.</summary>
internal sealed class Mirror(FtpClient client, ConnectionPool pool)
{
    public async Task<FtpMirrorPlan> PlanAsync(FtpMirrorPlan plan, CancellationToken cancellationToken)
    {
        FtpEntry? remote = await GetDirectoryAsync(plan.RemoteDirectory, cancellationToken).ConfigureAwait(false);
        bool isDownload = plan.Direction == FtpMirrorDirection.Download;
        bool isInTarget = isDownload ? Directory.Exists(plan.LocalDirectory) : remote is not null;
        List<string> missing = [];
        if (!isInTarget)
        {
            missing = isDownload
                ? [plan.LocalDirectory]
                : await GetMissingDirectoriesAsync(plan.RemoteDirectory, cancellationToken).ConfigureAwait(false);
        }

        var top = new MirrorDirectory(plan.LocalDirectory, plan.RemoteDirectory, isInTarget, remote?.UniqueId, null);
        FtpMirrorPlan empty = plan;
        bool couldListByPath = !pool.ServerProfile.ListingProfile.ShouldEnterDirectory;
        plan = await new MirrorPlanner(client, pool, empty).RunAsync(top, missing, cancellationToken).ConfigureAwait(false);
        if (couldListByPath && pool.ServerProfile.ListingProfile.ShouldEnterDirectory)
        {
            // The server ignores paths in LIST, so earlier listings may be of another directory. Plan again.
            plan = await new MirrorPlanner(client, pool, empty).RunAsync(top, missing, cancellationToken).ConfigureAwait(false);
        }

        // Some servers list a missing directory as an empty one.
        bool isEmptySource = plan is { Files: [], Unchanged: 0, Skipped: 0, Failures: [], UnreadableEntries: [] }
            && plan.Directories.Count == missing.Count;
        return isDownload && remote is null && isEmptySource
            ? throw new FtpException($"the folder {plan.RemoteDirectory.ToPrintable()} does not exist on the server")
            : plan;
    }

    public async Task<FtpMirrorResult> ApplyAsync(
        FtpMirrorPlan plan, FtpTransferOptions? options, IProgress<FtpBatchResult>? progress, CancellationToken cancellationToken)
    {
        bool isDownload = plan.Direction == FtpMirrorDirection.Download;
        List<FtpMirrorFailure> failures = isDownload
            ? CreateLocalDirectories(plan.Directories)
            : await CreateRemoteDirectoriesAsync(plan.Directories, cancellationToken).ConfigureAwait(false);
        // A file whose directory could not be created fails with the exception of the directory.
        var failedFiles = new List<FtpBatchResult>();
        var files = new List<FtpBatchFile>();
        foreach (FtpBatchFile file in plan.Files)
        {
            if (failures.Find(failure => IsInside(isDownload ? file.LocalPath : file.RemotePath, failure.Path)) is { } failed)
            {
                failedFiles.Add(new FtpBatchResult(file, null, failed.Exception));
                progress?.Report(failedFiles[^1]);
            }
            else
            {
                files.Add(file);
            }
        }

        IReadOnlyList<FtpBatchResult> results = await (isDownload
            ? client.DownloadManyAsync(files, options, progress, cancellationToken)
            : client.UploadManyAsync(files, options, progress, cancellationToken)).ConfigureAwait(false);
        return new FtpMirrorResult([.. failedFiles, .. results], failures);
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

    /// <summary>Creates directories on the server, level by level, so that each parent exists before its children.</summary>
    private async Task<List<FtpMirrorFailure>> CreateRemoteDirectoriesAsync(
        IEnumerable<string> directories, CancellationToken cancellationToken)
    {
        const int DirectoriesPerConnection = 32;
        var failures = new ConcurrentQueue<FtpMirrorFailure>();
        IEnumerable<IGrouping<int, string>> levels =
            directories.GroupBy(directory => directory.Count(c => c == '/')).OrderBy(level => level.Key);
        foreach (IGrouping<int, string> level in levels)
        {
            var rest = new ConcurrentQueue<string>(level);
            int connections = Math.Min(client.Options.MaxConnections, 1 + (rest.Count / DirectoriesPerConnection));
            await ConnectionWorkers.RunAsync(pool, connections, token => CreateDirectoriesAsync(rest, failures, token), cancellationToken)
                .ConfigureAwait(false);
        }

        return [.. failures];
    }

    private async Task CreateDirectoriesAsync(
        ConcurrentQueue<string> directories, ConcurrentQueue<FtpMirrorFailure> failures, CancellationToken cancellationToken)
    {
        while (directories.TryDequeue(out string? directory))
        {
            try
            {
                await client.CreateDirectoryAsync(directory, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is FtpException or ArgumentException)
            {
                // A negative reply to MKD is not a failure if the directory exists now.
                if (e is not FtpReplyException || await GetDirectoryAsync(directory, cancellationToken).ConfigureAwait(false) is null)
                {
                    failures.Enqueue(new FtpMirrorFailure(directory, e));
                }
            }
        }
    }

    /// <summary>Returns a missing directory and its missing parents, parents first.</summary>
    private async Task<List<string>> GetMissingDirectoriesAsync(string directory, CancellationToken cancellationToken)
    {
        List<string> missing = directory.TrimEnd('/').Length > 0 ? [directory] : [];
        for (string path = RemotePath.GetParent(directory); path.TrimEnd('/').Length > 0; path = RemotePath.GetParent(path))
        {
            if (await GetDirectoryAsync(path, cancellationToken).ConfigureAwait(false) is not null)
            {
                break;
            }

            missing.Insert(0, path);
        }

        return missing;
    }

    /// <summary>Returns a directory on the server, or null if it does not exist.</summary>
    /// <exception cref="FtpException">The path is a file.</exception>
    private async Task<FtpEntry?> GetDirectoryAsync(string path, CancellationToken cancellationToken)
    {
        FtpEntry? entry = path.Length == 0
            ? new FtpEntry { Path = "", Name = "", Kind = FtpEntryKind.Directory }
            : await pool.RunAsync((connection, token) => RemoteMetadata.GetDirectoryAsync(connection, path, token), cancellationToken)
                .ConfigureAwait(false);
        return entry?.Kind == FtpEntryKind.File ? throw new FtpException($"{path.ToPrintable()} is a file on the server") : entry;
    }

    private static bool IsInside(string path, string directory) =>
        path.StartsWith(directory, StringComparison.Ordinal) && path.Length > directory.Length && path[directory.Length] is '/' or '\\';
}
