namespace Fts.Accounts;

/// <summary>
/// Authenticates the server's own user and root as <c>anonymous</c> with any password if they connect from the same machine
/// (<see cref="Credentials.IsServerUserAsync"/>). A fallback authenticator handles all other logins.
/// </summary>
/// <remarks>If the system does not report the users of connections, the fallback handles every login.</remarks>
public sealed class LocalUserAuthenticator : IAuthenticator
{
    private readonly AnonymousAuthenticator _serverUser;
    private readonly IAuthenticator _fallback;

    /// <summary>Creates an authenticator.</summary>
    /// <param name="permissions">The permissions of the server's own user.</param>
    /// <param name="fallback">Authenticates all other clients.</param>
    public LocalUserAuthenticator(Permissions permissions, IAuthenticator fallback)
    {
        ArgumentNullException.ThrowIfNull(fallback);
        (_serverUser, _fallback) = (new AnonymousAuthenticator(permissions), fallback);
    }

    /// <summary>Returns true, because the reply must not reveal which user the client runs as.</summary>
    public bool RequiresPassword(string userName) => true;

    /// <inheritdoc/>
    public async ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        bool isServerUser = AnonymousAuthenticator.IsAnonymous(credentials.UserName)
            && await credentials.IsServerUserAsync(cancellationToken).ConfigureAwait(false);
        return isServerUser
            ? await _serverUser.AuthenticateAsync(credentials, cancellationToken).ConfigureAwait(false)
            : await _fallback.AuthenticateAsync(credentials, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<Account?> AuthenticateByCertificateAsync(Credentials credentials, CancellationToken cancellationToken) =>
        _fallback.AuthenticateByCertificateAsync(credentials, cancellationToken);
}
