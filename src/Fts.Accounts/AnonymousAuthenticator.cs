namespace Fts.Accounts;

/// <summary>Accepts the user names <c>anonymous</c> and <c>ftp</c> with any password (RFC 1635). Rejects all other user names.</summary>
/// <param name="permissions">The permissions of the anonymous account.</param>
public sealed class AnonymousAuthenticator(Permissions permissions) : IAuthenticator
{
    private readonly Account _account = new("anonymous", permissions);

    /// <summary>Returns whether a user name is <c>anonymous</c> or <c>ftp</c>, ignoring case.</summary>
    public static bool IsAnonymous(string userName) =>
        string.Equals(userName, "anonymous", StringComparison.OrdinalIgnoreCase)
        || string.Equals(userName, "ftp", StringComparison.OrdinalIgnoreCase);

    /// <summary>Returns true, because clients expect a password prompt (331).</summary>
    public bool RequiresPassword(string userName) => true;

    /// <inheritdoc/>
    public ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        return new(IsAnonymous(credentials.UserName) ? _account : null);
    }
}
