using Fts.Accounts;
using Fts.Accounts.Events;
using Fts.Accounts.Recording;
using Fts.Server.Sessions;

namespace Fts.Server.Access;

/// <summary>Begins the records of a session at its login, and records failed logins.</summary>
internal static class LoginRecords
{
    /// <summary>
    /// Returns the records of a session, or null if the server has none or the real directories of the account are unknown.
    /// </summary>
    public static SessionRecords? Begin(Session session, Account account) =>
        session.Server.Options.Records is { } records && (account.Locations ?? session.Host.StoreLocations) is { } locations
            ? records.BeginSession(account.Name, session.Peer.Address.ToString(), session.Id, locations)
            : null;

    /// <summary>Records a failed login.</summary>
    /// <param name="session">The session.</param>
    /// <param name="userName">The user name that the client sent.</param>
    /// <param name="rule">The rule that rejected the login, or null.</param>
    public static void RecordFailure(Session session, string userName, string? rule)
    {
        if (session.Server.Options.Records is { RecordsEvents: true } records)
        {
            DateTimeOffset now = AccountEvent.RoundTime(session.Server.Options.TimeProvider.GetUtcNow());
            records.Record(new AccountEvent(EventType.LoginFailed, now)
            {
                Account = AccountEvent.EscapeText(userName),
                Address = session.Peer.Address.ToString(),
                Session = session.Id,
                Rule = rule,
            });
        }
    }
}
