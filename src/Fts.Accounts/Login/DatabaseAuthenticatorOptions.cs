namespace Fts.Accounts.Login;

/// <summary>The options of a <see cref="DatabaseAuthenticator"/>.</summary>
public sealed record DatabaseAuthenticatorOptions
{
    /// <summary>Verifies the passwords.</summary>
    public required IPasswordVerifier Passwords { get; init; }

    /// <summary>Provides the stores of the accounts. Null if all accounts use the store of the host. Default: null.</summary>
    public IAccountStores? Stores { get; init; }

    /// <summary>
    /// Authenticates user names without an account, for example <c>anonymous</c>. Null to reject them. Default: null.
    /// </summary>
    public IAuthenticator? UnknownUsers { get; init; }

    /// <summary>
    /// Checks user names that no account has with another server, and creates their accounts. The names <c>anonymous</c> and <c>ftp</c>,
    /// and names that are not valid account names, are rejected without a check. Null to reject unknown names. Default: null.
    /// </summary>
    public IAccountTakeOver? TakeOver { get; init; }

    /// <summary>
    /// Authenticates all logins until the database contains an account for the first time. Null to reject them. Default: null.
    /// </summary>
    public IAuthenticator? WithoutAccounts { get; init; }

    /// <summary>
    /// Receives a sentence for each failure that the administrator must know: a home directory that cannot be used, or a database that
    /// cannot be read by the background task. Called on any thread. Null for no calls. Default: null.
    /// </summary>
    public Action<string>? Report { get; init; }

    /// <summary>
    /// Called after each change of accounts and groups that a refresh has found. Called on any thread. Null for no calls. Default: null.
    /// </summary>
    public Func<CancellationToken, ValueTask>? ChangedAsync { get; init; }

    /// <summary>How often the background task looks for changes. Default: half a second.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The clock. Default: the system clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
