using Fts.Accounts.Settings;
using SQLitePCL;

namespace Fts.Accounts.Sql.Sqlite;

/// <summary>A connection to an SQLite database. Not thread-safe. The owner disposes it.</summary>
/// <remarks>
/// Uses the C interface of SQLite directly. Microsoft.Data.Sqlite starts a timer thread when the first connection opens. Threads that
/// exist before the sandbox is entered, and the threads that they start later, are not restricted.
/// </remarks>
internal sealed class SqliteConnection : ISqlSession, IDisposable
{
    private readonly string _path;
    private readonly sqlite3 _handle;
    private readonly Dictionary<string, SqliteStatement> _statements = [];

    static SqliteConnection() => Batteries_V2.Init();

    private SqliteConnection(string path, sqlite3 handle) => (_path, _handle) = (path, handle);

    /// <summary>Opens an existing database file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="busyTimeout">How long a statement waits for other connections.</param>
    /// <exception cref="AccountDatabaseException">The file cannot be opened.</exception>
    public static SqliteConnection Open(string path, TimeSpan busyTimeout)
    {
        // The caller serialises all calls, so SQLite needs no lock for each call.
        int result = raw.sqlite3_open_v2(path, out sqlite3 handle, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_NOMUTEX, null);
        var connection = new SqliteConnection(path, handle);
        try
        {
            connection.Check(result);
            connection.Check(raw.sqlite3_extended_result_codes(handle, 1));
            connection.Check(raw.sqlite3_busy_timeout(handle, (int)busyTimeout.TotalMilliseconds));
            connection.Execute("PRAGMA foreign_keys = ON");
            // A temporary file outside the directory of the database would not be accessible in the sandbox.
            connection.Execute("PRAGMA temp_store = MEMORY");
            // Each commit is flushed. A power failure must not enable an account that was disabled before.
            connection.Execute("PRAGMA synchronous = FULL");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public int Execute(string sql, params ReadOnlySpan<SqlValue> values)
    {
        SqliteStatement statement = GetStatement(sql);
        try
        {
            statement.Bind(values);
            while (Step(statement))
            {
                // Only a PRAGMA returns rows here.
            }

            return raw.sqlite3_changes(_handle);
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<T> Query<T>(string sql, Func<ISqlRow, T> read, params ReadOnlySpan<SqlValue> values)
    {
        SqliteStatement statement = GetStatement(sql);
        try
        {
            statement.Bind(values);
            var items = new List<T>();
            while (Step(statement))
            {
                items.Add(read(statement));
            }

            return items;
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <summary>Runs work in a transaction. If the work or the commit fails, nothing is changed.</summary>
    /// <param name="isWrite">
    /// Whether the transaction can write. It then waits at its start until no other connection writes. A transaction that only reads sees
    /// one state of the database and waits for nobody.
    /// </param>
    /// <param name="work">The work.</param>
    /// <exception cref="AccountDatabaseException">The database cannot be used, or other connections write for too long.</exception>
    public T RunTransaction<T>(bool isWrite, Func<ISqlSession, T> work)
    {
        Execute(isWrite ? "BEGIN IMMEDIATE" : "BEGIN");
        try
        {
            T result = work(this);
            Execute("COMMIT");
            return result;
        }
        catch
        {
            // After some errors, for example a full disk, SQLite has already rolled the transaction back.
            if (raw.sqlite3_get_autocommit(_handle) == 0)
            {
                Execute("ROLLBACK");
            }

            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SqliteStatement statement in _statements.Values)
        {
            statement.Dispose();
        }

        _handle.Dispose();
    }

    private SqliteStatement GetStatement(string sql)
    {
        if (!_statements.TryGetValue(sql, out SqliteStatement? statement))
        {
            Check(raw.sqlite3_prepare_v2(_handle, sql, out sqlite3_stmt handle));
            _statements[sql] = statement = new SqliteStatement(handle);
        }

        return statement;
    }

    /// <summary>Moves to the next row. Returns false after the last row.</summary>
    private bool Step(SqliteStatement statement)
    {
        int result = statement.Step();
        if (result is not raw.SQLITE_ROW and not raw.SQLITE_DONE)
        {
            Check(result);
        }

        return result == raw.SQLITE_ROW;
    }

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
        {
            throw SqliteErrors.CreateException(_path, result, raw.sqlite3_errmsg(_handle).utf8_to_string());
        }
    }
}
