namespace Fts.Accounts.Passwords.Import;

/// <summary>The content of a password file.</summary>
/// <param name="Format">The format, or null if it was not recognised. Every line is then skipped.</param>
/// <param name="Accounts">The accounts, in the order of the file. No two have the same name.</param>
/// <param name="SkippedLines">The lines that contain no usable account, in the order of the file.</param>
public sealed record PasswordFile(
    PasswordFileFormat? Format, IReadOnlyList<ImportedAccount> Accounts, IReadOnlyList<SkippedLine> SkippedLines);

/// <summary>A line of a password file that was not imported.</summary>
/// <param name="LineNumber">The number of the line, from 1.</param>
/// <param name="Account">The name of the account, or null if the line has no valid name.</param>
/// <param name="Reason">The reason, without any part of the hash.</param>
public sealed record SkippedLine(int LineNumber, string? Account, string Reason)
{
    /// <summary>Returns a message, for example <c>line 7: kind {SHA} is not supported</c>.</summary>
    public override string ToString() => $"line {LineNumber}: {Reason}";
}

/// <summary>An account of a password file.</summary>
/// <param name="Name">The name, without control characters, from 1 to 128 characters.</param>
/// <param name="Hash">The hash of the password.</param>
/// <param name="LineNumber">The number of the line, from 1.</param>
public sealed record ImportedAccount(string Name, PasswordHash Hash, int LineNumber)
{
    /// <summary>The home directory on the old server, or null if the file has none. It may be any text.</summary>
    public string? Home { get; init; }

    /// <summary>The first day on which the account cannot log in (UTC), or null if it does not expire. From shadow(5).</summary>
    public DateOnly? ExpiresOn { get; init; }

    /// <summary>The limits of the account. Only pure-ftpd has limits.</summary>
    public ImportedLimits Limits { get; init; } = ImportedLimits.None;

    /// <summary>
    /// The names of fields that restrict the account and have no counterpart here, for example <c>upload ratio</c>. The account has fewer
    /// restrictions than on the old server if this list is not empty.
    /// </summary>
    public IReadOnlyList<string> IgnoredFields { get; init; } = [];
}
