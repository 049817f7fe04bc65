namespace Fts.Accounts.Sql;

/// <summary>A parameter of an SQL statement: text, an integer or NULL. These types exist in every SQL database.</summary>
internal readonly struct SqlValue
{
    private SqlValue(string? text, long? integer) => (Text, Integer) = (text, integer);

    /// <summary>The text, or null.</summary>
    public string? Text { get; }

    /// <summary>The integer, or null.</summary>
    public long? Integer { get; }

    public static implicit operator SqlValue(string? text) => new(text, null);

    public static implicit operator SqlValue(long? integer) => new(null, integer);

    public static implicit operator SqlValue(long integer) => new(null, integer);

    /// <summary>Booleans are stored as 0 and 1.</summary>
    public static implicit operator SqlValue(bool? value) => new(null, value is null ? null : value.Value ? 1 : 0);
}
