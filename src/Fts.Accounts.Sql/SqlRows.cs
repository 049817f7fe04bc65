namespace Fts.Accounts.Sql;

/// <summary>Reads columns that have a value in every row.</summary>
internal static class SqlRows
{
    /// <summary>Returns the text in a column. Throws if the column is NULL, which the schema excludes.</summary>
    public static string GetRequiredText(this ISqlRow row, int column) => row.GetText(column) ?? throw CreateException(column);

    /// <summary>Returns the integer in a column. Throws if the column is NULL, which the schema excludes.</summary>
    public static long GetRequiredInteger(this ISqlRow row, int column) => row.GetInteger(column) ?? throw CreateException(column);

    /// <summary>Returns the integer of a query that returns exactly one row with one column.</summary>
    public static long QueryInteger(this ISqlSession session, string sql, params ReadOnlySpan<SqlValue> values) =>
        session.Query(sql, row => row.GetRequiredInteger(0), values)[0];

    private static InvalidDataException CreateException(int column) => new($"The column {column} is NULL.");
}
