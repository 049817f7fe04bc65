using Fts.Accounts.Bans;
using Fts.Accounts.Sql.Sqlite;

namespace Fts.Accounts.Sql.Bans;

/// <summary>The bans in an SQL database. Thread-safe.</summary>
/// <param name="database">The database. The caller disposes it after this object.</param>
public sealed class SqlBanStore(SqliteDatabase database) : IBanStore
{
    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Ban>> LoadAsync(CancellationToken cancellationToken) => database.ReadAsync(Load, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask SaveAsync(Ban ban, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ban);
        await database.WriteAsync(
            session => session.Execute(
                """
                INSERT INTO bans (subject, reason, starts_at, ends_at, is_manual, failures) VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (subject) DO UPDATE SET
                    reason = excluded.reason, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
                    is_manual = excluded.is_manual, failures = excluded.failures
                """,
                ban.Subject.ToString(), ban.Reason, ban.Since.UtcTicks, ban.Until?.UtcTicks, ban.Source == BanSource.Manual, ban.Failures),
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> RemoveAsync(BanSubject subject, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(subject);
        int count = await database.WriteAsync(
            session => session.Execute("DELETE FROM bans WHERE subject = $1", subject.ToString()), cancellationToken).ConfigureAwait(false);
        return count > 0;
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
