namespace Fts.Accounts.Sql.Migrations;

/// <summary>A change of the schema of the database. A published migration never changes.</summary>
/// <param name="Name">A short description, which the database records.</param>
/// <param name="Statements">The statements, in the SQL that SQLite and PostgreSQL share.</param>
internal sealed record Migration(string Name, IReadOnlyList<string> Statements)
{
    /// <summary>All migrations. The number of a migration is its position in this list, starting at 1. New ones go to the end.</summary>
    public static IReadOnlyList<Migration> All { get; } =
    [
        AccountTables.Migration,
        BanTable.Migration,
        RecordTables.Migration,
        EventSearchIndexes.Migration,
        DeliveryTables.Migration,
        RemovedAccountTable.Migration,
        ActorColumns.Migration,
    ];
}
