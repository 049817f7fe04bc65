namespace Fts.Accounts.Sql.Migrations;

/// <summary>The tables of events and quotas.</summary>
/// <remarks>Times are ticks of 100 ns. Hashes are lower-case hexadecimal digits.</remarks>
internal static class RecordTables
{
    public static Migration Migration { get; } = new("events and quotas",
    [
        """
        CREATE TABLE events (
            id BIGINT NOT NULL PRIMARY KEY,
            time BIGINT NOT NULL,
            type INTEGER NOT NULL,
            account TEXT,
            address TEXT,
            session BIGINT,
            path TEXT,
            target TEXT,
            bytes BIGINT,
            verdict TEXT,
            sha256 TEXT,
            rule TEXT,
            detail TEXT,
            previous_hash TEXT NOT NULL,
            hash TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE quota_usage (
            directory TEXT NOT NULL PRIMARY KEY,
            bytes BIGINT NOT NULL,
            files BIGINT NOT NULL,
            counted_at BIGINT
        )
        """,
        // One row. A transaction that adds events changes the row, so that two processes never chain an event to the same event.
        "CREATE TABLE record_state (folded_through BIGINT NOT NULL, last_event_id BIGINT NOT NULL, last_event_hash TEXT NOT NULL)",
        """
        INSERT INTO record_state (folded_through, last_event_id, last_event_hash)
        VALUES (0, 0, '0000000000000000000000000000000000000000000000000000000000000000')
        """,
    ]);
}
