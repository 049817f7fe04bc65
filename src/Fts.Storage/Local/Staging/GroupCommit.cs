namespace Fts.Storage.Local.Staging;

/// <summary>
/// Commits pending files so that they outlast a power cut: content to stable storage, then the name, then the folder. What comes while one flush is under way
/// shares the next: many small uploads at once cost little more than one.
/// </summary>
internal sealed class GroupCommit
{
    private readonly Lock _lock = new();
    private List<Entry> _waiting = [];
    private bool _isRunning;

    /// <summary>Completes when the file has its name and both are on stable storage; fails as <see cref="IPendingFile.Commit"/> does.</summary>
    public Task CommitAsync(IPendingFile file)
    {
        var entry = new Entry(file);
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
            List<Entry> group;
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
    private static void Commit(List<Entry> group)
    {
        // All at once, so that the disk has all of them before one is waited for.
        foreach (Entry entry in group)
        {
            entry.File.BeginFlush();
        }

        foreach (Entry entry in group)
        {
            entry.Try(entry.File.Flush);
        }

        // Only then the names: a file system that keeps a journal would write it out for every flush that follows a rename.
        foreach (Entry entry in group)
        {
            entry.Try(entry.File.Commit);
        }

        foreach (IGrouping<ulong, Entry> folder in group.Where(entry => entry.Failure is null).GroupBy(entry => entry.File.FolderId).ToList())
        {
            Entry[] entries = [.. folder];
            entries[0].Try(entries[0].File.FlushFolder);
            foreach (Entry entry in entries)
            {
                entry.Failure ??= entries[0].Failure;
            }
        }

        foreach (Entry entry in group)
        {
            entry.End();
        }
    }

    private sealed class Entry(IPendingFile file)
    {
        public IPendingFile File { get; } = file;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Exception? Failure { get; set; }

        public void Try(Action step)
        {
            try
            {
                if (Failure is null)
                {
                    step();
                }
            }
            catch (Exception e)
            {
                Failure = e; // whoever waits for this file answers for it
            }
        }

        public void End()
        {
            if (Failure is null)
            {
                Done.SetResult();
            }
            else
            {
                Done.SetException(Failure);
            }
        }
    }
}
