namespace Fts.Accounts;

/// <summary>Decides which clients can log in, and to which account. Thread-safe.</summary>
/// <remarks>
/// The server calls the methods on threads that also serve other sessions. A method that waits, for example for a database, must wait
/// asynchronously.
/// </remarks>
public interface IAuthenticator
{
    /// <summary>Returns whether the server must request a password for a user name (331).</summary>
    /// <remarks>The result must not reveal whether the user exists.</remarks>
    bool RequiresPassword(string userName);

    /// <summary>Returns the account for a user name and password, or null if the login is rejected.</summary>
    /// <remarks>The server does not send the reason for a rejection to the client.</remarks>
    ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken);

    /// <summary>
    /// Returns the account for a user name and password, or the rule that rejects the login. The server calls only this method. The default
    /// implementation calls <see cref="AuthenticateAsync"/>.
    /// </summary>
    async ValueTask<LoginResult> LogInAsync(Credentials credentials, CancellationToken cancellationToken) =>
        LoginResult.FromAccount(await AuthenticateAsync(credentials, cancellationToken).ConfigureAwait(false));

    /// <summary>
    /// Returns the account for a user name and a client certificate, or null if the client needs a password.
    /// <see cref="Credentials.Certificate"/> is never null in this call.
    /// </summary>
    /// <remarks>
    /// The server replies 232 to a login by certificate (RFC 2228 §4). The default implementation returns null.
    /// </remarks>
    ValueTask<Account?> AuthenticateByCertificateAsync(Credentials credentials, CancellationToken cancellationToken) => new((Account?)null);
}
