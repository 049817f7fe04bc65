using Fts.Accounts;

namespace Fts.Serving;

/// <summary>Who may sign in on a server that has no accounts.</summary>
/// <param name="Accounts">What decides.</param>
/// <param name="Anonymous">What anybody may do.</param>
/// <param name="Password">The password made for this run; null where none is needed.</param>
/// <param name="AdmitsOwnUser">Whether the server's own user, and root, may read and write without a password.</param>
internal sealed record Guests(IAuthenticator Accounts, Permissions Anonymous, OneTimePasswordAuthenticator? Password, bool AdmitsOwnUser = false)
{
    private const string UserName = "fts";

    /// <summary>
    /// On a loopback address, root and the user that runs the server may read and write without a password. Other users of the machine need
    /// a password that is created for this run. Systems other than Linux do not report the user of a connection: on them, every user of the
    /// machine may read and write without a password. On any other address the network is not trusted, and the password is needed.
    /// </summary>
    /// <param name="isLocal">Whether only this machine can connect.</param>
    /// <param name="anonymous"><c>auto</c>, <c>read</c>, <c>write</c> or <c>no</c>.</param>
    public static Guests For(bool isLocal, string anonymous)
    {
        if (isLocal && anonymous == "auto" && OperatingSystem.IsLinux())
        {
            var others = new OneTimePasswordAuthenticator(UserName, Permissions.ReadWrite);
            return new Guests(new LocalUserAuthenticator(Permissions.ReadWrite, others), Permissions.None, others, AdmitsOwnUser: true);
        }

        Permissions anybody = anonymous switch
        {
            "read" => Permissions.ReadOnly,
            "write" => Permissions.ReadWrite,
            "no" => Permissions.None,
            _ => isLocal ? Permissions.ReadWrite : Permissions.None,
        };
        if (anybody == Permissions.ReadWrite)
        {
            return new Guests(new AnonymousAuthenticator(anybody), anybody, null);
        }

        var password = new OneTimePasswordAuthenticator(UserName, Permissions.ReadWrite, anybody);
        return new Guests(password, anybody, password);
    }
}
