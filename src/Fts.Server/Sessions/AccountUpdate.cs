using Fts.Accounts;
using Fts.Accounts.Login;
using Fts.Server.Commands;

namespace Fts.Server.Sessions;

/// <summary>Applies changes of an account's settings to its sessions (<see cref="Account.State"/>).</summary>
internal static class AccountUpdate
{
    /// <summary>
    /// Returns whether the account of a session was removed or disabled, or has expired. Thread-safe: the session monitor calls it.
    /// </summary>
    public static bool HasEnded(Session session) => session.Files is { Account.State: { Current: null } };

    /// <summary>
    /// Applies the newest settings before a command. The working directory stays. Returns false if the session must end, because the
    /// account can no longer log in from this client.
    /// </summary>
    public static bool TryApply(Session session)
    {
        if (session.Files is not { Account: { State: { } state } account } || ReferenceEquals(state.Current, account))
        {
            return true;
        }

        // The time of day and the expiry do not matter here: they do not end a running session when its account changes.
        if (state.Current is not { } current
            || AccountRestrictions.FindRule(
                current.Limits with { Hours = null, ExpiresAt = null }, session.Peer.Address, session.IsSecure, default) is not null)
        {
            return false;
        }

        session.Files = LoginCommands.CreateUserFiles(session, current);
        return true;
    }
}
