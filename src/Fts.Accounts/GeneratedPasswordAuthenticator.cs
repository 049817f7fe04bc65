using System.Security.Cryptography;
using System.Text;

namespace Fts.Accounts;

/// <summary>
/// Authenticates one user name with a random password, which is created with this object and never changes. Also accepts
/// <c>anonymous</c> and <c>ftp</c> with any password if the anonymous account has permissions.
/// </summary>
/// <remarks>
/// Intended for a server that has no configured accounts, but listens on an address that other machines can reach. The password is valid
/// for any number of logins.
/// </remarks>
public sealed class GeneratedPasswordAuthenticator : IAuthenticator
{
    /// <summary>31 letters and digits that are not easily confused, 4.95 bits each.</summary>
    private const string Alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

    private readonly AnonymousAuthenticator? _anonymous;
    private readonly Account _account;
    private readonly byte[] _passwordHash;

    /// <summary>Creates an authenticator with a random password of 79 bits, in four groups of four characters.</summary>
    /// <param name="userName">The user name.</param>
    /// <param name="permissions">The permissions of that user.</param>
    /// <param name="anonymous">The permissions of the anonymous account, or <see cref="Permissions.None"/> to reject it.</param>
    public GeneratedPasswordAuthenticator(string userName, Permissions permissions, Permissions anonymous = Permissions.None)
    {
        _account = new Account(userName, permissions);
        _anonymous = anonymous == Permissions.None ? null : new AnonymousAuthenticator(anonymous);
        Password = string.Join('-', Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetString(Alphabet, 4)));
        _passwordHash = Hash(Password);
    }

    /// <summary>The user name.</summary>
    public string UserName => _account.Name;

    /// <summary>The password, for display to the operator of the server.</summary>
    public string Password { get; }

    /// <inheritdoc/>
    public bool RequiresPassword(string userName) => true;

    /// <inheritdoc/>
    public ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        if (_anonymous is not null && AnonymousAuthenticator.IsAnonymous(credentials.UserName))
        {
            return _anonymous.AuthenticateAsync(credentials, cancellationToken);
        }

        // Both values are always compared, in constant time, so that the duration of the call reveals nothing.
        bool isPassword = CryptographicOperations.FixedTimeEquals(Hash(credentials.Password), _passwordHash);
        bool isName = CryptographicOperations.FixedTimeEquals(Hash(credentials.UserName), Hash(UserName));
        return new(isPassword & isName ? _account : null);
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
