using Fts.Accounts.Events;

namespace Fts.Accounts.Delivery;

/// <summary>The first event of a queue.</summary>
/// <param name="Target">The name of the target.</param>
/// <param name="Account">The account of the queue. Empty for events without an account.</param>
/// <param name="Stored">The event.</param>
/// <param name="Attempts">The number of failed deliveries of this event to this target.</param>
public sealed record QueuedEvent(string Target, string Account, StoredEvent Stored, int Attempts);

/// <summary>The outcome of a delivery.</summary>
public enum DeliveryOutcome
{
    /// <summary>The target accepted the event, which leaves the queue.</summary>
    Delivered,
    /// <summary>The delivery failed. The event stays the first of its queue, and the queue waits.</summary>
    Failed,
    /// <summary>The delivery failed for the last time. The event is kept as a dead letter, and the queue continues.</summary>
    Dead,
}

/// <summary>What the database stores after a delivery.</summary>
/// <param name="Outcome">The outcome.</param>
/// <param name="Error">The reason of a failure, otherwise null.</param>
/// <param name="Time">The time of the delivery.</param>
/// <param name="NextTime">The time of the next delivery of the same event. Used only if the outcome is <c>Failed</c>.</param>
public sealed record DeliveryMark(DeliveryOutcome Outcome, string? Error, DateTimeOffset Time, DateTimeOffset NextTime = default);

/// <summary>The queues of a target.</summary>
/// <param name="Accounts">The accounts whose queues do not wait, ordered by the time since which they could continue.</param>
/// <param name="NextTime">The earliest time at which a waiting queue continues, or null if no queue waits.</param>
public sealed record DueQueues(IReadOnlyList<string> Accounts, DateTimeOffset? NextTime);

/// <summary>
/// The queues of events that targets have not accepted yet. A target has one queue for each account, in which the events are ordered.
/// Thread-safe.
/// </summary>
/// <remarks>All methods throw <see cref="IOException"/> if the database cannot be used. They have then changed nothing.</remarks>
public interface IDeliveryDatabase
{
    /// <summary>Adds a target. It receives the events after the last stored event. Does nothing if the target exists.</summary>
    ValueTask AddTargetAsync(string target, CancellationToken cancellationToken);

    /// <summary>Moves new events into the queues of a target. Returns false if no new event is left.</summary>
    /// <param name="target">The target.</param>
    /// <param name="types">The types that the target receives, or null for all. Other events are skipped.</param>
    /// <param name="limit">The maximum number of events.</param>
    /// <param name="now">The current time.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    ValueTask<bool> EnqueueAsync(
        string target, IReadOnlyCollection<EventType>? types, int limit, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Returns at most a number of queues that can continue now.</summary>
    ValueTask<DueQueues> ReadDueAsync(string target, DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>Returns the first event of a queue, or null if the queue is empty.</summary>
    ValueTask<QueuedEvent?> ReadFirstAsync(string target, string account, CancellationToken cancellationToken);

    /// <summary>Stores the outcome of a delivery. Returns the next event of the queue, or null if the queue waits or is empty.</summary>
    ValueTask<QueuedEvent?> MarkAsync(QueuedEvent queued, DeliveryMark mark, CancellationToken cancellationToken);

    /// <summary>Places a queue behind all other queues that can continue now.</summary>
    ValueTask YieldAsync(string target, string account, DateTimeOffset now, CancellationToken cancellationToken);
}
