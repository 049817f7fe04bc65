namespace Fts.Storage.Local.Staging;

/// <summary>
/// Commits pending files so that they outlast a power cut: content to stable storage, then the name, then the folder. What comes while one flush is under way
/// shares the next: many small uploads at once cost little more than one.
/// </summary>
internal sealed class GroupCommit
{
    private readonly Lock _lock = new();
    private List<PendingCommit> _waiting = [];
    private bool _isRunning;

    /// <summary>Completes when the file has its name and both are on stable storage; fails as <see cref="IStagingFile.Commit"/> does.</summary>
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

        _ = Task.Run(Run);
        return entry.Done.Task;
    }

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

    /// <summary>A file whose content is not safe does not get the name of one that was.</summary>
    private static void Commit(List<PendingCommit> group)
    {
        // All at once, so that the disk has all of them before one is waited for.
        foreach (PendingCommit entry in group)
        {
            entry.File.BeginFlush();
        }

        foreach (PendingCommit entry in group)
        {
            entry.TryRun(entry.File.Flush);
        }

        // Only then the names: a file system that keeps a journal would write it out for every flush that follows a rename.
        foreach (PendingCommit entry in group)
        {
            entry.TryRun(entry.File.Commit);
        }

        foreach (IGrouping<ulong, PendingCommit> directory in group.Where(entry => entry.Exception is null).GroupBy(entry => entry.File.DirectoryId).ToList())
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

    private sealed class PendingCommit(IStagingFile file)
    {
        public IStagingFile File { get; } = file;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Exception? Exception { get; set; }

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
                Exception = e; // whoever waits for this file answers for it
            }
        }

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
