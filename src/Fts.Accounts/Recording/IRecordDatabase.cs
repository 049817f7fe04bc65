using Fts.Accounts.Events;
using Fts.Accounts.Quota;

namespace Fts.Accounts.Recording;

/// <summary>The stored usage of a directory with a quota.</summary>
/// <param name="Directory">The real path of the directory.</param>
/// <param name="Used">The committed bytes and files.</param>
/// <param name="CountedAt">When the directory was last counted, UTC, or null if it was never counted.</param>
public sealed record StoredUsage(string Directory, QuotaAmount Used, DateTimeOffset? CountedAt);

/// <summary>The state of the records in a database.</summary>
/// <param name="FoldedThrough">The number of the last journal record whose effects are in the database, or 0.</param>
/// <param name="Usage">The usage of each directory with a quota.</param>
public sealed record RecordState(long FoldedThrough, IReadOnlyList<StoredUsage> Usage);

/// <summary>Events and changes of quotas that are added to a database in one transaction.</summary>
/// <param name="FoldedThrough">
/// The number of the last journal record in this batch, or null if the batch does not come from the journal.
/// </param>
/// <param name="Events">The events, in order.</param>
/// <param name="Usage">
/// The change of the usage of each directory. <see cref="StoredUsage.CountedAt"/> replaces the stored time if it is not null.
/// </param>
public sealed record RecordBatch(long? FoldedThrough, IReadOnlyList<AccountEvent> Events, IReadOnlyList<StoredUsage> Usage)
{
    /// <summary>
    /// Whether the batch may be added with a low priority, so that it does not delay transfers. False if events wait that did not fit into
    /// the batch.
    /// </summary>
    public bool CanWait { get; init; }
}

/// <summary>The events and the usage of quotas in a database. Thread-safe, and usable by several processes at once.</summary>
public interface IRecordDatabase
{
    /// <summary>Returns the stored state.</summary>
    /// <exception cref="IOException">The database cannot be read.</exception>
    ValueTask<RecordState> ReadStateAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Adds a batch in one transaction. Each event is chained to the last stored event (<see cref="EventChain"/>). Does nothing if the
    /// batch comes from the journal and was added before.
    /// </summary>
    /// <exception cref="IOException">The database cannot be written. Nothing was added.</exception>
    ValueTask AddAsync(RecordBatch batch, CancellationToken cancellationToken);

    /// <summary>Returns the head of the chain of events.</summary>
    /// <exception cref="IOException">The database cannot be read.</exception>
    ValueTask<EventChainHead> ReadHeadAsync(CancellationToken cancellationToken);

    /// <summary>Returns the events after an event, ordered by number.</summary>
    /// <param name="afterId">The number of an event, or 0 for all events.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="IOException">The database cannot be read.</exception>
    IAsyncEnumerable<StoredEvent> ReadEventsAsync(long afterId, CancellationToken cancellationToken);
}
