using System.Collections.Concurrent;
using Fts.Accounts.Delivery;
using Fts.Accounts.Events;

namespace Fts.AccountsSqlTests.Delivery;

/// <summary>Records the stored outcomes of deliveries, and fails on request.</summary>
internal sealed class ObservedDatabase(IDeliveryDatabase inner) : IDeliveryDatabase
{
    private int _failuresOfMark;

    /// <summary>The stored outcomes, each as <c>account:id outcome pause-in-seconds</c>.</summary>
    public ConcurrentQueue<string> Marks { get; } = [];

    /// <summary>The number of next calls of <see cref="MarkAsync"/> that fail.</summary>
    public int FailuresOfMark
    {
        get => Volatile.Read(ref _failuresOfMark);
        set => Volatile.Write(ref _failuresOfMark, value);
    }

    /// <summary>Completed by the first failed call of <see cref="MarkAsync"/>.</summary>
    public TaskCompletionSource MarkFailed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ValueTask AddTargetAsync(string target, CancellationToken cancellationToken) =>
        inner.AddTargetAsync(target, cancellationToken);

    public ValueTask<bool> EnqueueAsync(
        string target, IReadOnlyCollection<EventType>? types, int limit, DateTimeOffset now, CancellationToken cancellationToken) =>
        inner.EnqueueAsync(target, types, limit, now, cancellationToken);

    public ValueTask<DueQueues> ReadDueAsync(string target, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        inner.ReadDueAsync(target, now, limit, cancellationToken);

    public ValueTask<QueuedEvent?> ReadFirstAsync(string target, string account, CancellationToken cancellationToken) =>
        inner.ReadFirstAsync(target, account, cancellationToken);

    public async ValueTask<QueuedEvent?> MarkAsync(QueuedEvent queued, DeliveryMark mark, CancellationToken cancellationToken)
    {
        if (Interlocked.Decrement(ref _failuresOfMark) >= 0)
        {
            MarkFailed.TrySetResult();
            throw new IOException("no space left");
        }

        QueuedEvent? next = await inner.MarkAsync(queued, mark, cancellationToken);
        string pause = mark.Outcome == DeliveryOutcome.Failed ? $" {(mark.NextTime - mark.Time).TotalSeconds:0.###}" : "";
        Marks.Enqueue($"{queued.Account}:{queued.Stored.Id} {mark.Outcome}{pause}");
        return next;
    }

    public ValueTask YieldAsync(string target, string account, DateTimeOffset now, CancellationToken cancellationToken) =>
        inner.YieldAsync(target, account, now, cancellationToken);
}
