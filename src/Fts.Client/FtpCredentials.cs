namespace Fts.Client;

/// <summary>The credentials for the login.</summary>
/// <param name="UserName">The user name, sent with USER.</param>
/// <param name="Password">The password, sent with PASS if the server requests one.</param>
public sealed record FtpCredentials(string UserName, string Password)
{
    /// <summary>The user "anonymous" with the password "anonymous@" (RFC 1635).</summary>
    public static FtpCredentials Anonymous { get; } = new("anonymous", "anonymous@");

    /// <summary>
    /// The account, sent with ACCT if the server requests one (RFC 959 §4.1.1). If null,
    /// <see cref="FtpClientOptions.RequestAccountAsync"/> is called instead. Few servers request an account.
    /// </summary>
    public string? Account { get; init; }

    /// <summary>Returns the user name, without the password.</summary>
    public override string ToString() => $"{UserName} (password hidden)";

    /// <summary>Whether the password or account is secret. The password of the user "anonymous" is public (RFC 1635).</summary>
    internal bool HasSecret =>
        !string.IsNullOrEmpty(Account)
        || (Password.Length > 0 && !string.Equals(UserName, Anonymous.UserName, StringComparison.OrdinalIgnoreCase));

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(UserName);
        ArgumentNullException.ThrowIfNull(Password);
        if ((UserName + Password + Account).AsSpan().IndexOfAny('\r', '\n', '\0') >= 0)
        {
            throw new ArgumentException(
                "A user name, password or account must not contain a line break or NUL.", nameof(FtpClientOptions.Credentials));
        }
    }
}
