namespace Fts.Accounts;

/// <summary>
/// Signs the server's own user, and root, in as <c>anonymous</c> or <c>ftp</c> without a password if they connect from the same machine
/// (<see cref="Credentials.IsOwnUserAsync"/>). Everyone else signs in to other accounts. If the system does not report the users of
/// connections, every client does.
/// </summary>
public sealed class LocalUserAccounts : IAccounts
{
    private readonly AnonymousAccounts _own;
    private readonly IAccounts _others;

    /// <summary>Makes accounts for the server's own user, and for everyone else.</summary>
    /// <param name="permissions">What the server's own user may do.</param>
    /// <param name="others">The accounts of everyone else.</param>
    public LocalUserAccounts(Permissions permissions, IAccounts others)
    {
        ArgumentNullException.ThrowIfNull(others);
        (_own, _others) = (new AnonymousAccounts(permissions), others);
    }

    /// <summary>True: the reply must not depend on who connects.</summary>
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
