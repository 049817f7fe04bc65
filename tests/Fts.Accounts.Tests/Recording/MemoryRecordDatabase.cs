using System.Runtime.CompilerServices;
using Fts.Accounts.Events;
using Fts.Accounts.Recording;

namespace Fts.Accounts.Tests.Recording;

/// <summary>A database in memory. <see cref="Fail"/> makes it reject all batches.</summary>
internal sealed class MemoryRecordDatabase : IRecordDatabase
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, StoredUsage> _usage = [];
    private long _foldedThrough;

    public List<StoredEvent> Events { get; } = [];

    public bool Fail { get; set; }

    /// <summary>Called before each batch is added.</summary>
    public Action<RecordBatch>? Adding { get; set; }

    public ValueTask<RecordState> ReadStateAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return new(new RecordState(_foldedThrough, [.. _usage.Values]));
        }
    }

    public ValueTask AddAsync(RecordBatch batch, CancellationToken cancellationToken)
    {
        Adding?.Invoke(batch);
        lock (_lock)
        {
            if (Fail)
            {
                throw new IOException("The database is not available.");
            }

            if (batch.FoldedThrough <= _foldedThrough)
            {
                return default;
            }

            _foldedThrough = batch.FoldedThrough ?? _foldedThrough;
            foreach (AccountEvent happened in batch.Events)
            {
                Events.Add(EventChain.Append(Events.Count == 0 ? EventChainHead.Empty : new(Events[^1].Id, Events[^1].Hash), happened));
            }

            foreach (StoredUsage change in batch.Usage)
            {
                StoredUsage before = _usage.GetValueOrDefault(change.Directory) ?? change with { Used = default };
                _usage[change.Directory] = before with
                {
                    Used = before.Used + change.Used,
                    CountedAt = change.CountedAt ?? before.CountedAt,
                };
            }

            return default;
        }
    }

    public ValueTask<EventChainHead> ReadHeadAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return new(Events.Count == 0 ? EventChainHead.Empty : new EventChainHead(Events[^1].Id, Events[^1].Hash));
        }
    }

    public async IAsyncEnumerable<StoredEvent> ReadEventsAsync(
        long afterId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<StoredEvent> events;
        lock (_lock)
        {
            events = [.. Events.Where(stored => stored.Id > afterId)];
        }

        foreach (StoredEvent stored in events)
        {
            yield return stored;
        }
    }
}
