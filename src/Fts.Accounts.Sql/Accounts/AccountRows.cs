using Fts.Accounts.Settings;

namespace Fts.Accounts.Sql.Accounts;

/// <summary>Reads and writes accounts.</summary>
internal static class AccountRows
{
    private const string Columns = "name, is_enabled, password_hash, version";

    /// <summary>Returns an account, or null if none has this name.</summary>
    public static Versioned<AccountSettings>? Find(ISqlSession session, string name) =>
        session.Query($"SELECT {Columns} FROM accounts WHERE name = $1", ReadColumns, name) is [var found]
            ? Complete(session, found)
            : null;

    /// <summary>Returns the password hash of an account, or null if it has none or does not exist.</summary>
    public static string? FindPasswordHash(ISqlSession session, string name) =>
        session.Query("SELECT password_hash FROM accounts WHERE name = $1", row => row.GetText(0), name).SingleOrDefault();

    /// <summary>Returns the account with a key fingerprint, or null if none has it.</summary>
    public static Versioned<AccountSettings>? FindByFingerprint(ISqlSession session, string fingerprint) =>
        session.Query(
            "SELECT account FROM key_fingerprints WHERE fingerprint = $1", row => row.GetRequiredText(0), fingerprint) is [var name]
            ? Find(session, name)
            : null;

    /// <summary>Returns all accounts, ordered by name.</summary>
    public static IReadOnlyList<Versioned<AccountSettings>> ReadAll(ISqlSession session) =>
        [.. session.Query($"SELECT {Columns} FROM accounts ORDER BY name", ReadColumns).Select(found => Complete(session, found))];

    /// <summary>Returns the version of an account, or null if none has this name.</summary>
    public static long? FindVersion(ISqlSession session, string name) =>
        session.Query("SELECT version FROM accounts WHERE name = $1", row => row.GetInteger(0), name).SingleOrDefault();

    /// <summary>Returns the names of the accounts that have a group.</summary>
    public static IReadOnlyList<string> FindMembers(ISqlSession session, string group) =>
        session.Query("SELECT account FROM memberships WHERE group_name = $1 ORDER BY account", row => row.GetRequiredText(0), group);

    /// <summary>Stores a new account.</summary>
    /// <exception cref="AccountDatabaseException">Another account has one of the key fingerprints.</exception>
    public static void Insert(ISqlSession session, AccountSettings account, long version)
    {
        session.Execute(
            $"INSERT INTO accounts ({Columns}) VALUES ($1, $2, $3, $4)",
            account.Name, (bool?)account.IsEnabled, account.PasswordHash, version);
        for (int at = 0; at < account.Groups.Count; at++)
        {
            session.Execute(
                "INSERT INTO memberships (account, position, group_name) VALUES ($1, $2, $3)", account.Name, at, account.Groups[at]);
        }

        foreach (string fingerprint in account.KeyFingerprints)
        {
            if (FindByFingerprint(session, fingerprint) is { } other)
            {
                throw new AccountDatabaseException(
                    AccountDatabaseError.Exists, $"account {account.Name}: the account {other.Value.Name} has the key {fingerprint}");
            }

            session.Execute("INSERT INTO key_fingerprints (fingerprint, account) VALUES ($1, $2)", fingerprint, account.Name);
        }

        AccessRows.Insert(session, AccessRows.GetAccountOwner(account.Name), account.Access);
    }

    /// <summary>Removes an account with all its settings.</summary>
    public static void Delete(ISqlSession session, string name)
    {
        session.Execute("DELETE FROM accounts WHERE name = $1", name);
        AccessRows.Delete(session, AccessRows.GetAccountOwner(name));
    }

    private static Versioned<AccountSettings> ReadColumns(ISqlRow row) => new(
        new AccountSettings(row.GetRequiredText(0)) { IsEnabled = row.GetRequiredInteger(1) != 0, PasswordHash = row.GetText(2) },
        row.GetRequiredInteger(3));

    private static Versioned<AccountSettings> Complete(ISqlSession session, Versioned<AccountSettings> found)
    {
        string name = found.Value.Name;
        return found with
        {
            Value = found.Value with
            {
                Groups = session.Query(
                    "SELECT group_name FROM memberships WHERE account = $1 ORDER BY position", row => row.GetRequiredText(0), name),
                KeyFingerprints = session.Query(
                    "SELECT fingerprint FROM key_fingerprints WHERE account = $1 ORDER BY fingerprint",
                    row => row.GetRequiredText(0), name),
                Access = AccessRows.Read(session, AccessRows.GetAccountOwner(name)),
            },
        };
    }
}
