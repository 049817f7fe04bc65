namespace Fts.Accounts;

/// <summary>
/// Lets whoever shows a certificate in as the one account it belongs to, without a password; everything else is for other accounts to decide. A certificate
/// is nobody else's than its own account's: with another user's name its holder is asked for that user's password, like anybody.
/// </summary>
public sealed class CertificateAccounts : IAccounts
{
    private readonly IAccounts _others;
    private readonly Func<ClientCertificate, Account?> _accountOf;

    /// <summary>Certificates first, then <paramref name="others"/>.</summary>
    /// <param name="others">Who signs in with a password.</param>
    /// <param name="accountOf">The account a certificate belongs to; null for none. Called at each sign-in, by several at once; must not wait.</param>
    public CertificateAccounts(IAccounts others, Func<ClientCertificate, Account?> accountOf)
    {
        ArgumentNullException.ThrowIfNull(others);
        ArgumentNullException.ThrowIfNull(accountOf);
        (_others, _accountOf) = (others, accountOf);
    }

    /// <summary>
    /// A certificate's account is its common name, letter for letter. Whoever issues the certificates decides who is who: only for an authority that issues
    /// for this server alone. The names of the public account, <c>anonymous</c> and <c>ftp</c>, are nobody's.
    /// </summary>
    public static CertificateAccounts ByCommonName(IAccounts others, Permissions permissions) =>
        new(others, certificate => certificate.CommonName is { Length: > 0 } name && !AnonymousAccounts.IsAnonymous(name) ? new Account(name, permissions) : null);

    /// <inheritdoc/>
    public bool NeedsPassword(string userName) => _others.NeedsPassword(userName);

    /// <inheritdoc/>
    public ValueTask<Account?> SignInAsync(Credentials credentials, CancellationToken cancellationToken) => _others.SignInAsync(credentials, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Account?> SignInByCertificateAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        return credentials is { IsEncrypted: true, Certificate: { } certificate } && _accountOf(certificate) is { } account && account.Name == credentials.UserName
            ? new(account)
            : _others.SignInByCertificateAsync(credentials, cancellationToken);
    }
}
