using Fts.Storage;

namespace Fts.Accounts.Recording;

/// <summary>A locked name in a directory, a whole directory, or everything.</summary>
/// <param name="ContainerId">The <see cref="FileEntry.Id"/> of the directory.</param>
/// <param name="Name">The name, or null for all names of the directory.</param>
internal readonly record struct EntryKey(ulong ContainerId, string? Name)
{
    /// <summary>All names in all directories.</summary>
    public static EntryKey All { get; } = new(ulong.MaxValue, null);

    public bool ConflictsWith(EntryKey other) =>
        this == All || other == All || (ContainerId == other.ContainerId && (Name is null || other.Name is null || Name == other.Name));
}

/// <summary>
/// Orders operations on the same names, so that the sizes that an operation reads before a change are still valid when it records the
/// change. Thread-safe.
/// </summary>
/// <remarks>
/// All keys of a request are granted together, so that no deadlock is possible. A request waits for earlier requests that conflict with it,
/// so that it is granted in the end.
/// </remarks>
internal sealed class EntryLocks
{
    private readonly Lock _lock = new();
    private readonly HashSet<EntryKey> _names = [];
    private readonly Dictionary<ulong, int> _namesPerContainer = [];
    private readonly List<EntryKey> _wide = []; // granted keys of whole directories and of everything
    private readonly LinkedList<Request> _waiting = [];

    /// <summary>Waits until no other operation uses the keys. Disposing the result releases them.</summary>
    public ValueTask<Grant> AcquireAsync(EntryKey key, CancellationToken cancellationToken) => AcquireAsync([key], cancellationToken);

    /// <inheritdoc cref="AcquireAsync(EntryKey, CancellationToken)"/>
    public ValueTask<Grant> AcquireAsync(EntryKey first, EntryKey second, CancellationToken cancellationToken) =>
        AcquireAsync(first.ConflictsWith(second) ? [first] : [first, second], cancellationToken);

    /// <inheritdoc cref="AcquireAsync(EntryKey, CancellationToken)"/>
    /// <param name="keys">The keys. Two keys must not conflict.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public ValueTask<Grant> AcquireAsync(EntryKey[] keys, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Request request;
        lock (_lock)
        {
            if (IsFree(keys) && !ConflictsWithWaiting(keys, before: null))
            {
                Add(keys);
                return new(new Grant(this, keys));
            }

            request = new Request(keys);
            _waiting.AddLast(request);
        }

        return new(WaitAsync(request, cancellationToken));
    }

    private async Task<Grant> WaitAsync(Request request, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.Register(() => Cancel(request, cancellationToken));
        await request.Granted.Task.ConfigureAwait(false);
        return new Grant(this, request.Keys);
    }

    private void Cancel(Request request, CancellationToken cancellationToken)
    {
        List<Request> granted;
        lock (_lock)
        {
            if (!_waiting.Remove(request))
            {
                return; // granted in the meantime
            }

            granted = GrantWaiting();
        }

        request.Granted.TrySetCanceled(cancellationToken);
        granted.ForEach(each => each.Granted.TrySetResult());
    }

    private void Release(EntryKey[] keys)
    {
        List<Request> granted;
        lock (_lock)
        {
            foreach (EntryKey key in keys)
            {
                if (key.Name is null)
                {
                    _wide.Remove(key);
                }
                else
                {
                    _names.Remove(key);
                    int left = _namesPerContainer[key.ContainerId] - 1;
                    if (left == 0)
                    {
                        _namesPerContainer.Remove(key.ContainerId);
                    }
                    else
                    {
                        _namesPerContainer[key.ContainerId] = left;
                    }
                }
            }

            granted = GrantWaiting();
        }

        granted.ForEach(each => each.Granted.TrySetResult());
    }

    /// <summary>Grants all waiting requests that are possible now. Requires the lock.</summary>
    private List<Request> GrantWaiting()
    {
        List<Request> granted = [];
        for (LinkedListNode<Request>? node = _waiting.First; node is not null;)
        {
            LinkedListNode<Request>? next = node.Next;
            if (IsFree(node.Value.Keys) && !ConflictsWithWaiting(node.Value.Keys, before: node))
            {
                Add(node.Value.Keys);
                _waiting.Remove(node);
                granted.Add(node.Value);
            }

            node = next;
        }

        return granted;
    }

    private bool ConflictsWithWaiting(EntryKey[] keys, LinkedListNode<Request>? before)
    {
        for (LinkedListNode<Request>? node = _waiting.First; node is not null && node != before; node = node.Next)
        {
            if (node.Value.Keys.Any(waiting => keys.Any(key => key.ConflictsWith(waiting))))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsFree(EntryKey[] keys)
    {
        foreach (EntryKey key in keys)
        {
            foreach (EntryKey wide in _wide)
            {
                if (key.ConflictsWith(wide))
                {
                    return false;
                }
            }

            bool isUsed = key == EntryKey.All
                ? _names.Count > 0
                : key.Name is null ? _namesPerContainer.ContainsKey(key.ContainerId) : _names.Contains(key);
            if (isUsed)
            {
                return false;
            }
        }

        return true;
    }

    private void Add(EntryKey[] keys)
    {
        foreach (EntryKey key in keys)
        {
            if (key.Name is null)
            {
                _wide.Add(key);
            }
            else
            {
                _names.Add(key);
                _namesPerContainer[key.ContainerId] = _namesPerContainer.GetValueOrDefault(key.ContainerId) + 1;
            }
        }
    }

    /// <summary>Keys that are locked until this object is disposed.</summary>
    internal sealed class Grant(EntryLocks locks, EntryKey[] keys) : IDisposable
    {
        private bool _isReleased;

        public void Dispose()
        {
            if (!_isReleased)
            {
                _isReleased = true;
                locks.Release(keys);
            }
        }
    }

    private sealed class Request(EntryKey[] keys)
    {
        public EntryKey[] Keys => keys;

        public TaskCompletionSource Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
