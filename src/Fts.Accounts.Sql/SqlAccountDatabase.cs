using Fts.Accounts.Events;
using Fts.Accounts.Settings;
using Fts.Accounts.Sql.Accounts;
using Fts.Accounts.Sql.Records;
using Fts.Accounts.Sql.Sqlite;

namespace Fts.Accounts.Sql;

/// <summary>The accounts and groups in an SQL database. Thread-safe.</summary>
/// <remarks>
/// If the last start of a server enabled events, each change is also recorded as an event in the same transaction.
/// </remarks>
/// <param name="database">The database. The caller disposes it after this object.</param>
/// <param name="changedBy">The user who makes the changes, for their events. Default: unknown.</param>
public sealed class SqlAccountDatabase(SqliteDatabase database, string? changedBy = null) : IAccountDatabase
{
    /// <inheritdoc/>
    public ValueTask<long> GetChangeNumberAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(ReadChangeNumber, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Versioned<AccountSettings>?> FindAccountAsync(string name, CancellationToken cancellationToken) =>
        database.ReadAsync(session => AccountRows.Find(session, name), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<string?> FindPasswordHashAsync(string name, CancellationToken cancellationToken) =>
        database.ReadAsync(session => AccountRows.FindPasswordHash(session, name), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Versioned<AccountSettings>?> FindByKeyFingerprintAsync(string fingerprint, CancellationToken cancellationToken) =>
        database.ReadAsync(session => AccountRows.FindByFingerprint(session, fingerprint), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Versioned<GroupSettings>?> FindGroupAsync(string name, CancellationToken cancellationToken) =>
        database.ReadAsync(session => GroupRows.Find(session, name), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<AccountSnapshot> ReadAllAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(ReadSnapshot, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ResolvedAccount?> ResolveAsync(string name, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session =>
            {
                if (AccountRows.Find(session, name) is not { } account)
                {
                    return null;
                }

                var groups = account.Value.Groups
                    .Select(group => GroupRows.Find(session, group))
                    .OfType<Versioned<GroupSettings>>()
                    .ToDictionary(group => group.Value.Name, group => group.Value);
                return AccountResolver.Resolve(account.Value, groups);
            },
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> HasAccountsAsync(CancellationToken cancellationToken) => database.ReadAsync(HasAccounts, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> CanTakeOverAsync(string name, CancellationToken cancellationToken) =>
        database.ReadAsync(session => TakeOverNames.IsFree(session, name), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask ApplyAsync(IReadOnlyList<AccountChange> changes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(changes);
        await database.WriteAsync(
            session =>
            {
                Apply(session, changes);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads all accounts and groups on the calling thread, without starting another thread.</summary>
    /// <exception cref="AccountDatabaseException">The database cannot be used.</exception>
    public AccountSnapshot ReadAll() => database.Read(ReadSnapshot);

    /// <summary>Applies all changes, or none of them, on the calling thread, without starting another thread.</summary>
    /// <exception cref="AccountDatabaseException">
    /// A change is refused (<see cref="AccountDatabaseException.Error"/>), or the database cannot be used.
    /// </exception>
    public void Apply(IReadOnlyList<AccountChange> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        database.Write(session =>
        {
            Apply(session, changes);
            return true;
        });
    }

    private void Apply(ISqlSession session, IReadOnlyList<AccountChange> changes)
    {
        IReadOnlyList<AccountEvent> events = EventAppender.IsEnabled(session)
            ? AccountChangeEvents.Create(session, changes, changedBy, DateTimeOffset.UtcNow)
            : [];
        AccountChanges.Apply(session, changes);
        if (events.Count > 0)
        {
            EventAppender.Append(session, events);
        }
    }

    private static long ReadChangeNumber(ISqlSession session) => session.QueryInteger("SELECT number FROM account_changes");

    private static bool HasAccounts(ISqlSession session) =>
        session.QueryInteger("SELECT COUNT(*) FROM (SELECT 1 FROM accounts LIMIT 1) AS found") > 0;

    private static AccountSnapshot ReadSnapshot(ISqlSession session) =>
        new(ReadChangeNumber(session), AccountRows.ReadAll(session), GroupRows.ReadAll(session));
}
