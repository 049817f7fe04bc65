using System.Globalization;
using Fts.Accounts.Bans;
using Fts.Accounts.Events;
using Fts.Accounts.Sql.Records;
using Fts.Accounts.Sql.Sqlite;

namespace Fts.Accounts.Sql.Bans;

/// <summary>The bans in an SQL database. Thread-safe.</summary>
/// <remarks>If the last start of a server enabled events, each saved ban is also recorded as an event in the same transaction.</remarks>
/// <param name="database">The database. The caller disposes it after this object.</param>
public sealed class SqlBanStore(SqliteDatabase database) : IBanStore
{
    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Ban>> LoadAsync(CancellationToken cancellationToken) => database.ReadAsync(Load, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask SaveAsync(Ban ban, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ban);
        await database.WriteAsync(session => Save(session, ban), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> RemoveAsync(BanSubject subject, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(subject);
        int count = await database.WriteAsync(
            session => session.Execute("DELETE FROM bans WHERE subject = $1", subject.ToString()), cancellationToken).ConfigureAwait(false);
        return count > 0;
    }

    private static bool Save(ISqlSession session, Ban ban)
    {
        session.Execute(
            """
            INSERT INTO bans (subject, reason, starts_at, ends_at, is_manual, failures) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (subject) DO UPDATE SET
                reason = excluded.reason, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
                is_manual = excluded.is_manual, failures = excluded.failures
            """,
            ban.Subject.ToString(), ban.Reason, ban.Since.UtcTicks, ban.Until?.UtcTicks, ban.Source == BanSource.Manual, ban.Failures);
        if (EventAppender.IsEnabled(session))
        {
            EventAppender.Append(session, [CreateEvent(ban)]);
        }

        return true;
    }

    /// <summary>Returns the event of a ban. Its detail is, for example, <c>manual, until 2027-01-31T12:00:00Z: port scans</c>.</summary>
    private static AccountEvent CreateEvent(Ban ban)
    {
        string source = ban.Source == BanSource.Manual ? "manual" : "automatic";
        string end = ban.Until is { } until
            ? until.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : "it is removed";
        return new AccountEvent(EventType.Banned, AccountEvent.RoundTime(ban.Since))
        {
            Account = ban.Subject.Account is { } account ? AccountEvent.EscapeText(account) : null,
            Address = new BanSubject(ban.Subject.Network).ToString(),
            Detail = AccountEvent.EscapeText($"{source}, until {end}: {ban.Reason}"),
        };
    }

    private static IReadOnlyList<Ban> Load(ISqlSession session)
    {
        IReadOnlyList<Ban?> bans = session.Query("SELECT subject, reason, starts_at, ends_at, is_manual, failures FROM bans", Read);
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
            (int)row.GetRequiredInteger(5));
}
