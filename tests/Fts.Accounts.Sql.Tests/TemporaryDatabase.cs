using Fts.Accounts.Sql;
using Fts.Accounts.Sql.Sqlite;

namespace Fts.AccountsSqlTests;

/// <summary>A database in a temporary directory, deleted with this object.</summary>
public sealed class TemporaryDatabase : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("fts-sql-");
    private readonly Lazy<SqliteDatabase> _database;

    public TemporaryDatabase() => _database = new Lazy<SqliteDatabase>(() => SqliteDatabase.Open(Path));

    public string Path => System.IO.Path.Combine(_directory.FullName, "state", "fts.db");

    internal SqliteDatabase Database => _database.Value;

    internal SqlAccountDatabase Accounts => new(Database);

    public void Dispose()
    {
        if (_database.IsValueCreated)
        {
            _database.Value.Dispose();
        }

        _directory.Delete(recursive: true);
    }
}
