using Fts.Accounts;

namespace Fts.Cli;

/// <summary>Who may sign in on a server that has no accounts.</summary>
/// <param name="Accounts">What decides.</param>
/// <param name="Anonymous">What anybody may do.</param>
/// <param name="Password">The password made for this run; null where none is needed.</param>
internal sealed record Guests(IAccounts Accounts, Permissions Anonymous, OneTimePassword? Password)
{
    private const string UserName = "fts";

    /// <summary>
    /// On a loopback address everybody who can connect is on this machine: they may read and write, unless told otherwise. On any other address the
    /// network is not trusted. Whoever anonymous may not write, a password made for this run can.
    /// </summary>
    /// <param name="isLocal">Whether only this machine can connect.</param>
    /// <param name="anonymous"><c>auto</c>, <c>read</c>, <c>write</c> or <c>no</c>.</param>
    public static Guests For(bool isLocal, string anonymous)
    {
        Permissions anybody = anonymous switch
        {
            "read" => Permissions.ReadOnly,
            "write" => Permissions.ReadWrite,
            "no" => Permissions.None,
            _ => isLocal ? Permissions.ReadWrite : Permissions.None,
        };
        if (anybody == Permissions.ReadWrite)
        {
            return new Guests(new AnonymousAccounts(anybody), anybody, null);
        }

        var password = new OneTimePassword(UserName, Permissions.ReadWrite, anybody);
        return new Guests(password, anybody, password);
    }
}
