using System.Globalization;
using Fts.Accounts.Delivery;
using Fts.Accounts.Events;
using Fts.Accounts.Sql.Records;
using Fts.Accounts.Sql.Sqlite;

namespace Fts.Accounts.Sql.Delivery;

/// <summary>The queues of events in an SQL database. Thread-safe.</summary>
/// <param name="database">The database. The caller disposes it after this object.</param>
public sealed class SqlDeliveryDatabase(SqliteDatabase database) : IDeliveryDatabase
{
    /// <summary>
    /// No attempt is planned so far ahead. A later time was stored before the clock was set back, and does not count.
    /// </summary>
    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public async ValueTask AddTargetAsync(string target, CancellationToken cancellationToken) => await database.WriteAsync(
        session => session.Execute(
            """
            INSERT INTO delivery_targets (name, read_through) SELECT $1, last_event_id FROM record_state WHERE TRUE
            ON CONFLICT (name) DO NOTHING
            """,
            target),
        cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<bool> EnqueueAsync(
        string target, IReadOnlyCollection<EventType>? types, int limit, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Most checks find nothing, and reading waits for no other process.
        (long after, long last) = await database.ReadAsync(
            session => ReadProgress(session, target), cancellationToken).ConfigureAwait(false);
        return last > after && await database.WriteAsync(
            session => Enqueue(session, target, types, limit, now), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<DueQueues> ReadDueAsync(string target, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session =>
            {
                IReadOnlyList<string> accounts = session.Query(
                    """
                    SELECT account FROM delivery_queues WHERE target = $1 AND (next_attempt_at <= $2 OR next_attempt_at > $3)
                    ORDER BY next_attempt_at, account LIMIT $4
                    """,
                    row => row.GetRequiredText(0), target, now.UtcTicks, (now + MaxPause).UtcTicks, limit);
                long? next = session.Query(
                    "SELECT MIN(next_attempt_at) FROM delivery_queues WHERE target = $1 AND next_attempt_at > $2 AND next_attempt_at <= $3",
                    row => row.GetInteger(0), target, now.UtcTicks, (now + MaxPause).UtcTicks)[0];
                return new DueQueues(accounts, next is { } ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null);
            },
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask<QueuedEvent?> ReadFirstAsync(string target, string account, CancellationToken cancellationToken) =>
        database.WriteAsync(session => ReadFirst(session, target, account), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<QueuedEvent?> MarkAsync(QueuedEvent queued, DeliveryMark mark, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(queued);
        ArgumentNullException.ThrowIfNull(mark);
        return database.WriteAsync(session => Mark(session, queued, mark), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask YieldAsync(string target, string account, DateTimeOffset now, CancellationToken cancellationToken) =>
        await database.WriteAsync(session => SetNextAttempt(session, target, account, now), cancellationToken).ConfigureAwait(false);

    /// <summary>Returns the number of the last event that is in the queues of a target, and the number of the last event.</summary>
    private static (long ReadThrough, long Last) ReadProgress(ISqlSession session, string target) => session.Query(
        "SELECT read_through, last_event_id FROM delivery_targets CROSS JOIN record_state WHERE name = $1",
        row => (row.GetRequiredInteger(0), row.GetRequiredInteger(1)),
        target)[0];

    /// <summary>Moves all events into the queues of a target that must exist. A type that it does not receive is skipped later.</summary>
    internal static void EnqueueAll(ISqlSession session, string target)
    {
        (long after, long last) = ReadProgress(session, target);
        Enqueue(session, target, null, (int)Math.Min(last - after, int.MaxValue), TimeProvider.System.GetUtcNow());
    }

    private static bool Enqueue(
        ISqlSession session, string target, IReadOnlyCollection<EventType>? types, int limit, DateTimeOffset now)
    {
        (long after, long last) = ReadProgress(session, target);
        long through = Math.Min(after + limit, last);
        string condition = types is null
            ? "TRUE"
            : $"type IN ({string.Join(", ", types.Select(type => ((int)type).ToString(CultureInfo.InvariantCulture)))})";
        session.Execute(
            $"""
            INSERT INTO delivery_queues (target, account, next_attempt_at)
            SELECT DISTINCT $1, COALESCE(account, ''), $4 FROM events WHERE id > $2 AND id <= $3 AND {condition}
            ON CONFLICT (target, account) DO NOTHING
            """,
            target, after, through, now.UtcTicks);
        session.Execute(
            $"""
            INSERT INTO deliveries (target, event_id, account, is_dead, attempts)
            SELECT $1, id, COALESCE(account, ''), 0, 0 FROM events WHERE id > $2 AND id <= $3 AND {condition}
            ON CONFLICT (target, event_id) DO NOTHING
            """,
            target, after, through);
        session.Execute("UPDATE delivery_targets SET read_through = $2 WHERE name = $1", target, through);
        return through < last;
    }

    /// <summary>Returns the first event of a queue. Deletes the queue if it is empty.</summary>
    private static QueuedEvent? ReadFirst(ISqlSession session, string target, string account)
    {
        while (true)
        {
            IReadOnlyList<(long Id, long Attempts)> first = session.Query(
                """
                SELECT event_id, attempts FROM deliveries WHERE target = $1 AND is_dead = 0 AND account = $2 ORDER BY event_id LIMIT 1
                """,
                row => (row.GetRequiredInteger(0), row.GetRequiredInteger(1)), target, account);
            if (first is not [var (id, attempts)])
            {
                session.Execute("DELETE FROM delivery_queues WHERE target = $1 AND account = $2", target, account);
                return null;
            }

            if (session.Query(EventRows.Select, EventRows.Read, id - 1, 1) is [var stored] && stored.Id == id)
            {
                return new QueuedEvent(target, account, stored, (int)attempts);
            }

            // Another program deleted the event, which the check of the chain of events reports.
            session.Execute("DELETE FROM deliveries WHERE target = $1 AND event_id = $2", target, id);
        }
    }

    private static QueuedEvent? Mark(ISqlSession session, QueuedEvent queued, DeliveryMark mark)
    {
        (string target, long id) = (queued.Target, queued.Stored.Id);
        if (mark.Outcome == DeliveryOutcome.Delivered)
        {
            session.Execute("DELETE FROM deliveries WHERE target = $1 AND event_id = $2", target, id);
            return ReadFirst(session, target, queued.Account);
        }

        session.Execute(
            """
            UPDATE deliveries SET is_dead = $3, attempts = $4, last_error = $5, failed_at = $6 WHERE target = $1 AND event_id = $2
            """,
            target, id, mark.Outcome == DeliveryOutcome.Dead, queued.Attempts + 1, mark.Error, mark.Time.UtcTicks);
        if (mark.Outcome == DeliveryOutcome.Dead)
        {
            return ReadFirst(session, target, queued.Account);
        }

        SetNextAttempt(session, target, queued.Account, mark.NextTime);
        return null;
    }

    private static int SetNextAttempt(ISqlSession session, string target, string account, DateTimeOffset time) => session.Execute(
        "UPDATE delivery_queues SET next_attempt_at = $3 WHERE target = $1 AND account = $2", target, account, time.UtcTicks);
}
