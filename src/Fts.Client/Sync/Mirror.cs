using System.Collections.Concurrent;
using Fts.Client.Connections;
using Fts.Client.Listings;
using Fts.Client.Pool;
using Fts.Protocol;

namespace Fts.Client.Sync;

/// <summary>Plans and executes a mirror.</summary>
internal sealed class Mirror(FtpClient client, ConnectionPool pool)
{
    /// <summary>Compares the trees and returns the complete plan.</summary>
    /// <param name="empty">An empty plan with the direction and the roots of the trees.</param>
    /// <param name="cancellationToken">Cancels the comparison.</param>
    public async Task<FtpMirrorPlan> PlanAsync(FtpMirrorPlan empty, CancellationToken cancellationToken)
    {
        FtpEntry? remote = await GetDirectoryAsync(empty.RemoteDirectory, cancellationToken).ConfigureAwait(false);
        bool isDownload = empty.Direction == FtpMirrorDirection.Download;
        bool isInTarget = isDownload ? Directory.Exists(empty.LocalDirectory) : remote is not null;
        List<string> missing = [];
        if (!isInTarget)
        {
            missing = isDownload
                ? [empty.LocalDirectory]
                : await GetMissingDirectoriesAsync(empty.RemoteDirectory, cancellationToken).ConfigureAwait(false);
        }

        var root = new MirrorDirectory(empty.LocalDirectory, empty.RemoteDirectory, isInTarget, remote?.UniqueId, null);
        bool couldListByPath = !pool.ServerProfile.ListingProfile.ShouldEnterDirectory;
        FtpMirrorPlan plan = await new MirrorPlanner(client, pool, empty).RunAsync(root, missing, cancellationToken).ConfigureAwait(false);
        if (couldListByPath && pool.ServerProfile.ListingProfile.ShouldEnterDirectory)
        {
            // The server ignores paths in LIST, so earlier listings may be of another directory. Plan again.
            plan = await new MirrorPlanner(client, pool, empty).RunAsync(root, missing, cancellationToken).ConfigureAwait(false);
        }

        // Some servers send an empty listing for a missing directory.
        bool hasNoDifferentFile = plan is { Files: [], Differences: null or { Files: [], Candidates: [] } };
        bool isEmptySource = hasNoDifferentFile && plan is { Unchanged: 0, Skipped: 0, Failures: [], UnreadableEntries: [] }
            && plan.Directories.Count == missing.Count;
        return isDownload && remote is null && isEmptySource
            ? throw new FtpException($"the folder {plan.RemoteDirectory.ToPrintable()} does not exist on the server")
            : plan;
    }

    /// <summary>Creates the directories of a plan, and then transfers its files.</summary>
    public async Task<FtpMirrorResult> ApplyAsync(
        FtpMirrorPlan plan, FtpTransferOptions? options, IProgress<FtpBatchResult>? progress, CancellationToken cancellationToken)
    {
        bool isDownload = plan.Direction == FtpMirrorDirection.Download;
        List<FtpMirrorFailure> failures = isDownload
            ? CreateLocalDirectories(plan.Directories)
            : await CreateRemoteDirectoriesAsync(plan.Directories, cancellationToken).ConfigureAwait(false);
        if (failures.Count == 0)
        {
            return new FtpMirrorResult(await TransferAsync(plan.Files).ConfigureAwait(false), failures);
        }

        // A file whose directory could not be created fails with the exception of the directory.
        var exceptions = new Dictionary<string, Exception>(StringComparer.Ordinal);
        failures.ForEach(failure => exceptions.TryAdd(failure.Path, failure.Exception));
        var failedFiles = new List<FtpBatchResult>();
        var files = new List<FtpBatchFile>();
        foreach (FtpBatchFile file in plan.Files)
        {
            if (FindDirectoryException(file) is { } exception)
            {
                failedFiles.Add(new FtpBatchResult(file, null, exception));
                progress?.Report(failedFiles[^1]);
            }
            else
            {
                files.Add(file);
            }
        }

        return new FtpMirrorResult([.. failedFiles, .. await TransferAsync(files).ConfigureAwait(false)], failures);

        Task<IReadOnlyList<FtpBatchResult>> TransferAsync(IReadOnlyList<FtpBatchFile> batch) => isDownload
            ? client.DownloadManyAsync(batch, options, progress, cancellationToken)
            : client.UploadManyAsync(batch, options, progress, cancellationToken);

        Exception? FindDirectoryException(FtpBatchFile file)
        {
            string? directory = isDownload ? Path.GetDirectoryName(file.LocalPath) : RemotePath.GetParent(file.RemotePath);
            while (!string.IsNullOrEmpty(directory))
            {
                if (exceptions.TryGetValue(directory, out Exception? exception))
                {
                    return exception;
                }

                string? parent = isDownload ? Path.GetDirectoryName(directory) : RemotePath.GetParent(directory);
                directory = parent == directory ? null : parent;
            }

            return null;
        }
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

    /// <summary>
    /// Creates directories on the server, parents first. If the server can execute pipelined commands, creates many directories in one
    /// round trip. The remaining directories are created separately, level by level.
    /// </summary>
    private async Task<List<FtpMirrorFailure>> CreateRemoteDirectoriesAsync(
        IReadOnlyList<string> directories, CancellationToken cancellationToken)
    {
        const int DirectoriesPerConnection = 8; // for fewer directories, an additional login takes longer than it saves
        var failures = new ConcurrentQueue<FtpMirrorFailure>();
        List<string> remaining = await CreatePipelinedAsync(directories, cancellationToken).ConfigureAwait(false);
        IEnumerable<IGrouping<int, string>> levels =
            remaining.GroupBy(directory => directory.Count(c => c == '/')).OrderBy(level => level.Key);
        foreach (IGrouping<int, string> level in levels)
        {
            var waiting = new ConcurrentQueue<string>(level);
            int connections = Math.Min(client.Options.MaxConnections, 1 + (waiting.Count / DirectoriesPerConnection));
            await ConnectionWorkers.RunAsync(
                pool, connections, token => CreateDirectoriesAsync(waiting, failures, token), cancellationToken).ConfigureAwait(false);
        }

        return [.. failures];
    }

    /// <summary>
    /// Creates directories with pipelined commands over one connection, parents first. Returns the directories without a positive reply.
    /// </summary>
    /// <remarks>Only servers with block mode are known to execute pipelined commands.</remarks>
    private async Task<List<string>> CreatePipelinedAsync(IReadOnlyList<string> directories, CancellationToken cancellationToken)
    {
        // The client and the server could wait for each other if the commands or the replies did not fit into the socket buffers.
        const int MaxCommands = 256, MaxCharacters = 8 * 1024;
        var remaining = new List<string>();
        int next = 0;
        if (directories.Count <= 1 || pool.Features is { HasBlockMode: false })
        {
            return [.. directories];
        }

        PoolLease lease;
        try
        {
            lease = await pool.AcquireAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (FtpException e) when (!e.IsLoginOrTrustFailure())
        {
            return [.. directories]; // the separate commands that follow record the failure of each directory
        }

        await using (lease.ConfigureAwait(false))
        {
            var group = new List<FtpCommand>();
            while (next < directories.Count && lease.Connection.Features.HasBlockMode)
            {
                group.Clear();
                for (int length = 0; next < directories.Count && group.Count < MaxCommands && length < MaxCharacters; next++)
                {
                    if (TryCreateCommand(lease.Connection, directories[next]) is { } command)
                    {
                        group.Add(command);
                        length += command.Argument.Length;
                    }
                    else
                    {
                        remaining.Add(directories[next]);
                    }
                }

                try
                {
                    List<FtpReply> replies = group.Count == 0
                        ? []
                        : await lease.Connection.SendTogetherAsync(group, cancellationToken).ConfigureAwait(false);
                    remaining.AddRange(group.Zip(replies).Where(pair => !pair.Second.IsCompletion).Select(pair => pair.First.Argument));
                }
                catch (FtpException)
                {
                    // The separate commands that follow detect which directories exist, or that the server is unreachable.
                    remaining.AddRange(group.Select(command => command.Argument));
                    break;
                }
            }
        }

        return [.. remaining, .. directories.Skip(next)];
    }

    /// <summary>Returns the command that creates a directory, or null if its path cannot be sent.</summary>
    private static FtpCommand? TryCreateCommand(FtpConnection connection, string directory)
    {
        try
        {
            FtpCommand command = ClientCommand.Create("MKD", directory);
            connection.Text.EncodeLine(command.ToString());
            return command;
        }
        catch (ArgumentException)
        {
            return null;
        }
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
                if (e is not FtpReplyException || !await DirectoryExistsAsync(directory, cancellationToken).ConfigureAwait(false))
                {
                    failures.Enqueue(new FtpMirrorFailure(directory, e));
                }
            }
        }
    }

    /// <summary>Returns whether a directory exists on the server. Returns false if the path is a file, or if the request fails.</summary>
    private async Task<bool> DirectoryExistsAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await GetDirectoryAsync(path, cancellationToken).ConfigureAwait(false) is not null;
        }
        catch (FtpException)
        {
            return false;
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
}
