namespace Fts.Accounts;

/// <summary>
/// Signs the server's own user, and root, in as <c>anonymous</c> or <c>ftp</c> without a password if they connect from the same machine
/// (<see cref="Credentials.IsServerUserAsync"/>). All other clients sign in to other accounts. If the system does not report the users of
/// connections, that applies to every client.
/// </summary>
public sealed class LocalUserAuthenticator : IAuthenticator
{
    private readonly AnonymousAuthenticator _serverUser;
    private readonly IAuthenticator _fallback;

    /// <summary>Creates accounts for the server's own user and for all other clients.</summary>
    /// <param name="permissions">What the server's own user may do.</param>
    /// <param name="fallback">The accounts of all other clients.</param>
    public LocalUserAuthenticator(Permissions permissions, IAuthenticator fallback)
    {
        ArgumentNullException.ThrowIfNull(fallback);
        (_serverUser, _fallback) = (new AnonymousAuthenticator(permissions), fallback);
    }

    /// <summary>Returns true, because the reply must not depend on the client's user.</summary>
    public bool RequiresPassword(string userName) => true;

    /// <inheritdoc/>
    public async ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        return AnonymousAuthenticator.IsAnonymous(credentials.UserName) && await credentials.IsServerUserAsync(cancellationToken).ConfigureAwait(false)
            ? await _serverUser.AuthenticateAsync(credentials, cancellationToken).ConfigureAwait(false)
            : await _fallback.AuthenticateAsync(credentials, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<Account?> AuthenticateByCertificateAsync(Credentials credentials, CancellationToken cancellationToken) =>
        _fallback.AuthenticateByCertificateAsync(credentials, cancellationToken);
}
