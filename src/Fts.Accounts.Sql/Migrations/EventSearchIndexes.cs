namespace Fts.Accounts.Sql.Migrations;

/// <summary>The indexes for searches of events, and whether changes of accounts and bans are recorded as events.</summary>
/// <remarks>
/// An index of accounts and addresses contains the number, so that the newest events of an account are found without sorting all its
/// events. Paths have no index: new paths are in no order, and such an index took more time than the rest of an event (11 µs of the
/// processor). Few events have a target.
/// </remarks>
internal static class EventSearchIndexes
{
    public static Migration Migration { get; } = new("searches of events",
    [
        "CREATE INDEX events_time ON events (time, id)",
        "CREATE INDEX events_account ON events (account, id)",
        "CREATE INDEX events_address ON events (address, id)",
        "CREATE INDEX events_target ON events (target) WHERE target IS NOT NULL",
        // The last start of a server sets it. Commands that change the database while no server runs follow it.
        "ALTER TABLE record_state ADD COLUMN records_events INTEGER NOT NULL DEFAULT 0",
    ]);
}
