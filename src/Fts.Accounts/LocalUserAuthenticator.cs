namespace Fts.Accounts;

/// <summary>
/// Signs the server's own user, and root, in as <c>anonymous</c> or <c>ftp</c> without a password if they connect from the same machine
/// (<see cref="Credentials.IsOwnUserAsync"/>). All other clients sign in to other accounts. If the system does not report the users of
/// connections, that applies to every client.
/// </summary>
public sealed class LocalUserAccounts : IAccounts
{
    private readonly AnonymousAccounts _own;
    private readonly IAccounts _others;

    /// <summary>Creates accounts for the server's own user and for all other clients.</summary>
    /// <param name="permissions">What the server's own user may do.</param>
    /// <param name="others">The accounts of all other clients.</param>
    public LocalUserAccounts(Permissions permissions, IAccounts others)
    {
        ArgumentNullException.ThrowIfNull(others);
        (_own, _others) = (new AnonymousAccounts(permissions), others);
    }

    /// <summary>Returns true, because the reply must not depend on the client's user.</summary>
    public bool NeedsPassword(string userName) => true;

    /// <inheritdoc/>
    public async ValueTask<Account?> SignInAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        return AnonymousAccounts.IsAnonymous(credentials.UserName) && await credentials.IsOwnUserAsync(cancellationToken).ConfigureAwait(false)
            ? await _own.SignInAsync(credentials, cancellationToken).ConfigureAwait(false)
            : await _others.SignInAsync(credentials, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<Account?> SignInByCertificateAsync(Credentials credentials, CancellationToken cancellationToken) =>
        _others.SignInByCertificateAsync(credentials, cancellationToken);
}
