using Fts.Accounts;
using Fts.Accounts.Login;
using Fts.Protocol;
using Fts.Server.Commands;

namespace Fts.Server.Sessions;

/// <summary>Applies changes of an account's settings to its sessions (<see cref="Account.State"/>).</summary>
internal static class AccountUpdate
{
    /// <summary>
    /// Ends a session whose account was removed or disabled, or has expired. Thread-safe: the session monitor calls it.
    /// </summary>
    public static void EndIfAccountEnded(Session session)
    {
        if (session.Files is { Account.State: { Current: null } })
        {
            End(session);
        }
    }

    /// <summary>
    /// Applies the newest settings before a command. The working directory stays. Returns false if the session must end, because the
    /// account can no longer log in from this client. The end of the session's loop then sends the reply.
    /// </summary>
    public static bool TryApply(Session session)
    {
        if (session.Files is not { Account: { State: { } state } account } || ReferenceEquals(state.Current, account))
        {
            return true;
        }

        if (state.Current is not { } current)
        {
            End(session);
            return false;
        }

        // The time of day and the expiry do not matter here: they do not end a running session when its account changes.
        if (AccountRestrictions.FindRule(
            current.Limits with { Hours = null, ExpiresAt = null }, session.Peer.Address, session.IsSecure, default) is { } rule)
        {
            End(session, rule);
            return false;
        }

        session.Files = LoginCommands.CreateUserFiles(session, current);
        return true;
    }

    /// <summary>Ends a session and logs the rule. Only the first call has an effect.</summary>
    private static void End(Session session, string? rule = null)
    {
        if (session.End(Replies.AccountEnded))
        {
            Account account = session.Files!.Account;
            Log.AccountEnded(
                session.Server.Options.Logger, session.Id, account.Name.ToPrintable(), rule ?? account.State?.EndRule ?? "unknown");
        }
    }
}
