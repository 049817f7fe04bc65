using System.Diagnostics.CodeAnalysis;

namespace Fts.Server;

/// <summary>A cache with a limited number of entries. If the cache is full, a new entry evicts the oldest one. Thread-safe.</summary>
/// <param name="capacity">The maximum number of entries.</param>
internal sealed class FifoCache<TKey, TValue>(int capacity)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _nodes = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _oldestFirst = new();

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        lock (_lock)
        {
            bool isFound = _nodes.TryGetValue(key, out LinkedListNode<(TKey Key, TValue Value)>? node);
            value = isFound ? node!.Value.Value : default;
            return isFound;
        }
    }

    /// <summary>Adds an entry. If the key exists already, its value does not change.</summary>
    public void Add(TKey key, TValue value)
    {
        lock (_lock)
        {
            if (_nodes.ContainsKey(key))
            {
                return;
            }

            if (_nodes.Count == capacity)
            {
                _nodes.Remove(_oldestFirst.First!.Value.Key);
                _oldestFirst.RemoveFirst();
            }

            _nodes.Add(key, _oldestFirst.AddLast((key, value)));
        }
    }

    public void Remove(TKey key)
    {
        lock (_lock)
        {
            if (_nodes.Remove(key, out LinkedListNode<(TKey Key, TValue Value)>? node))
            {
                _oldestFirst.Remove(node);
            }
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _nodes.Clear();
            _oldestFirst.Clear();
        }
    }
}
