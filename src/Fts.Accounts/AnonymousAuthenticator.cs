namespace Fts.Accounts;

/// <summary>Lets anybody in as <c>anonymous</c> or <c>ftp</c>, whatever the password (RFC 1635), and nobody else.</summary>
public sealed class AnonymousAuthenticator(Permissions permissions) : IAuthenticator
{
    private readonly Account _account = new("anonymous", permissions);

    /// <summary>Whether this is one of the two customary names.</summary>
    public static bool IsAnonymous(string userName) =>
        string.Equals(userName, "anonymous", StringComparison.OrdinalIgnoreCase) || string.Equals(userName, "ftp", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// True: clients expect to be asked (331), and the answer shows in no log.
    /// </summary>
    public bool RequiresPassword(string userName) => true;

    /// <inheritdoc/>
    public ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        return new(IsAnonymous(credentials.UserName) ? _account : null);
    }
}
