namespace Fts.Storage.Local.Staging;

/// <summary>
/// Lets the appends of one store to the same path wait for each other without a thread. Without this queue, waiting appends could use all
/// threads of the store (<see cref="Workers.StoreWorkers"/>).
/// </summary>
/// <remarks>
/// The lock on the file still orders the appends of other processes, and of paths that lead to the same file. Thread-safe.
/// </remarks>
internal sealed class AppendQueue(TimeProvider clock)
{
    private readonly Dictionary<StorePath, FileQueue> _queues = [];

    /// <summary>Waits for a turn to append to a file. The caller disposes the turn after the append.</summary>
    /// <exception cref="StoreException">
    /// Other appends to the file did not end within <see cref="AppendCommit.MaxWait"/> (<see cref="StoreError.Busy"/>).
    /// </exception>
    public async ValueTask<IDisposable> WaitForTurnAsync(StorePath path, CancellationToken cancellationToken)
    {
        FileQueue queue = Enter(path);
        try
        {
            if (!queue.Semaphore.Wait(0, CancellationToken.None))
            {
                using var timeLimit = new CancellationTokenSource(AppendCommit.MaxWait, clock);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(timeLimit.Token, cancellationToken);
                await queue.Semaphore.WaitAsync(either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            Leave(path, queue);
            cancellationToken.ThrowIfCancellationRequested();
            throw AppendCommit.CreateLockedException(path.Name);
        }

        return new Turn(this, path, queue);
    }

    private FileQueue Enter(StorePath path)
    {
        lock (_queues)
        {
            if (!_queues.TryGetValue(path, out FileQueue? queue))
            {
                _queues.Add(path, queue = new FileQueue());
            }

            queue.AppendCount++;
            return queue;
        }
    }

    private void Leave(StorePath path, FileQueue queue)
    {
        lock (_queues)
        {
            queue.AppendCount--;
            if (queue.AppendCount == 0)
            {
                _queues.Remove(path);
                queue.Semaphore.Dispose();
            }
        }
    }

    /// <summary>The appends to one path.</summary>
    private sealed class FileQueue
    {
        /// <summary>Has a count of zero while an append has its turn.</summary>
        public SemaphoreSlim Semaphore { get; } = new(1, 1);

        /// <summary>The number of waiting and running appends. Guarded by the lock of the queues.</summary>
        public int AppendCount { get; set; }
    }

    private sealed class Turn(AppendQueue owner, StorePath path, FileQueue queue) : IDisposable
    {
        public void Dispose()
        {
            queue.Semaphore.Release();
            owner.Leave(path, queue);
        }
    }
}
