namespace Fts.Accounts;

/// <summary>The outcome of a login.</summary>
/// <param name="Account">The account, or null if the login is refused.</param>
/// <param name="Rule">
/// The name of the rule that refused the login (<see cref="RuleNames"/>), or null if the login is accepted. The log contains it. The client
/// does not receive it, because it could reveal that the account exists or that the password is correct.
/// </param>
public sealed record LoginResult(Account? Account, string? Rule)
{
    /// <summary>Returns the result of a login that is accepted.</summary>
    public static LoginResult Accept(Account account) => new(account, null);

    /// <summary>Returns the result of a login that a rule refuses.</summary>
    public static LoginResult Refuse(string rule) => new(null, rule);

    /// <summary>Returns the result of <see cref="IAuthenticator.AuthenticateAsync"/>.</summary>
    public static LoginResult FromAccount(Account? account) => account is null ? Refuse(RuleNames.LoginCredentials) : Accept(account);
}
