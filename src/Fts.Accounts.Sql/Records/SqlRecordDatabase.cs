using System.Runtime.CompilerServices;
using Fts.Accounts.Events;
using Fts.Accounts.Quota;
using Fts.Accounts.Recording;
using Fts.Accounts.Sql.Sqlite;

namespace Fts.Accounts.Sql.Records;

/// <summary>The events and the usage of quotas in an SQL database. Thread-safe.</summary>
/// <param name="database">The database. The caller disposes it after this object.</param>
public sealed class SqlRecordDatabase(SqliteDatabase database) : IRecordDatabase
{
    private const int EventsPerPage = 1000;

    /// <inheritdoc/>
    public ValueTask<RecordState> ReadStateAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => new RecordState(
            session.QueryInteger("SELECT folded_through FROM record_state"),
            session.Query("SELECT directory, bytes, files, counted_at FROM quota_usage ORDER BY directory", ReadUsage)),
        cancellationToken);

    /// <inheritdoc/>
    public async ValueTask AddAsync(RecordBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        await database.WriteAsync(session => Add(session, batch), batch.CanWait, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<EventChainHead> ReadHeadAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(EventAppender.ReadHead, cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredEvent> ReadEventsAsync(
        long afterId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredEvent> page;
        do
        {
            long after = afterId;
            page = await database.ReadAsync(
                session => session.Query(EventRows.Select, EventRows.Read, after, EventsPerPage), cancellationToken).ConfigureAwait(false);
            foreach (StoredEvent stored in page)
            {
                yield return stored;
                afterId = stored.Id;
            }
        }
        while (page.Count == EventsPerPage);
    }

    /// <summary>
    /// Stores whether events are recorded, on the calling thread. Changes of accounts and bans are then recorded in their own transactions,
    /// also by commands that run while no server runs.
    /// </summary>
    /// <exception cref="IOException">The database cannot be written.</exception>
    public void SetRecordsEvents(bool recordsEvents) =>
        database.Write(session => session.Execute("UPDATE record_state SET records_events = $1", recordsEvents));

    /// <summary>Finds events.</summary>
    /// <exception cref="IOException">The database cannot be read.</exception>
    public ValueTask<EventSelection> FindEventsAsync(EventFilter filter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return database.ReadAsync(session => EventSearch.Find(session, filter), cancellationToken);
    }

    /// <summary>Returns events by their numbers. Numbers without an event are skipped.</summary>
    /// <exception cref="IOException">The database cannot be read.</exception>
    public async IAsyncEnumerable<StoredEvent> ReadEventsAsync(
        IReadOnlyList<long> ids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ids);
        foreach (long[] page in ids.Chunk(EventsPerPage))
        {
            List<StoredEvent> events = await database.ReadAsync(
                session => page.SelectMany(id => session.Query(EventRows.SelectOne, EventRows.Read, id)).ToList(),
                cancellationToken).ConfigureAwait(false);
            foreach (StoredEvent stored in events)
            {
                yield return stored;
            }
        }
    }

    /// <summary>
    /// Checks the chain of all events in one state of the database, so that a server can add events meanwhile. Returns the first fault, or
    /// null if the chain is unchanged, and the stored head.
    /// </summary>
    /// <exception cref="IOException">The database cannot be read.</exception>
    public ValueTask<(EventChainFault? Fault, EventChainHead Head)> VerifyEventsAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            session =>
            {
                EventChainHead head = EventAppender.ReadHead(session);
                var check = new EventChainCheck();
                IReadOnlyList<StoredEvent> page;
                long afterId = long.MinValue; // a changed number can be negative
                do
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    page = session.Query(EventRows.Select, EventRows.Read, afterId, EventsPerPage);
                    foreach (StoredEvent stored in page)
                    {
                        if (check.Add(stored) is { } fault)
                        {
                            return (fault, head);
                        }

                        afterId = stored.Id;
                    }
                }
                while (page.Count == EventsPerPage);
                return (check.Complete(head), head);
            },
            cancellationToken);

    private static bool Add(ISqlSession session, RecordBatch batch)
    {
        long foldedThrough = session.QueryInteger("SELECT folded_through FROM record_state");
        if (batch.FoldedThrough <= foldedThrough)
        {
            return false;
        }

        EventAppender.Append(session, batch.Events);
        foreach (StoredUsage usage in batch.Usage)
        {
            session.Execute(
                """
                INSERT INTO quota_usage (directory, bytes, files, counted_at) VALUES ($1, $2, $3, $4)
                ON CONFLICT (directory) DO UPDATE SET
                    bytes = quota_usage.bytes + excluded.bytes,
                    files = quota_usage.files + excluded.files,
                    counted_at = COALESCE(excluded.counted_at, quota_usage.counted_at)
                """,
                usage.Directory, usage.Used.Bytes, usage.Used.Files, usage.CountedAt?.UtcTicks);
        }

        session.Execute("UPDATE record_state SET folded_through = $1", batch.FoldedThrough ?? foldedThrough);
        return true;
    }

    private static StoredUsage ReadUsage(ISqlRow row) => new(
        row.GetRequiredText(0),
        new QuotaAmount(row.GetRequiredInteger(1), row.GetRequiredInteger(2)),
        row.GetInteger(3) is { } ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null);
}
