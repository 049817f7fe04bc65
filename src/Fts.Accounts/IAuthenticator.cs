namespace Fts.Accounts;

/// <summary>Who may sign in. Safe for use by several callers at once.</summary>
public interface IAuthenticator
{
    /// <summary>Whether this name needs a password at all. Must not tell names that exist from names that do not.</summary>
    bool RequiresPassword(string userName);

    /// <summary>The account, or null for every kind of refusal: which kind is nobody's business.</summary>
    ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken);

    /// <summary>
    /// The account that <see cref="Credentials.Certificate"/>, which is there, signs in as <see cref="Credentials.UserName"/> without a password (232, RFC 2228 §4);
    /// null where it does not: the password is then asked for as of anybody. Without an implementation no certificate signs anybody in.
    /// </summary>
    ValueTask<Account?> AuthenticateByCertificateAsync(Credentials credentials, CancellationToken cancellationToken) => new((Account?)null);
}
