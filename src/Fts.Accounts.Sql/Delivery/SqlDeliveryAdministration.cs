using System.Globalization;
using Fts.Accounts.Events;
using Fts.Accounts.Sql.Records;
using Fts.Accounts.Sql.Sqlite;

namespace Fts.Accounts.Sql.Delivery;

/// <summary>The state of a target.</summary>
/// <param name="Name">The name of the target.</param>
/// <param name="Pending">The number of events that the target must still receive.</param>
/// <param name="Dead">The number of dead letters.</param>
/// <param name="OldestPending">The time of the oldest event that the target must still receive, or null if there is none.</param>
/// <param name="LastError">The reason of the last failed delivery of such an event, or null if there is none.</param>
public sealed record TargetState(string Name, long Pending, long Dead, DateTimeOffset? OldestPending, string? LastError);

/// <summary>An event that a target did not accept in the permitted number of deliveries.</summary>
/// <param name="Target">The name of the target.</param>
/// <param name="Stored">The event.</param>
/// <param name="Attempts">The number of deliveries.</param>
/// <param name="FailedAt">The time of the last delivery.</param>
/// <param name="Error">The reason of the last failure.</param>
public sealed record DeadLetter(string Target, StoredEvent Stored, int Attempts, DateTimeOffset FailedAt, string Error);

/// <summary>Selects the events that are delivered again. An event must meet all conditions that are not null.</summary>
public sealed record ReplaySelection
{
    /// <summary>The name of a target, or null for all targets.</summary>
    public string? Target { get; init; }

    /// <summary>The number of an event.</summary>
    public long? Id { get; init; }

    /// <summary>The earliest time of an event.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Whether only dead letters are delivered again.</summary>
    public bool IsDeadOnly { get; init; }
}

/// <summary>
/// Lists and replays deliveries. A running server notices the changes within a second. The methods run on the calling thread and throw
/// <see cref="IOException"/> if the database cannot be used.
/// </summary>
/// <param name="database">The database. The caller disposes it after this object.</param>
public sealed class SqlDeliveryAdministration(SqliteDatabase database)
{
    /// <summary>Returns the targets that a server has had, ordered by name.</summary>
    public IReadOnlyList<TargetState> ReadTargets() => database.Read(session => session.Query(
        """
        SELECT name,
            (SELECT last_event_id FROM record_state) - read_through
                + (SELECT COUNT(*) FROM deliveries WHERE target = name AND is_dead = 0),
            (SELECT COUNT(*) FROM deliveries WHERE target = name AND is_dead = 1),
            (SELECT MIN(events.time) FROM events WHERE id = COALESCE(
                (SELECT MIN(event_id) FROM deliveries WHERE target = name AND is_dead = 0), read_through + 1)),
            (SELECT last_error FROM deliveries WHERE target = name AND is_dead = 0 AND failed_at IS NOT NULL
                ORDER BY failed_at DESC LIMIT 1)
        FROM delivery_targets ORDER BY name
        """,
        row => new TargetState(
            row.GetRequiredText(0), row.GetRequiredInteger(1), row.GetRequiredInteger(2),
            row.GetInteger(3) is { } ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null, row.GetText(4))));

    /// <summary>Returns the dead letters of a target, or of all targets, ordered by event.</summary>
    public IReadOnlyList<DeadLetter> ReadDead(string? target) => database.Read<IReadOnlyList<DeadLetter>>(session =>
    {
        var dead = session.Query(
            """
            SELECT target, event_id, attempts, failed_at, last_error FROM deliveries
            WHERE is_dead = 1 AND target = COALESCE($1, target) ORDER BY event_id, target
            """,
            row => (Target: row.GetRequiredText(0), Id: row.GetRequiredInteger(1), Attempts: row.GetRequiredInteger(2),
                FailedAt: row.GetInteger(3) ?? 0, Error: row.GetText(4) ?? ""),
            target);
        return
        [
            .. dead.SelectMany(letter => session.Query(EventRows.Select, EventRows.Read, letter.Id - 1, 1)
                .Where(stored => stored.Id == letter.Id)
                .Select(stored => new DeadLetter(
                    letter.Target, stored, (int)letter.Attempts, new DateTimeOffset(letter.FailedAt, TimeSpan.Zero), letter.Error))),
        ];
    });

    /// <summary>
    /// Discards the events that a target must still receive, or those before a time. The events themselves and dead letters stay. Returns
    /// the number of discarded deliveries.
    /// </summary>
    /// <param name="target">The name of the target.</param>
    /// <param name="before">The time before which the events happened, or null for all events.</param>
    /// <remarks>A delivery that is running at this moment is completed.</remarks>
    public long Skip(string target, DateTimeOffset? before)
    {
        ArgumentNullException.ThrowIfNull(target);
        long end = before?.UtcTicks ?? long.MaxValue;
        return database.Write(session =>
        {
            // The later events must be in the queues, because the position of the target is a single number.
            SqlDeliveryDatabase.EnqueueAll(session, target);
            return session.Execute(
                """
                DELETE FROM deliveries WHERE target = $1 AND is_dead = 0
                    AND event_id IN (SELECT id FROM events WHERE time < $2)
                """,
                target, end);
        });
    }

    /// <summary>
    /// Puts events into the queues of their targets again, with no failed attempt. Returns the number of deliveries.
    /// </summary>
    /// <remarks>The events of an account are delivered in their order, before newer events that are still in its queue.</remarks>
    public int Replay(ReplaySelection selection, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(selection);
        return database.Write(session =>
        {
            string condition = string.Create(
                CultureInfo.InvariantCulture,
                $"""
                FROM delivery_targets JOIN events ON events.id <= read_through
                LEFT JOIN deliveries ON deliveries.target = name AND event_id = events.id
                WHERE name = COALESCE($1, name) AND events.id = COALESCE($2, events.id) AND events.time >= COALESCE($3, events.time)
                    {(selection.IsDeadOnly ? "AND is_dead = 1" : "")}
                """);
            long? since = selection.Since?.UtcTicks;
            session.Execute(
                $"""
                INSERT INTO delivery_queues (target, account, next_attempt_at)
                SELECT DISTINCT name, COALESCE(events.account, ''), $4 {condition}
                ON CONFLICT (target, account) DO UPDATE SET next_attempt_at = excluded.next_attempt_at
                """,
                selection.Target, selection.Id, since, now.UtcTicks);
            return session.Execute(
                $"""
                INSERT INTO deliveries (target, event_id, account, is_dead, attempts)
                SELECT name, events.id, COALESCE(events.account, ''), 0, 0 {condition}
                ON CONFLICT (target, event_id) DO UPDATE SET is_dead = 0, attempts = 0, last_error = NULL, failed_at = NULL
                """,
                selection.Target, selection.Id, since);
        });
    }
}
