namespace Fts.Accounts.Sql.Migrations;

/// <summary>The sources and actors of events, and the actors of bans. Older rows have none.</summary>
internal static class ActorColumns
{
    public static Migration Migration { get; } = new("actors of events and bans",
    [
        "ALTER TABLE events ADD COLUMN source TEXT",
        "ALTER TABLE events ADD COLUMN actor TEXT",
        "ALTER TABLE bans ADD COLUMN actor TEXT",
    ]);
}
