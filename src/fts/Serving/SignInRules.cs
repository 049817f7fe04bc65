using Fts.Accounts;

namespace Fts.Serving;

/// <summary>The login rules of <c>fts server</c>, apart from those for client certificates.</summary>
/// <param name="Authenticator">Authenticates logins by these rules.</param>
/// <param name="AnonymousPermissions">
/// The permissions of every client without a password. They do not include the permissions that <see cref="AllowsOwnUser"/> adds.
/// </param>
/// <param name="GeneratedPassword">The account with the password of this run, or null if no client needs a password.</param>
/// <param name="AllowsOwnUser">
/// Whether the user that runs the server, and root, may read and write without a password while other users need a password.
/// </param>
internal sealed record SignInRules(
    IAuthenticator Authenticator, Permissions AnonymousPermissions, GeneratedPasswordAuthenticator? GeneratedPassword,
    bool AllowsOwnUser = false)
{
    private const string GeneratedPasswordUser = "fts";

    /// <summary>
    /// The permissions of clients without a password if <c>--anonymous read</c> or <c>--anonymous write</c> is given; otherwise none.
    /// </summary>
    public Permissions ExplicitAnonymousPermissions { get; private init; }

    /// <summary>Returns the login rules of a server with accounts. No password is generated.</summary>
    /// <param name="anonymous">
    /// The value of <c>--anonymous</c>. Only <c>read</c> and <c>write</c> permit clients without a password.
    /// </param>
    public static SignInRules CreateForAccounts(string anonymous)
    {
        Permissions permissions = GetExplicitPermissions(anonymous);
        return new SignInRules(new AnonymousAuthenticator(permissions), permissions, null) { ExplicitAnonymousPermissions = permissions };
    }

    /// <summary>
    /// Returns the login rules for an address. On a loopback address, root and the user that runs the server may read and write without a
    /// password. Other users of the machine need a password that is created for this run. Systems other than Linux do not report the user
    /// of a connection, so every user of the machine may read and write without a password. On any other address, clients need the
    /// password, because the network is not trusted.
    /// </summary>
    /// <param name="isLocal">Whether only this machine can connect.</param>
    /// <param name="anonymous">
    /// The value of <c>--anonymous</c>: <c>auto</c>, <c>read</c>, <c>write</c> or <c>no</c>. A value other than <c>auto</c> sets the
    /// permissions of every client without a password.
    /// </param>
    public static SignInRules Create(bool isLocal, string anonymous) =>
        CreateWithoutAccounts(isLocal, anonymous) with { ExplicitAnonymousPermissions = GetExplicitPermissions(anonymous) };

    private static SignInRules CreateWithoutAccounts(bool isLocal, string anonymous)
    {
        if (isLocal && anonymous == "auto" && OperatingSystem.IsLinux())
        {
            var otherUsers = new GeneratedPasswordAuthenticator(GeneratedPasswordUser, Permissions.ReadWrite);
            return new SignInRules(
                new LocalUserAuthenticator(Permissions.ReadWrite, otherUsers), Permissions.None, otherUsers, AllowsOwnUser: true);
        }

        Permissions anonymousPermissions = anonymous switch
        {
            "read" => Permissions.ReadOnly,
            "write" => Permissions.ReadWrite,
            "no" => Permissions.None,
            _ => isLocal ? Permissions.ReadWrite : Permissions.None,
        };
        if (anonymousPermissions == Permissions.ReadWrite)
        {
            return new SignInRules(new AnonymousAuthenticator(anonymousPermissions), anonymousPermissions, null);
        }

        var password = new GeneratedPasswordAuthenticator(GeneratedPasswordUser, Permissions.ReadWrite, anonymousPermissions);
        return new SignInRules(password, anonymousPermissions, password);
    }

    private static Permissions GetExplicitPermissions(string anonymous) => anonymous switch
    {
        "read" => Permissions.ReadOnly,
        "write" => Permissions.ReadWrite,
        _ => Permissions.None,
    };
}
