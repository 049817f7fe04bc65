namespace Fts.Client;

/// <summary>Who signs in.</summary>
/// <param name="UserName">The name sent with USER.</param>
/// <param name="Password">The password sent with PASS, when the server asks for one.</param>
public sealed record FtpCredentials(string UserName, string Password)
{
    /// <summary>The public account of RFC 1635.</summary>
    public static FtpCredentials Anonymous { get; } = new("anonymous", "anonymous@");

    /// <summary>What is sent with ACCT when the server asks for an account, which few do.</summary>
    public string? Account { get; init; }

    /// <summary>The user name; never the password.</summary>
    public override string ToString() => $"{UserName} (password hidden)";

    /// <summary>Whether the password or account is secret. The password of the user "anonymous" is public by custom (RFC 1635).</summary>
    internal bool HasSecret =>
        !string.IsNullOrEmpty(Account) || (Password.Length > 0 && !string.Equals(UserName, Anonymous.UserName, StringComparison.OrdinalIgnoreCase));

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(UserName);
        ArgumentNullException.ThrowIfNull(Password);
        if ((UserName + Password + Account).AsSpan().IndexOfAny('\r', '\n', '\0') >= 0)
        {
            throw new ArgumentException("A user name, password or account holds no line end and no NUL.", nameof(FtpClientOptions.Credentials));
        }
    }
}
