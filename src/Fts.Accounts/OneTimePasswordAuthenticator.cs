using System.Security.Cryptography;
using System.Text;

namespace Fts.Accounts;

/// <summary>
/// One name and a random password that lives as long as the server: what a server without accounts accepts on an address that others can reach.
/// Also lets <c>anonymous</c> in where it was given permissions.
/// </summary>
public sealed class OneTimePasswordAuthenticator : IAuthenticator
{
    /// <summary>Letters and digits that cannot be taken for one another when read aloud or copied by hand: 31 of them, 4.95 bits each.</summary>
    private const string Alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

    private readonly AnonymousAuthenticator? _anonymous;
    private readonly Account _account;
    private readonly byte[] _hash;

    /// <summary>Makes a password of four groups of four, 79 bits, for <paramref name="userName"/>.</summary>
    public OneTimePasswordAuthenticator(string userName, Permissions permissions, Permissions anonymous = Permissions.None)
    {
        _account = new Account(userName, permissions);
        _anonymous = anonymous == Permissions.None ? null : new AnonymousAuthenticator(anonymous);
        Password = string.Join('-', Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetString(Alphabet, 4)));
        _hash = SHA256.HashData(Encoding.UTF8.GetBytes(Password));
    }

    /// <summary>The name that signs in with it.</summary>
    public string UserName => _account.Name;

    /// <summary>The password, to be shown once to whoever starts the server.</summary>
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

        // Both are compared whatever the other says, in constant time: the answer's delay tells nothing.
        bool password = CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(credentials.Password)), _hash);
        bool name = CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(credentials.UserName)), SHA256.HashData(Encoding.UTF8.GetBytes(UserName)));
        return new(password & name ? _account : null);
    }
}
