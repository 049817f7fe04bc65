using SQLitePCL;

namespace Fts.Accounts.Sql.Sqlite;

/// <summary>A prepared statement, and its current row. The connection disposes it.</summary>
internal sealed class SqliteStatement(sqlite3_stmt handle) : ISqlRow, IDisposable
{
    private readonly List<int> _indexes = []; // of $1, $2, …

    /// <summary>Sets the parameters <c>$1</c>, <c>$2</c>, ….</summary>
    public void Bind(ReadOnlySpan<SqlValue> values)
    {
        for (int at = 0; at < values.Length; at++)
        {
            if (at == _indexes.Count)
            {
                // SQLite numbers named parameters in the order of their first occurrence, which may differ from their names.
                _indexes.Add(raw.sqlite3_bind_parameter_index(handle, $"${at + 1}"));
            }

            int index = _indexes[at];
            if (values[at].Text is { } text)
            {
                raw.sqlite3_bind_text(handle, index, text);
            }
            else if (values[at].Integer is { } integer)
            {
                raw.sqlite3_bind_int64(handle, index, integer);
            }
            else
            {
                raw.sqlite3_bind_null(handle, index);
            }
        }
    }

    /// <summary>Moves to the next row, and returns the result code.</summary>
    public int Step() => raw.sqlite3_step(handle);

    /// <summary>Makes the statement ready for the next use. An error of the last step was already reported.</summary>
    public void Reset()
    {
        raw.sqlite3_reset(handle);
        raw.sqlite3_clear_bindings(handle);
    }

    /// <inheritdoc/>
    public string? GetText(int column) => IsNull(column) ? null : raw.sqlite3_column_text(handle, column).utf8_to_string();

    /// <inheritdoc/>
    public long? GetInteger(int column) => IsNull(column) ? null : raw.sqlite3_column_int64(handle, column);

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();

    private bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;
}
