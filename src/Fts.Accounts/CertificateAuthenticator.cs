namespace Fts.Accounts;

/// <summary>
/// Authenticates clients by their certificates, without passwords. Each certificate belongs to at most one account. A fallback
/// authenticator handles all other logins.
/// </summary>
/// <remarks>
/// A certificate is valid only for its own account. A client that sends another user name needs the password of that user.
/// </remarks>
public sealed class CertificateAuthenticator : IAuthenticator
{
    private readonly IAuthenticator _fallback;
    private readonly Func<ClientCertificate, Account?> _findAccount;

    /// <summary>Creates an authenticator.</summary>
    /// <param name="fallback">Authenticates logins without a matching certificate.</param>
    /// <param name="findAccount">
    /// Returns the account of a certificate, or null if the certificate has no account. Called at each login with a certificate, possibly
    /// on several threads at once. Must not block.
    /// </param>
    public CertificateAuthenticator(IAuthenticator fallback, Func<ClientCertificate, Account?> findAccount)
    {
        ArgumentNullException.ThrowIfNull(fallback);
        ArgumentNullException.ThrowIfNull(findAccount);
        (_fallback, _findAccount) = (fallback, findAccount);
    }

    /// <summary>
    /// Creates an authenticator that uses a certificate's common name as the account name. The user name must match it exactly.
    /// </summary>
    /// <param name="fallback">Authenticates logins without a matching certificate.</param>
    /// <param name="permissions">The permissions of each account.</param>
    /// <remarks>
    /// The issuer of the certificates chooses the account names. Therefore, use this method only with an authority that issues certificates
    /// only for clients of this server. The names <c>anonymous</c> and <c>ftp</c> are not accepted.
    /// </remarks>
    public static CertificateAuthenticator CreateByCommonName(IAuthenticator fallback, Permissions permissions) =>
        new(fallback, certificate => certificate.CommonName is { Length: > 0 } name && !AnonymousAuthenticator.IsAnonymous(name)
            ? new Account(name, permissions)
            : null);

    /// <inheritdoc/>
    public bool RequiresPassword(string userName) => _fallback.RequiresPassword(userName);

    /// <inheritdoc/>
    public ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken) =>
        _fallback.AuthenticateAsync(credentials, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<LoginResult> LogInAsync(Credentials credentials, CancellationToken cancellationToken) =>
        _fallback.LogInAsync(credentials, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Account?> AuthenticateByCertificateAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        Account? account = credentials is { IsEncrypted: true, Certificate: { } certificate } ? _findAccount(certificate) : null;
        return account?.Name == credentials.UserName
            ? new(account)
            : _fallback.AuthenticateByCertificateAsync(credentials, cancellationToken);
    }
}
