namespace Fts.Accounts.Settings;

/// <summary>The reasons for which an account database refuses a change or cannot be used.</summary>
public enum AccountDatabaseError
{
    /// <summary>The account or group to change does not exist.</summary>
    NotFound,
    /// <summary>An account or group with this name exists, or another account has the key fingerprint.</summary>
    Exists,
    /// <summary>The account or group was changed after the caller read it.</summary>
    Conflict,
    /// <summary>A setting is not valid.</summary>
    Invalid,
    /// <summary>Two groups of an account contradict each other, or a group of an account does not exist.</summary>
    Inconsistent,
    /// <summary>Other processes use the database. The same call may succeed later.</summary>
    Busy,
    /// <summary>The file is not a database of this program, or it is damaged.</summary>
    Damaged,
    /// <summary>A newer version of the program wrote the database.</summary>
    NewerVersion,
    /// <summary>The database cannot be read or written, for example because of missing permission or a full disk.</summary>
    Unavailable,
}

/// <summary>The exception that an <see cref="IAccountDatabase"/> throws.</summary>
public sealed class AccountDatabaseException : IOException
{
    /// <summary>Creates an exception for <see cref="AccountDatabaseError.Unavailable"/>.</summary>
    public AccountDatabaseException() : this(AccountDatabaseError.Unavailable, "The account database is not available.") { }

    /// <summary>Creates an exception for <see cref="AccountDatabaseError.Unavailable"/> with a message.</summary>
    public AccountDatabaseException(string message) : this(AccountDatabaseError.Unavailable, message) { }

    /// <summary>Creates an exception for <see cref="AccountDatabaseError.Unavailable"/> with a message and a cause.</summary>
    public AccountDatabaseException(string message, Exception innerException)
        : this(AccountDatabaseError.Unavailable, message, innerException) { }

    /// <summary>Creates an exception.</summary>
    /// <param name="error">The reason.</param>
    /// <param name="message">The message for the administrator: what failed and why, without a full stop.</param>
    /// <param name="innerException">The cause, or null.</param>
    public AccountDatabaseException(AccountDatabaseError error, string message, Exception? innerException = null)
        : base(message, innerException) => Error = error;

    /// <summary>The reason for which the database refused the change or cannot be used.</summary>
    public AccountDatabaseError Error { get; }
}
