using System.Globalization;
using Fts.Accounts.Bans;
using Fts.Accounts.Events;
using Fts.Accounts.Sql.Records;
using Fts.Accounts.Sql.Sqlite;

namespace Fts.Accounts.Sql.Bans;

/// <summary>The bans in an SQL database. Thread-safe.</summary>
/// <remarks>If the last start of a server enabled events, each saved and each removed ban is also recorded as an event in the same
/// transaction.</remarks>
/// <param name="database">The database. The caller disposes it after this object.</param>
public sealed class SqlBanStore(SqliteDatabase database) : IBanStore
{
    private const string Select = "SELECT subject, reason, starts_at, ends_at, is_manual, failures, actor FROM bans";

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Ban>> LoadAsync(CancellationToken cancellationToken) => database.ReadAsync(Load, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask SaveAsync(Ban ban, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ban);
        await database.WriteAsync(session => Save(session, ban), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<bool> RemoveAsync(BanSubject subject, BanRemoval removal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(subject);
        ArgumentNullException.ThrowIfNull(removal);
        return database.WriteAsync(session => Remove(session, subject, removal), cancellationToken);
    }

    private static bool Remove(ISqlSession session, BanSubject subject, BanRemoval removal)
    {
        Ban? ban = session.Query($"{Select} WHERE subject = $1", Read, subject.ToString()) is [{ } found] ? found : null;
        if (ban is null || (removal.Reason == BanRemovalReason.Ended && ban.IsActive(removal.Time)))
        {
            return false;
        }

        session.Execute("DELETE FROM bans WHERE subject = $1", subject.ToString());
        if (EventAppender.IsEnabled(session))
        {
            EventAppender.Append(session, [CreateEvent(ban, removal)]);
        }

        return true;
    }

    private static bool Save(ISqlSession session, Ban ban)
    {
        session.Execute(
            """
            INSERT INTO bans (subject, reason, starts_at, ends_at, is_manual, failures, actor) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (subject) DO UPDATE SET
                reason = excluded.reason, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
                is_manual = excluded.is_manual, failures = excluded.failures, actor = excluded.actor
            """,
            ban.Subject.ToString(), ban.Reason, ban.Since.UtcTicks, ban.Until?.UtcTicks, ban.Source == BanSource.Manual, ban.Failures,
            ban.Actor);
        if (EventAppender.IsEnabled(session))
        {
            EventAppender.Append(session, [CreateEvent(ban)]);
        }

        return true;
    }

    /// <summary>Returns the event of a ban. Its detail is, for example, <c>until 2027-01-31T12:00:00Z: port scans</c>.</summary>
    private static AccountEvent CreateEvent(Ban ban)
    {
        string end = ban.Until is { } until
            ? until.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : "it is removed";
        return CreateEvent(
            EventType.Banned, ban, ban.Since, ban.Source == BanSource.Manual, ban.Actor, $"until {end}: {ban.Reason}");
    }

    /// <summary>Returns the event of a removal. Its detail is, for example, <c>ended: 10 failed logins within 60 min</c>.</summary>
    private static AccountEvent CreateEvent(Ban ban, BanRemoval removal)
    {
        string reason = removal.Reason switch
        {
            BanRemovalReason.Removed => "removed by an administrator",
            BanRemovalReason.Ended => "ended",
            _ => "the list of bans was full",
        };
        return CreateEvent(
            EventType.Unbanned, ban, removal.Time, removal.Reason == BanRemovalReason.Removed, removal.Actor, $"{reason}: {ban.Reason}");
    }

    private static AccountEvent CreateEvent(
        EventType type, Ban ban, DateTimeOffset time, bool isByAdministrator, string? actor, string detail) =>
        new(type, AccountEvent.RoundTime(time))
        {
            Account = ban.Subject.Account is { } account ? AccountEvent.EscapeText(account) : null,
            Address = new BanSubject(ban.Subject.Network).ToString(),
            Source = isByAdministrator ? AccountEvent.AdministratorSource : AccountEvent.AutomaticSource,
            Actor = actor is null ? null : AccountEvent.EscapeText(actor),
            Detail = AccountEvent.EscapeText(detail),
        };

    private static IReadOnlyList<Ban> Load(ISqlSession session)
    {
        IReadOnlyList<Ban?> bans = session.Query(Select, Read);
        return [.. bans.OfType<Ban>()];
    }

    /// <summary>Returns the ban of a row, or null if another program wrote an invalid subject.</summary>
    private static Ban? Read(ISqlRow row) => !BanSubject.TryParse(row.GetRequiredText(0), out BanSubject? subject)
        ? null
        : new Ban(
            subject,
            row.GetRequiredText(1),
            new DateTimeOffset(row.GetRequiredInteger(2), TimeSpan.Zero),
            row.GetInteger(3) is { } ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null,
            row.GetRequiredInteger(4) == 1 ? BanSource.Manual : BanSource.Automatic,
            (int)row.GetRequiredInteger(5))
        {
            Actor = row.GetText(6),
        };
}
