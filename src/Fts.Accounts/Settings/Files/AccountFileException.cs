namespace Fts.Accounts.Settings.Files;

/// <summary>The exception for an error in a declarative file of accounts (<see cref="AccountFile"/>).</summary>
public sealed class AccountFileException : FormatException
{
    /// <summary>Creates an exception for the first line.</summary>
    public AccountFileException() : this(1, "the file is not valid") { }

    /// <summary>Creates an exception for the first line.</summary>
    public AccountFileException(string message) : this(1, message) { }

    /// <summary>Creates an exception for the first line, with a cause.</summary>
    public AccountFileException(string message, Exception innerException) : base(message, innerException) => Line = 1;

    /// <summary>Creates an exception.</summary>
    /// <param name="line">The line of the error, starting at 1.</param>
    /// <param name="message">The error, without a full stop.</param>
    public AccountFileException(int line, string message) : base(message) => Line = line;

    /// <summary>The line of the error, starting at 1.</summary>
    public int Line { get; }
}
