using System.Diagnostics.CodeAnalysis;

namespace Fts.Client.Sync;

/// <summary>
/// The directories of a mirror that are not compared yet, in the order in which they were found. Several workers take directories, and add
/// the subdirectories that each comparison finds. Thread-safe.
/// </summary>
internal sealed class MirrorQueue
{
    private readonly Lock _lock = new();
    private readonly Queue<MirrorDirectory> _waiting = new();
    private readonly List<MirrorDirectory> _setAside = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _takenCount; // the directories that a worker is comparing
    private bool _isStopped;

    public MirrorQueue(MirrorDirectory root) => _waiting.Enqueue(root);

    /// <summary>Takes the next directory without waiting. Returns false if none is waiting, or after <see cref="Stop"/>.</summary>
    public bool TryTake([NotNullWhen(true)] out MirrorDirectory? directory)
    {
        lock (_lock)
        {
            directory = null;
            if (_isStopped || !_waiting.TryDequeue(out directory))
            {
                return false;
            }

            _takenCount++;
            return true;
        }
    }

    /// <summary>
    /// Takes the next directory. If the queue is empty, waits until a running comparison adds directories. Returns null if the queue is
    /// empty and no comparison is running, or after <see cref="Stop"/>.
    /// </summary>
    /// <remarks>The caller must await the result. A cancelled call takes no directory.</remarks>
    public async ValueTask<MirrorDirectory?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task changed;
            lock (_lock)
            {
                if (_isStopped || (_waiting.Count == 0 && _takenCount == 0))
                {
                    return null;
                }

                if (TryTake(out MirrorDirectory? directory))
                {
                    return directory;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Records that a taken directory was compared, and adds its subdirectories.</summary>
    public void Complete(IEnumerable<MirrorDirectory> children)
    {
        lock (_lock)
        {
            foreach (MirrorDirectory child in children)
            {
                _waiting.Enqueue(child);
            }

            _takenCount--;
            SignalChange();
        }
    }

    /// <summary>Sets a taken directory aside, so that it can be taken again only after <see cref="RequeueSetAside"/>.</summary>
    public void SetAside(MirrorDirectory directory)
    {
        lock (_lock)
        {
            _setAside.Add(directory);
            _takenCount--;
            SignalChange();
        }
    }

    /// <summary>Puts the directories that were set aside back into the queue.</summary>
    public void RequeueSetAside()
    {
        lock (_lock)
        {
            _setAside.ForEach(_waiting.Enqueue);
            _setAside.Clear();
            SignalChange();
        }
    }

    /// <summary>Ends all calls of <see cref="TakeAsync"/>. No directory can be taken after this call.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _isStopped = true;
            SignalChange();
        }
    }

    /// <summary>Waits until the queue contains at least the given number of directories.</summary>
    public async Task WaitForBacklogAsync(int count, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_waiting.Count >= count)
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void SignalChange()
    {
        _changed.SetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
