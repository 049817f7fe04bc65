namespace Fts.Accounts.Sql.Migrations;

/// <summary>The table of bans. Times are ticks of 100 ns in UTC. A ban without an end has no <c>ends_at</c>.</summary>
internal static class BanTable
{
    public static Migration Migration { get; } = new("bans",
    [
        """
        CREATE TABLE bans (
            subject TEXT NOT NULL PRIMARY KEY,
            reason TEXT NOT NULL,
            starts_at BIGINT NOT NULL,
            ends_at BIGINT,
            is_manual INTEGER NOT NULL CHECK (is_manual IN (0, 1)),
            failures INTEGER NOT NULL
        )
        """,
    ]);
}
