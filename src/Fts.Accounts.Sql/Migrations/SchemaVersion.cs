using Fts.Accounts.Settings;

namespace Fts.Accounts.Sql.Migrations;

/// <summary>Brings the schema of a database to the version of this program.</summary>
internal static class SchemaVersion
{
    private const string CreateTable =
        "CREATE TABLE migrations (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)";

    /// <summary>Runs the missing migrations in the caller's transaction.</summary>
    /// <param name="session">The transaction. No other process can write at the same time.</param>
    /// <param name="isEmpty">Whether the database has no table yet.</param>
    /// <param name="migrations">All migrations of this program.</param>
    /// <param name="now">The current time, which the database records.</param>
    /// <exception cref="AccountDatabaseException">A newer version of the program wrote the database.</exception>
    public static void Update(ISqlSession session, bool isEmpty, IReadOnlyList<Migration> migrations, DateTimeOffset now)
    {
        if (isEmpty)
        {
            session.Execute(CreateTable);
        }

        long version = session.QueryInteger("SELECT COALESCE(MAX(number), 0) FROM migrations");
        if (version > migrations.Count)
        {
            throw new AccountDatabaseException(
                AccountDatabaseError.NewerVersion,
                $"a newer version of fts wrote the database (schema {version}, this program supports {migrations.Count})");
        }

        for (int number = (int)version + 1; number <= migrations.Count; number++)
        {
            Migration migration = migrations[number - 1];
            foreach (string statement in migration.Statements)
            {
                session.Execute(statement);
            }

            session.Execute(
                "INSERT INTO migrations (number, name, applied_at) VALUES ($1, $2, $3)",
                number, migration.Name, now.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", null));
        }
    }
}
