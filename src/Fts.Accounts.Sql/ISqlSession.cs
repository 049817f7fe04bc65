namespace Fts.Accounts.Sql;

/// <summary>Runs SQL statements in one transaction. Not thread-safe.</summary>
/// <remarks>
/// The statements use only SQL that SQLite and PostgreSQL share: the types TEXT, BIGINT and INTEGER, and parameters <c>$1</c>,
/// <c>$2</c>, …
/// </remarks>
internal interface ISqlSession
{
    /// <summary>Runs a statement. Returns the number of inserted, changed or deleted rows.</summary>
    int Execute(string sql, params ReadOnlySpan<SqlValue> values);

    /// <summary>Runs a query, and returns one item for each row.</summary>
    IReadOnlyList<T> Query<T>(string sql, Func<ISqlRow, T> read, params ReadOnlySpan<SqlValue> values);
}

/// <summary>The current row of a query. Valid only during the call that receives it.</summary>
internal interface ISqlRow
{
    /// <summary>Returns the text in a column, or null for NULL.</summary>
    string? GetText(int column);

    /// <summary>Returns the integer in a column, or null for NULL.</summary>
    long? GetInteger(int column);
}
