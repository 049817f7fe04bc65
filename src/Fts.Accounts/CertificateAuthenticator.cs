namespace Fts.Accounts;

/// <summary>
/// Lets whoever shows a certificate in as the one account it belongs to, without a password; everything else is for other accounts to decide. A certificate
/// is nobody else's than its own account's: with another user's name its holder is asked for that user's password, like anybody.
/// </summary>
public sealed class CertificateAuthenticator : IAuthenticator
{
    private readonly IAuthenticator _fallback;
    private readonly Func<ClientCertificate, Account?> _findAccount;

    /// <summary>Certificates first, then <paramref name="fallback"/>.</summary>
    /// <param name="fallback">Who signs in with a password.</param>
    /// <param name="findAccount">The account a certificate belongs to; null for none. Called at each sign-in, by several at once; must not wait.</param>
    public CertificateAuthenticator(IAuthenticator fallback, Func<ClientCertificate, Account?> findAccount)
    {
        ArgumentNullException.ThrowIfNull(fallback);
        ArgumentNullException.ThrowIfNull(findAccount);
        (_fallback, _findAccount) = (fallback, findAccount);
    }

    /// <summary>
    /// A certificate's account is its common name, letter for letter. Whoever issues the certificates decides who is who: only for an authority that issues
    /// for this server alone. The names of the public account, <c>anonymous</c> and <c>ftp</c>, are nobody's.
    /// </summary>
    public static CertificateAuthenticator CreateByCommonName(IAuthenticator fallback, Permissions permissions) =>
        new(fallback, certificate => certificate.CommonName is { Length: > 0 } name && !AnonymousAuthenticator.IsAnonymous(name) ? new Account(name, permissions) : null);

    /// <inheritdoc/>
    public bool RequiresPassword(string userName) => _fallback.RequiresPassword(userName);

    /// <inheritdoc/>
    public ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken) => _fallback.AuthenticateAsync(credentials, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Account?> AuthenticateByCertificateAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        return credentials is { IsEncrypted: true, Certificate: { } certificate } && _findAccount(certificate) is { } account && account.Name == credentials.UserName
            ? new(account)
            : _fallback.AuthenticateByCertificateAsync(credentials, cancellationToken);
    }
}
