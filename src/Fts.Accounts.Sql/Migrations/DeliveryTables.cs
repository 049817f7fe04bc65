namespace Fts.Accounts.Sql.Migrations;

/// <summary>The tables of the delivery of events.</summary>
/// <remarks>
/// Times are ticks of 100 ns. An event without an account has the account <c>''</c>. A delivery is deleted when the target has accepted the
/// event. A queue exists as long as its account has a delivery that is not dead.
/// </remarks>
internal static class DeliveryTables
{
    public static Migration Migration { get; } = new("delivery of events",
    [
        // All events up to read_through are in the queues, were delivered, or have a type that the target does not receive.
        "CREATE TABLE delivery_targets (name TEXT NOT NULL PRIMARY KEY, read_through BIGINT NOT NULL)",
        """
        CREATE TABLE delivery_queues (
            target TEXT NOT NULL REFERENCES delivery_targets (name) ON DELETE CASCADE,
            account TEXT NOT NULL,
            next_attempt_at BIGINT NOT NULL,
            PRIMARY KEY (target, account)
        )
        """,
        "CREATE INDEX delivery_queues_due ON delivery_queues (target, next_attempt_at)",
        """
        CREATE TABLE deliveries (
            target TEXT NOT NULL REFERENCES delivery_targets (name) ON DELETE CASCADE,
            event_id BIGINT NOT NULL,
            account TEXT NOT NULL,
            is_dead INTEGER NOT NULL CHECK (is_dead IN (0, 1)),
            attempts INTEGER NOT NULL,
            last_error TEXT,
            failed_at BIGINT,
            PRIMARY KEY (target, event_id)
        )
        """,
        "CREATE INDEX deliveries_order ON deliveries (target, is_dead, account, event_id)",
    ]);
}
