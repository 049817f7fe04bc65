namespace Fts.Accounts;

/// <summary>
/// Accepts the user names <c>anonymous</c> and <c>ftp</c> with any password from local clients that run as root or as the server's own user
/// (<see cref="Credentials.IsServerUserAsync"/>). A fallback authenticator handles all other logins.
/// </summary>
/// <remarks>If the system does not report the users of connections, the fallback handles every login.</remarks>
public sealed class LocalUserAuthenticator : IAuthenticator
{
    private readonly AnonymousAuthenticator _serverUserAuthenticator;
    private readonly IAuthenticator _fallback;

    /// <summary>Creates an authenticator.</summary>
    /// <param name="permissions">The permissions of clients that run as root or as the server's own user.</param>
    /// <param name="fallback">Authenticates all other logins.</param>
    public LocalUserAuthenticator(Permissions permissions, IAuthenticator fallback)
    {
        ArgumentNullException.ThrowIfNull(fallback);
        (_serverUserAuthenticator, _fallback) = (new AnonymousAuthenticator(permissions), fallback);
    }

    /// <summary>
    /// Returns true for every user name. Otherwise, the reply to USER would reveal whether the client's process belongs to a trusted user.
    /// </summary>
    public bool RequiresPassword(string userName) => true;

    /// <inheritdoc/>
    public async ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken) =>
        (await LogInAsync(credentials, cancellationToken).ConfigureAwait(false)).Account;

    /// <inheritdoc/>
    public async ValueTask<LoginResult> LogInAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        bool isServerUser = AnonymousAuthenticator.IsAnonymous(credentials.UserName)
            && await credentials.IsServerUserAsync(cancellationToken).ConfigureAwait(false);
        IAuthenticator authenticator = isServerUser ? _serverUserAuthenticator : _fallback;
        return await authenticator.LogInAsync(credentials, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<Account?> AuthenticateByCertificateAsync(Credentials credentials, CancellationToken cancellationToken) =>
        _fallback.AuthenticateByCertificateAsync(credentials, cancellationToken);
}
