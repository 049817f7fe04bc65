namespace Fts.Accounts.Sql.Migrations;

/// <summary>The names of removed accounts, which are not taken over from another server.</summary>
internal static class RemovedAccountTable
{
    public static Migration Migration { get; } = new("removed accounts",
    [
        "CREATE TABLE removed_accounts (name TEXT NOT NULL PRIMARY KEY)",
    ]);
}
