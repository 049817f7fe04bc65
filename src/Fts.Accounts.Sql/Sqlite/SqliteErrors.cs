using Fts.Accounts.Settings;
using SQLitePCL;

namespace Fts.Accounts.Sql.Sqlite;

/// <summary>Converts the result codes of SQLite to exceptions.</summary>
internal static class SqliteErrors
{
    /// <summary>Returns the exception for a result code.</summary>
    /// <param name="path">The file of the database.</param>
    /// <param name="result">The result code. Its lowest byte is the primary code.</param>
    /// <param name="message">The message of SQLite.</param>
    public static AccountDatabaseException CreateException(string path, int result, string message)
    {
        (AccountDatabaseError error, string reason) = (result & 0xFF) switch
        {
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => (AccountDatabaseError.Busy, "another process uses it for too long; try again"),
            raw.SQLITE_NOTADB => (AccountDatabaseError.Damaged, "the file is not a database; restore it from a backup"),
            raw.SQLITE_CORRUPT => (AccountDatabaseError.Damaged, "the file is damaged; restore it from a backup"),
            raw.SQLITE_CANTOPEN or raw.SQLITE_PERM or raw.SQLITE_AUTH => (AccountDatabaseError.Unavailable, "the file cannot be opened"),
            raw.SQLITE_READONLY => (AccountDatabaseError.Unavailable, "the file or its directory cannot be written"),
            raw.SQLITE_FULL => (AccountDatabaseError.Unavailable, "no space is left"),
            _ => (AccountDatabaseError.Unavailable, message),
        };
        return new AccountDatabaseException(error, $"cannot use the database {path}: {reason}");
    }
}
