using Fts.Accounts;
using Fts.Protocol;
using Fts.Server.Sessions;

namespace Fts.Server.Access.Bans;

/// <summary>Refuses logins of banned clients before the password is checked, and counts the failed logins of other clients.</summary>
internal static class BanCheck
{
    /// <summary>
    /// Checks the password, unless the login is banned. A banned login is refused after the time that a wrong password needs.
    /// </summary>
    public static async ValueTask<LoginResult> LogInAsync(Session session, Credentials credentials, CancellationToken cancellationToken)
    {
        IAuthenticator authenticator = session.Host.Authenticator;
        if (session.Server.Bans is not { } bans)
        {
            return await authenticator.LogInAsync(credentials, cancellationToken);
        }

        if (IsBanned(session, credentials.UserName))
        {
            await session.Server.NegativeLoginTime.WaitAsync(
                async token => await authenticator.LogInAsync(CreateInvalid(credentials), token), cancellationToken);
            return LoginResult.Refuse(RuleNames.Banned);
        }

        TimeProvider clock = session.Server.Options.TimeProvider;
        long startedAt = clock.GetTimestamp();
        LoginResult result = await authenticator.LogInAsync(credentials, cancellationToken);
        if (result.Account is not null)
        {
            bans.RecordSuccess(session.Peer.Address, credentials.UserName);
        }
        else if (result.Rule == RuleNames.LoginCredentials)
        {
            // Other rules refuse correct passwords, so these logins are not guesses.
            session.Server.NegativeLoginTime.Add(clock.GetElapsedTime(startedAt));
            bans.RecordFailure(session.Peer.Address, credentials.UserName, credentials.Password);
        }

        return result;
    }

    /// <summary>Returns whether a login of the session is banned, and logs the ban.</summary>
    public static bool IsBanned(Session session, string userName)
    {
        if (session.Server.Bans?.Find(session.Peer.Address, userName) is not { } ban)
        {
            return false;
        }

        Log.LoginBanned(
            session.Server.Options.Logger, session.Id, userName.ToPrintable(), session.Peer.Address, FtpBanList.Describe(ban));
        return true;
    }

    /// <summary>Returns credentials that no account has.</summary>
    private static Credentials CreateInvalid(Credentials credentials) => credentials with
    {
        UserName = $"invalid-{Guid.NewGuid():N}",
        Password = Guid.NewGuid().ToString("N"),
    };
}
