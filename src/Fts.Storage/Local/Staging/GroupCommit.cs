using Fts.Storage.Workers;

namespace Fts.Storage.Local.Staging;

/// <summary>
/// Commits staging files so that they survive a power failure: flushes the content, renames the file, and flushes the directory.
/// </summary>
/// <remarks>
/// Commits that arrive while a group is committed form the next group. The system writes the files of a group at the same time and flushes
/// each directory once, so that many small simultaneous uploads cost little more than one. Appends are not committed by this class.
/// </remarks>
internal sealed class GroupCommit(StoreWorkers workers)
{
    private readonly Lock _lock = new();
    private List<PendingCommit> _waiting = [];
    private bool _isRunning;

    /// <summary>Commits a staging file. The task completes when the content and the name are on stable storage.</summary>
    /// <exception cref="StoreException">The file could not be flushed or renamed.</exception>
    public Task CommitAsync(IStagingFile file)
    {
        var entry = new PendingCommit(file);
        lock (_lock)
        {
            _waiting.Add(entry);
            if (_isRunning)
            {
                return entry.Done.Task;
            }

            _isRunning = true;
        }

        _ = StartAsync();
        return entry.Done.Task;
    }

    /// <summary>Commits the waiting groups on a worker thread. If no worker thread is available, the waiting commits fail.</summary>
    private async Task StartAsync()
    {
        try
        {
            await workers.RunAsync(Run, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            List<PendingCommit> group;
            lock (_lock)
            {
                (group, _waiting) = (_waiting, []);
                _isRunning = false;
            }

            foreach (PendingCommit entry in group)
            {
                entry.Exception = e;
                entry.Complete();
            }
        }
    }

    /// <summary>Commits groups until none is waiting.</summary>
    private void Run()
    {
        while (true)
        {
            List<PendingCommit> group;
            lock (_lock)
            {
                (group, _waiting) = (_waiting, []);
                _isRunning = group.Count > 0;
            }

            if (group.Count == 0)
            {
                return;
            }

            Commit(group);
        }
    }

    /// <summary>Commits a group. A file whose content could not be flushed is not renamed.</summary>
    private static void Commit(List<PendingCommit> group)
    {
        // The system starts to write all files before the first flush waits.
        foreach (PendingCommit entry in group)
        {
            entry.File.BeginFlush();
        }

        foreach (PendingCommit entry in group)
        {
            entry.TryRun(entry.File.Flush);
        }

        // All renames follow the flushes, because a file system with a journal writes the journal at every flush after a rename.
        foreach (PendingCommit entry in group)
        {
            entry.TryRun(() => entry.File.Commit(isDurable: true));
        }

        List<PendingCommit> renamed = [.. group.Where(entry => entry.Exception is null)];
        foreach (IGrouping<ulong, PendingCommit> directory in renamed.GroupBy(entry => entry.File.DirectoryId))
        {
            PendingCommit[] entries = [.. directory];
            entries[0].TryRun(entries[0].File.FlushDirectory);
            foreach (PendingCommit entry in entries)
            {
                entry.Exception ??= entries[0].Exception;
            }
        }

        foreach (PendingCommit entry in group)
        {
            entry.Complete();
        }
    }

    /// <summary>A staging file that waits for its commit.</summary>
    private sealed class PendingCommit(IStagingFile file)
    {
        public IStagingFile File { get; } = file;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Exception? Exception { get; set; }

        /// <summary>Runs a step, unless an earlier step failed. If the step fails, stores the exception.</summary>
        public void TryRun(Action step)
        {
            try
            {
                if (Exception is null)
                {
                    step();
                }
            }
            catch (Exception e)
            {
                Exception = e; // Complete passes it to the caller of CommitAsync.
            }
        }

        /// <summary>Completes the task that <see cref="CommitAsync"/> returned.</summary>
        public void Complete()
        {
            if (Exception is null)
            {
                Done.SetResult();
            }
            else
            {
                Done.SetException(Exception);
            }
        }
    }
}
